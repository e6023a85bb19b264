"""A head: the standalone mongod database that equals the source at an oplog time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.optime import Optime


class SyncPhase(StrEnum):
    """The initial sync's phases, in order; IN_SYNC lasts, until what stands behind it."""

    STARTING = "starting"
    TRANSFERRING = "transferring"
    BUILDING = "building"
    APPLYING_OPLOG = "applying oplog"
    FETCHING_MISSING = "fetching missing documents"
    COMPARING = "comparing with the source"
    CREATING_INDEXES = "creating indexes"
    IN_SYNC = "in sync"
    REBUILDING = "rebuilding"
    """It is of no use any more; a rebuild makes another one from a snapshot and stored oplog."""
    ENDED = "window ended"
    """It can not follow its source any further; a new initial sync makes another one."""


SYNC_PHASES = tuple(SyncPhase)[: tuple(SyncPhase).index(SyncPhase.IN_SYNC)]
"""Those of an initial sync, in order."""


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
    unclean_at: datetime | None = None
    """When its mongod last started on files that had not been closed."""
    suspect: str = ""
    """Why it must not be trusted; its snapshots are in doubt from the beginning."""
    active: bool = True
    """False once it was replaced or its deployment removed, and until a rebuilt one is whole."""
    reason: str = ""
    """Why it is being rebuilt, or why the one before it was."""
    rebuilt_from: str = ""
    """Id of the snapshot that a rebuilt head was made of."""
    unfit: tuple[str, ...] = ()
    """Ids of snapshots that heads before it were rebuilt from, and were found wrong."""
    rebuild_past: Optime | None = None
    """How far the head before it had come, at least, when it could not apply an entry: if this
    one can not get past here either, a rebuild does not help."""


class Heads(Records[Head]):
    name = "heads"
    record = Head
    noun = "head"
    indexes: ClassVar[Indexes] = [([("deployment", 1)], {})]

    def of(self, deployment: str) -> Iterator[Head]:
        return self.all({"deployment": deployment})
