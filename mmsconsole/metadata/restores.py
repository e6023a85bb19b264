"""Restores: what was asked for, by whom, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.optime import Optime


class RestoreState(StrEnum):
    QUEUED = "queued"
    MATERIALISING = "materialising"
    APPLYING_OPLOG = "applying oplog"
    SHAPING = "shaping"
    """What was not chosen is taken out, names are changed."""
    DELIVERING = "delivering"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


INTO_FOLDER = Target(TargetKind.FOLDER)
UNFINISHED = (
    RestoreState.QUEUED, RestoreState.MATERIALISING, RestoreState.APPLYING_OPLOG,
    RestoreState.SHAPING, RestoreState.DELIVERING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Restore:
    id: str
    deployment: str
    snapshot: str
    """The snapshot that it starts from."""
    target: str
    """Where to, in words without secrets: a path, user@host:path, a deployment's name."""
    created_at: datetime
    created_by: str = ""
    job: str = ""
    point: Optime | None = None
    """The inclusive position asked for; None: the snapshot as it is."""
    state: RestoreState = RestoreState.QUEUED
    optime: Optime | None = None
    """Position of the restored data, once known: the last entry at or before the point."""
    bytes: int = 0
    """Of the snapshot's files."""
    finished_at: datetime | None = None
    reason: str = ""
    where: Target = INTO_FOLDER
    what: Selection = WHOLE
    delivered_bytes: int = 0
    verified: str = ""
    """How the target was found to hold what it should, in words."""
    differs: bool = False
    """It was found not to."""
    staging: str = ""
    """The folder of ours that the files are made in, while it may be there; empty: none, or the
    target itself."""
    touched: bool = False
    """Something of it may be at the target that is not whole: its delivery has begun."""
    needed_bytes: int = 0
    """Room for the files, as it was estimated."""

    def __post_init__(self) -> None:
        """A restore that knows no kind of target is one into the folder that it names."""
        if self.where.kind is TargetKind.FOLDER and not self.where.path:
            object.__setattr__(self, "where", replace(self.where, path=self.target))


class Restores(Records[Restore]):
    name = "restores"
    record = Restore
    noun = "restore"
    listed_by = "restore list"
    indexes: ClassVar[Indexes] = [([("deployment", 1), ("created_at", 1)], {})]

    @metadata_errors()
    def forget_ended(self, before: datetime) -> None:
        ended = {"state": {"$nin": list(UNFINISHED)}, "finished_at": {"$lt": before}}
        self.collection.delete_many(ended)

    def listed(self, deployment: str | None = None) -> Iterator[Restore]:
        """Newest first."""
        query = {} if deployment is None else {"deployment": deployment}
        return self.all(query, sort=[("created_at", -1)])
