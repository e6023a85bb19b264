"""Jobs: work that the daemon takes under a lease.

queued -> leased -> done | failed | cancelled. A failed attempt goes back to queued, not before
`not_before`, until `attempts_max` are used up. A lease that is not renewed in time is free for
any engine; an engine that starts again takes its own back at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from mmsconsole.errors import LeaseLost
from mmsconsole.metadata.codec import from_document, to_value
from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors

LEASE_SECONDS = 30
LISTED_MAX = 500


class JobKind(StrEnum):
    INITIAL_SYNC = "initial sync"
    REBUILD = "rebuild"
    """Of a head, from a snapshot and the stored oplog."""
    SNAPSHOT = "snapshot"
    RESTORE = "restore"
    VALIDATION = "validation"
    """Of a head's files, by its mongod."""
    REMOVAL = "removal"
    """Of a deployment with everything kept for it."""
    VERIFICATION = "verification"
    """Of a snapshot or a moment: restored for real and compared."""
    GROOM = "groom"
    """Of a pool: dead blocks give their space back."""
    CHECK = "check"
    """Of everything in a store."""
    REPAIR = "repair"
    """Of what a check found damaged."""
    CATALOGUE = "catalogue"
    """A backup of the metadata into a store."""
    STORE_REBUILD = "store rebuild"
    """The metadata made anew from a store alone."""


MAKING_HEADS = (JobKind.INITIAL_SYNC, JobKind.REBUILD)


class JobState(StrEnum):
    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class PhaseProgress:
    """How far one phase is. Bytes, unless the phase's name says otherwise."""

    phase: str
    done: int
    total: int | None
    rate: float
    """Per second, smoothed over the last reports."""
    eta_seconds: float | None
    started_at: datetime
    updated_at: datetime
    """The age of the last progress tells a hanging job from a slow one."""
    finished: bool = False
    note: str = ""
    """Why it holds still ("paused: …"); empty while it goes on."""


@dataclass(frozen=True, slots=True)
class JobError:
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    kind: JobKind
    deployment: str
    resource: str
    """Jobs of one resource run one at a time, in order of creation ("head:ID")."""
    created_at: datetime
    created_by: str = ""
    subject: str = ""
    """Id of the snapshot, restore or head that it works for."""
    state: JobState = JobState.QUEUED
    engine: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    """Attempts that failed; being taken again after a crash of the engine is not a failure."""
    attempts_max: int = 5
    not_before: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: tuple[PhaseProgress, ...] = ()
    cancel_requested: bool = False
    error: JobError | None = None
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class Jobs(Records[Job]):
    name = "jobs"
    record = Job
    noun = "job"
    listed_by = "job list"
    indexes: ClassVar[Indexes] = [
        ([("state", 1), ("created_at", 1)], {}),
        ([("deployment", 1), ("created_at", -1)], {}),
        ([("resource", 1), ("state", 1)], {}),
        # One leased job per resource, whatever engine asks.
        ([("resource", 1)], {
            "unique": True, "name": "one_leased",
            "partialFilterExpression": {"state": JobState.LEASED.value},
        }),
    ]  # fmt: skip

    def listed(self, deployment: str | None = None, limit: int = LISTED_MAX) -> Iterator[Job]:
        """Newest first."""
        query = {} if deployment is None else {"deployment": deployment}
        return self.all(query, sort=[("created_at", -1)], limit=limit)

    def open(self, deployment: str | None = None, kind: JobKind | None = None) -> Iterator[Job]:
        """Queued or leased, oldest first."""
        query: dict[str, Any] = {"state": {"$in": [JobState.QUEUED, JobState.LEASED]}}
        if deployment is not None:
            query["deployment"] = deployment
        if kind is not None:
            query["kind"] = kind
        return self.all(query, sort=[("created_at", 1)])

    def candidates(self, now: datetime) -> Iterator[Job]:
        """Queued jobs whose time has come and jobs whose lease has run out, oldest first."""
        return self.all(
            {"$or": [
                {"state": JobState.QUEUED, "$or": [
                    {"not_before": None}, {"not_before": {"$lte": now}}]},
                {"state": JobState.LEASED, "lease_until": {"$lt": now}},
            ]},
            sort=[("created_at", 1)],
        )  # fmt: skip

    @metadata_errors()
    def lease(self, job: Job, engine: str, now: datetime) -> Job | None:
        """Take the job as it was seen; None when somebody was faster or its resource is busy."""
        if self._earlier(job):
            return None
        # As it was seen: `lease_until` is in it because a renewed lease is not to be taken.
        seen = {
            "_id": job.id, "state": job.state, "engine": job.engine,
            "lease_until": job.lease_until,
        }  # fmt: skip
        changes = {
            "state": JobState.LEASED, "engine": engine, "started_at": now,
            "lease_until": now + timedelta(seconds=LEASE_SECONDS), "error": None,
        }  # fmt: skip
        try:
            document = self.collection.find_one_and_update(
                seen, {"$set": to_value(changes)}, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            return None  # one_leased: another job of this resource runs
        return None if document is None else from_document(document, Job)

    @metadata_errors()
    def _earlier(self, job: Job) -> bool:
        """Whether an older job of the same resource is not yet ended."""
        return self.collection.find_one(
            {
                "resource": job.resource, "_id": {"$ne": job.id},
                "state": {"$in": [JobState.QUEUED, JobState.LEASED]},
                "created_at": {"$lt": job.created_at},
            }
        ) is not None  # fmt: skip

    def heartbeat(self, job: Job, now: datetime, progress: tuple[PhaseProgress, ...]) -> Job:
        """Renew the lease and write the progress down. Raises LeaseLost.

        `started_at` names the lease: an engine that lost the job and has taken it a second time
        must not let its first attempt go on.
        """
        renewed = self.set_where(
            {
                "_id": job.id, "state": JobState.LEASED, "engine": job.engine,
                "started_at": job.started_at,
            },
            lease_until=now + timedelta(seconds=LEASE_SECONDS),
            progress=progress,
        )  # fmt: skip
        if renewed is None:
            raise LeaseLost("the lease of this job was taken by another engine", where=job.id)
        return renewed

    @metadata_errors()
    def forget_ended(self, before: datetime) -> None:
        """But the newest one of each kind of each deployment, by which its next one is due."""
        newest = {
            "$group": {
                "_id": {"deployment": "$deployment", "kind": "$kind"}, "job": {"$last": "$_id"}
            }
        }  # fmt: skip
        found = self.collection.aggregate([{"$sort": {"created_at": 1}}, newest])
        self.collection.delete_many(
            {
                "_id": {"$nin": [one["job"] for one in found]}, "state": {"$in": list(ENDED)},
                "finished_at": {"$lt": before},
            }
        )  # fmt: skip

    @metadata_errors()
    def release_own(self, engine: str) -> int:
        """Back to the queue with what this engine held when it died; returns how many."""
        result = self.collection.update_many(
            {"state": JobState.LEASED, "engine": engine},
            {"$set": {"state": JobState.QUEUED.value, "lease_until": None, "not_before": None}},
        )
        return result.modified_count
