"""Validations of heads' files on an interval, and soon after a mongod of one was killed."""

from datetime import datetime, timedelta

from mmsconsole.clock import Clock
from mmsconsole.metadata.asking import ask_for_validation
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobKind


def is_due(interval_hours: float, head: Head, last: Job | None, now: datetime) -> bool:
    """Whether the next validation's time has come. Pure.

    `last` is the newest one that was asked for, whatever became of it. A head that is new has
    just been written; a killed mongod's files are looked at once.
    """
    if interval_hours <= 0 or head.suspect or (last is not None and not last.ended):
        return False
    since = head.created_at if last is None else max(last.created_at, head.created_at)
    if head.unclean_at is not None and head.unclean_at > since:
        return True
    return now - since >= timedelta(hours=interval_hours)


def queue_due_validations(metadata: Metadata, clock: Clock, interval_hours: float) -> None:
    """A job for every deployment in sync whose head is due."""
    now = clock.now()
    for deployment in metadata.deployments.listed():
        head = _head_in_sync(metadata, deployment)
        if head is not None and is_due(interval_hours, head, _last(metadata, deployment), now):
            ask_for_validation(metadata, deployment, now, "schedule")


def _head_in_sync(metadata: Metadata, deployment: Deployment) -> Head | None:
    if deployment.backup is not BackupState.STARTED or not deployment.head:
        return None
    head = metadata.heads.find(deployment.head)
    return head if head is not None and head.phase is SyncPhase.IN_SYNC else None


def _last(metadata: Metadata, deployment: Deployment) -> Job | None:
    return metadata.jobs.one(
        {"deployment": deployment.id, "kind": JobKind.VALIDATION.value},
        sort=[("created_at", -1)],
    )
