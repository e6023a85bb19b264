"""Snapshots: a head's files at one optime, as a manifest of blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime


class SnapshotState(StrEnum):
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INVALID = "invalid"
    """It was complete; then the source took back a part of what it holds."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    id: str
    deployment: str
    head: str
    created_at: datetime
    state: SnapshotState = SnapshotState.RUNNING
    optime: Optime | None = None
    """The data equal the source up to and including this entry."""
    replay_from: Optime | None = None
    """Where a replay on top must begin reading: before the oldest transaction open then."""
    mongod_version: str = ""
    fcv: str = ""
    manifest_key: str = ""
    manifest_sha256: str = ""
    files: int = 0
    bytes: int = 0
    """Size of the files."""
    new_bytes: int = 0
    """Stored for this snapshot: compressed new blocks and the manifest."""
    finished_at: datetime | None = None
    reason: str = ""
    """Why it failed, or is invalid."""
    doubt: str = ""
    """Why its data may be wrong, although it is complete: its head was found damaged later."""


class Snapshots(Records[Snapshot]):
    name = "snapshots"
    record = Snapshot
    noun = "snapshot"
    listed_by = "snapshot list NAME"
    indexes: ClassVar[Indexes] = [([("deployment", 1), ("created_at", 1)], {})]

    def of(self, deployment: str) -> Iterator[Snapshot]:
        """Oldest first."""
        return self.all({"deployment": deployment}, sort=[("created_at", 1)])

    def complete(self, deployment: str) -> Iterator[Snapshot]:
        """Those that can be restored, by optime, oldest first."""
        return self.all(
            {"deployment": deployment, "state": SnapshotState.COMPLETE.value},
            sort=[("optime.t", 1), ("optime.i", 1)],
        )

    def newest_complete(self, deployment: str) -> Snapshot | None:
        return self.one(
            {"deployment": deployment, "state": SnapshotState.COMPLETE.value},
            sort=[("optime.t", -1), ("optime.i", -1)],
        )

    def newest(self, deployment: str) -> Snapshot | None:
        """The one that began last, whatever became of it."""
        return self.one({"deployment": deployment}, sort=[("created_at", -1)])

    @metadata_errors()
    def cast_doubt(self, head: str, since: datetime, doubt: str) -> int:
        """On those of the head that began at `since` or later; returns how many there are."""
        found = self.collection.update_many(
            {"head": head, "created_at": {"$gte": since}, "doubt": {"$in": [None, ""]}},
            {"$set": {"doubt": doubt}},
        )
        return found.matched_count
