"""Snapshots on a plain interval."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError
from mmsconsole.metadata.asking import ask_for_snapshot
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.snapshots import Snapshot

log = logging.getLogger(__name__)

TICK_SECONDS = 5


def is_due(interval_minutes: int, newest: datetime | None, now: datetime) -> bool:
    """Whether the next snapshot's time has come.

    Pure. `newest` is when the newest snapshot began, whatever became of it: a failing one is not
    tried again at once. After a downtime one snapshot is made up, not many. With a clock that
    ran backwards nothing is due until it has caught up.
    """
    if interval_minutes <= 0:
        return False
    return newest is None or now - newest >= timedelta(minutes=interval_minutes)


class Ticker:
    """Calls `tick` every few seconds until stopped; a late or long tick is never doubled."""

    def __init__(self, tick: Callable[[], None], seconds: float = TICK_SECONDS) -> None:
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._tick = tick
        self._scheduler.add_job(self._guarded, IntervalTrigger(seconds=seconds))

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


def queue_due_snapshots(metadata: Metadata, clock: Clock) -> None:
    """A job for every deployment in sync whose interval has passed and that has none waiting."""
    now = clock.now()
    for deployment in metadata.deployments.listed():
        head = _ready_head(metadata, deployment)
        if head is None:
            continue
        newest = metadata.snapshots.newest(deployment.id)
        if is_due(deployment.snapshot_interval_minutes, _begun(newest, head), now):
            ask_for_snapshot(metadata, deployment, now, "schedule")


def _begun(newest: Snapshot | None, head: Head) -> datetime | None:
    """None when a first one is to be taken: also of a head by a new initial sync.

    Behind a gap nothing can be restored before there is a snapshot. A rebuilt head has one.
    """
    if newest is None or (newest.head != head.id and not head.rebuilt_from):
        return None
    return newest.created_at


def _ready_head(metadata: Metadata, deployment: Deployment) -> Head | None:
    if deployment.backup is not BackupState.STARTED or not deployment.head:
        return None
    head = metadata.heads.find(deployment.head)
    if head is None or head.phase is not SyncPhase.IN_SYNC:
        return None
    waiting = next(metadata.jobs.open(deployment.id, JobKind.SNAPSHOT), None)
    return head if waiting is None else None
