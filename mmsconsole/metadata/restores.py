"""Restores: what was asked for, by whom, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime


class RestoreState(StrEnum):
    QUEUED = "queued"
    MATERIALISING = "materialising"
    APPLYING_OPLOG = "applying oplog"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (RestoreState.QUEUED, RestoreState.MATERIALISING, RestoreState.APPLYING_OPLOG)


@dataclass(frozen=True, slots=True)
class Restore:
    id: str
    deployment: str
    snapshot: str
    """The snapshot that it starts from."""
    target: str
    """The folder, absolute."""
    created_at: datetime
    created_by: str = ""
    job: str = ""
    point: Optime | None = None
    """The inclusive position asked for; None: the snapshot as it is."""
    state: RestoreState = RestoreState.QUEUED
    optime: Optime | None = None
    """Position of the restored data, once known: the last entry at or before the point."""
    bytes: int = 0
    finished_at: datetime | None = None
    reason: str = ""


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
