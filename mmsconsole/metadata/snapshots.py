"""Snapshots: a head's files at one optime, as a manifest of blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Query, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime

DOUBT_OF_CHECK = "a check of its store found: "
DOUBT_OF_VERIFICATION = "its verification found: "
"""With what a doubt begins that is taken away again by who has cast it."""
PASSING = [re.compile(f"^{re.escape(begin)}") for begin in (DOUBT_OF_CHECK, DOUBT_OF_VERIFICATION)]


class SnapshotState(StrEnum):
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INVALID = "invalid"
    """It was complete; then the source took back a part of what it holds."""
    DELETING = "deleting"
    """Nobody may begin to use it any more; the daemon removes it."""


class Verdict(StrEnum):
    """What a verification found: a restore for real, compared with what the head said."""

    NONE = ""
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Why a snapshot is being deleted, and what it was before."""

    id: str
    """Of this decision: it may be taken back, and another one be made."""
    state: SnapshotState
    why: str
    by: str = ""
    """Who asked; empty where the policy said so."""


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
    manifest_bytes: int = 0
    """0: not known."""
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
    asked_by: str = ""
    """Who asked for it; "schedule" for those that were due."""
    due_at: datetime | None = None
    """The due time that it was taken for; None for one on demand."""
    attempt: str = ""
    """Id of the cut that runs; only that cut may complete it. Empty: nobody cuts."""
    epoch: int = 0
    """The pool's epoch when that cut began."""
    previous: str = ""
    """The snapshot that the cut builds on."""
    full_read_at: datetime | None = None
    """When files of its head were last read whole, whatever their times said."""
    hold: str = ""
    """Why it is held: it does not expire, and is not deleted. Empty: it is not."""
    expires_at: datetime | None = None
    """When it goes, whatever the policy says; None: as the policy says."""
    verdict: Verdict = Verdict.NONE
    verified_at: datetime | None = None
    verdict_text: str = ""
    """What differed; empty when it is good."""
    leaving: Leaving | None = None
    """Set while its state is DELETING."""

    @property
    def replay_start(self) -> Optime | None:
        """Where a replay on top begins reading; None while it is not cut."""
        return self.replay_from or self.optime


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

    def deleting(self, deployment: str) -> Iterator[Snapshot]:
        return self.all({"deployment": deployment, "state": SnapshotState.DELETING.value})

    @metadata_errors()
    def remove_leaving(self, snapshot: Snapshot) -> bool:
        """The record, if what was decided about it then still stands; whether it is gone."""
        query: Query = {"_id": snapshot.id}
        if snapshot.leaving is not None:
            query |= {"state": SnapshotState.DELETING.value, "leaving.id": snapshot.leaving.id}
        self.collection.delete_one(query)
        return self.find(snapshot.id) is None

    def newest_due(self, deployment: str) -> Snapshot | None:
        """The scheduled one of the newest due time, whatever became of it."""
        return self.one({"deployment": deployment, "due_at": {"$ne": None}}, sort=[("due_at", -1)])

    @metadata_errors()
    def cast_doubt(self, head: str, since: datetime, doubt: str) -> int:
        """On those of the head that began at `since` or later; returns how many there are.

        Not on one that was verified good: it was restored, and every collection was whole. It
        stays. So it takes the place of one that a check or a verification may take away.
        """
        found = self.collection.update_many(
            {
                "head": head,
                "created_at": {"$gte": since},
                "doubt": {"$in": [None, "", *PASSING]},
                "verdict": {"$ne": Verdict.GOOD.value},
            },
            {"$set": {"doubt": doubt}},
        )
        return found.matched_count
