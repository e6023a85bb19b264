"""A head: the standalone mongod database that equals the source at an oplog time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.optime import Optime


class SyncPhase(StrEnum):
    """The initial sync's phases, in order; IN_SYNC lasts."""

    STARTING = "starting"
    TRANSFERRING = "transferring"
    BUILDING = "building"
    APPLYING_OPLOG = "applying oplog"
    FETCHING_MISSING = "fetching missing documents"
    CREATING_INDEXES = "creating indexes"
    IN_SYNC = "in sync"


@dataclass(frozen=True, slots=True)
class Head:
    id: str
    deployment: str
    path: str
    """The dbpath, absolute."""
    mongod_version: str
    fcv: str
    created_at: datetime
    phase: SyncPhase = SyncPhase.STARTING
    sync_start: Optime | None = None
    """The oplog is replayed from after this entry: the initial sync's first position."""
    sync_end: Optime | None = None
    """Newest position that the scan may have read; before it, updates of missing documents
    and clashes are normal. None until the scan has ended."""
    optime: Optime | None = None
    """Last applied position, for people: the true one lies inside the head."""
    replay_from: Optime | None = None
    """Where reading must begin after a restart: before the oldest open transaction."""
    parked_at: Optime | None = None
    """Set while a snapshot has taken the position out of the head: it is then here."""
    applied_at: datetime | None = None
    bytes: int = 0
    active: bool = True
    """False once it was replaced or its deployment removed."""


class Heads(Records[Head]):
    name = "heads"
    record = Head
    noun = "head"
    indexes: ClassVar[Indexes] = [([("deployment", 1)], {})]

    def of(self, deployment: str) -> Iterator[Head]:
        return self.all({"deployment": deployment})
