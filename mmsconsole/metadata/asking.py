"""Asking the daemon for a snapshot: a person does, and the schedule does."""

from datetime import datetime

from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.snapshots import Snapshot

VERIFICATION_RESOURCE = "verification"
"""One of them runs at a time."""


def head_resource(deployment: Deployment) -> str:
    """The resource of jobs that want the deployment's head: one of them runs at a time."""
    return f"head:{deployment.id}"


def ask_for_validation(
    metadata: Metadata, deployment: Deployment, now: datetime, asker: str
) -> Job:
    """Of the head's files. It runs beside snapshots, which need not wait for its end."""
    return metadata.jobs.add(
        Job(
            new_id(), JobKind.VALIDATION, deployment.id, f"validation:{deployment.id}", now,
            created_by=asker, subject=deployment.head,
        )
    )  # fmt: skip


def ask_for_verification(
    metadata: Metadata, deployment: str, subject: str, now: datetime, asker: str
) -> Job:
    """Of a snapshot, or of the moment of a witness, by its id."""
    return metadata.jobs.add(
        Job(
            new_id(), JobKind.VERIFICATION, deployment, VERIFICATION_RESOURCE, now,
            created_by=asker, subject=subject,
        )
    )  # fmt: skip


def groom_resource(pool: str) -> str:
    return f"groom:{pool}"


def ask_for_groom(metadata: Metadata, pool: str, now: datetime, asker: str) -> Job:
    """It belongs to no deployment: several may share the pool."""
    return metadata.jobs.add(
        Job(
            new_id(), JobKind.GROOM, "", groom_resource(pool), now, created_by=asker, subject=pool
        )
    )  # fmt: skip


def check_resource(store: str) -> str:
    return f"check:{store}"


def ask_for_check(metadata: Metadata, store: str, share: float, now: datetime, asker: str) -> Job:
    """Of a store; it begins to read where the last one ended."""
    last = metadata.checks.last_finished(store)
    begins_at = 0.0 if last is None else (last.begins_at + last.share) % 1.0
    check = metadata.checks.add(StoreCheck(new_id(), store, now, share, begins_at))
    return metadata.jobs.add(
        Job(
            new_id(), JobKind.CHECK, "", check_resource(store), now,
            created_by=asker, subject=check.id,
        )
    )  # fmt: skip


def ask_for_repair(metadata: Metadata, store: str, now: datetime, asker: str) -> Job:
    """Of a store. No groom of its pool runs meanwhile: there is one group, so there is one."""
    pool = metadata.pools.one({"store": store}, sort=[("_id", 1)])
    resource = groom_resource(pool.id) if pool is not None else f"repair:{store}"
    return metadata.jobs.add(
        Job(new_id(), JobKind.REPAIR, "", resource, now, created_by=asker, subject=store)
    )


def ask_for_snapshot(
    metadata: Metadata,
    deployment: Deployment,
    now: datetime,
    asker: str,
    due_at: datetime | None = None,
    *,
    hold: str = "",
    expires_at: datetime | None = None,
) -> Snapshot:
    """Its record and its job. A record without a job is marked as failed at the next start.

    `due_at`: the due time that it is for; None: it is asked for on demand.
    """
    asked = Snapshot(
        new_id(), deployment.id, deployment.head, now, asked_by=asker, due_at=due_at, hold=hold,
        expires_at=expires_at,
    )  # fmt: skip
    snapshot = metadata.snapshots.add(asked)
    metadata.jobs.add(
        Job(
            new_id(), JobKind.SNAPSHOT, deployment.id, head_resource(deployment), now,
            created_by=asker, subject=snapshot.id,
        )
    )  # fmt: skip
    return snapshot
