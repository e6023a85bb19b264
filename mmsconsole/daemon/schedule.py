"""Snapshots on time: as the policy says, by the time of the stored oplog."""

import logging
from collections.abc import Callable
from datetime import datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError
from mmsconsole.metadata.asking import ask_for_snapshot
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.facts import observed_time
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.policy.due import due_slot, latest_due, next_due
from mmsconsole.policy.policy import SnapshotPolicy

log = logging.getLogger(__name__)

TICK_SECONDS = 5


class Ticker:
    """Calls `tick` every few seconds until stopped; a late or long tick is never doubled."""

    def __init__(
        self, tick: Callable[[], None], seconds: float = TICK_SECONDS, *, at_once: bool = False
    ) -> None:
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._tick = tick
        self._scheduler.add_job(self._guarded, IntervalTrigger(seconds=seconds))
        if at_once:
            self._scheduler.add_job(self._guarded)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """A tick that is under way is not waited for: it may hang on a database that is away."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _guarded(self) -> None:
        """What can not be done this time is done by a later tick."""
        try:
            self._tick()
        except MmsError as error:
            log.warning("%s", error)


def settle_policies(metadata: Metadata, defaults: SnapshotPolicy) -> None:
    """What the settings say is what a group begins with: a later change of them deletes nothing."""
    for group in list(metadata.groups.all()):
        metadata.policies.settle(group.id, defaults)


def queue_due_snapshots(metadata: Metadata, defaults: SnapshotPolicy, clock: Clock) -> None:
    """A job for every deployment in sync of which one is due, and that has none waiting.

    `defaults`: the policy of the settings.
    """
    for deployment in metadata.deployments.listed():
        head = _ready_head(metadata, deployment)
        observed = observed_time(metadata, deployment.id)
        if head is None or observed is None:
            continue
        policy = metadata.policies.of(deployment, defaults)
        due_at = _due(metadata, deployment, head, policy, observed)
        if due_at is not None:
            ask_for_snapshot(metadata, deployment, clock.now(), "schedule", due_at)
            seen = max(observed, _source_time(metadata, deployment) or observed)
            metadata.deployments.set(deployment.id, planned_at=next_due(policy, seen))


def _due(
    metadata: Metadata,
    deployment: Deployment,
    head: Head,
    policy: SnapshotPolicy,
    observed: datetime,
) -> datetime | None:
    """The due time that a snapshot is to be taken for now.

    A head by a new initial sync gets its first one at once: behind a gap nothing can be restored
    before there is a snapshot. A rebuilt head has one.
    """
    newest = metadata.snapshots.newest(deployment.id)
    if newest is None or (newest.head != head.id and not head.rebuilt_from):
        return latest_due(policy, observed)
    last = metadata.snapshots.newest_due(deployment.id)
    taken = None if last is None else last.due_at
    return due_slot(policy, observed, taken=taken, planned=deployment.planned_at)


def _source_time(metadata: Metadata, deployment: Deployment) -> datetime | None:
    """While a backup catches up after a downtime, the due times on its way are not planned."""
    tail = metadata.tails.find(deployment.id)
    return None if tail is None or tail.source is None else tail.source.time


def _ready_head(metadata: Metadata, deployment: Deployment) -> Head | None:
    if deployment.backup is not BackupState.STARTED or not deployment.head:
        return None
    head = metadata.heads.find(deployment.head)
    if head is None or head.phase is not SyncPhase.IN_SYNC:
        return None
    waiting = next(metadata.jobs.open(deployment.id, JobKind.SNAPSHOT), None)
    return head if waiting is None else None
