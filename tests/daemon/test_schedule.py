"""When a snapshot is due, and what is queued then."""

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.daemon.schedule import Ticker, is_due, queue_due_snapshots
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.metadata.snapshots import SnapshotState
from tests.support.clock import ManualClock
from tests.support.snapshots import deployment_record

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


@pytest.mark.parametrize(
    ("minutes", "newest", "due"),
    [
        (0, None, False),  # none by themselves
        (0, ago(days=9), False),
        (60, None, True),  # the first one
        (60, ago(minutes=59, seconds=59), False),
        (60, ago(minutes=60), True),
        (60, ago(days=30), True),  # after a downtime: one, not many
        (60, ago(hours=-5), False),  # the clock ran backwards
    ],
)
def test_a_snapshot_is_due_when_its_interval_has_passed(
    minutes: int, newest: datetime | None, due: bool
) -> None:
    assert is_due(minutes, newest, NOW) is due


@pytest.fixture
def due(metadata: Metadata, manual_clock: ManualClock) -> Metadata:
    """A deployment in sync whose first snapshot is due."""
    metadata.heads.add(
        Head("h1", "d1", "/nowhere", "6.0.5", "6.0", manual_clock.now(), phase=SyncPhase.IN_SYNC)
    )
    record = replace(deployment_record(), backup=BackupState.STARTED, head="h1")
    metadata.deployments.add(replace(record, snapshot_interval_minutes=60))
    return metadata


def jobs_of(metadata: Metadata) -> list[tuple[JobKind, str, str]]:
    return [(job.kind, job.resource, job.created_by) for job in metadata.jobs.all()]


def test_a_due_snapshot_is_queued_with_its_record_and_once(
    due: Metadata, manual_clock: ManualClock
) -> None:
    queue_due_snapshots(due, manual_clock)
    queue_due_snapshots(due, manual_clock)

    assert jobs_of(due) == [(JobKind.SNAPSHOT, "head:d1", "schedule")]
    snapshot = due.snapshots.newest("d1")
    assert snapshot is not None
    assert (snapshot.id, snapshot.state) == (next(due.jobs.all()).subject, SnapshotState.RUNNING)


def test_the_next_one_waits_for_its_interval_and_for_the_one_before(
    due: Metadata, manual_clock: ManualClock
) -> None:
    queue_due_snapshots(due, manual_clock)
    manual_clock.advance(3600)
    queue_due_snapshots(due, manual_clock)
    assert len(jobs_of(due)) == 1  # the first one has not ended

    due.jobs.set(next(due.jobs.all()).id, state=JobState.FAILED)
    queue_due_snapshots(due, manual_clock)

    assert len(jobs_of(due)) == 2


@pytest.mark.parametrize(("rebuilt_from", "count"), [("", 2), ("s1", 1)])
def test_a_head_by_a_new_initial_sync_gets_its_first_snapshot_at_once_a_rebuilt_one_has_it(
    due: Metadata, manual_clock: ManualClock, rebuilt_from: str, count: int
) -> None:
    queue_due_snapshots(due, manual_clock)
    due.jobs.set(next(due.jobs.all()).id, state=JobState.DONE)
    due.heads.add(replace(due.heads.get("h1"), id="h2", rebuilt_from=rebuilt_from))
    due.deployments.set("d1", head="h2")

    queue_due_snapshots(due, manual_clock)
    for job in due.jobs.all():
        due.jobs.set(job.id, state=JobState.FAILED)
    queue_due_snapshots(due, manual_clock)

    assert len(jobs_of(due)) == count  # and one that failed waits for its interval


@pytest.mark.parametrize(
    "changes",
    [
        {"backup": BackupState.STOPPED}, {"backup": BackupState.RESYNC_REQUIRED}, {"head": ""},
        {"head": "gone"}, {"removed": True}, {"snapshot_interval_minutes": 0},
    ],
)  # fmt: skip
def test_nothing_is_queued_for_a_backup_that_cannot_be_snapshotted(
    due: Metadata, manual_clock: ManualClock, changes: dict[str, object]
) -> None:
    due.deployments.set("d1", **changes)

    queue_due_snapshots(due, manual_clock)

    assert jobs_of(due) == []


def test_nothing_is_queued_before_the_head_is_in_sync(
    due: Metadata, manual_clock: ManualClock
) -> None:
    due.heads.set("h1", phase=SyncPhase.APPLYING_OPLOG)

    queue_due_snapshots(due, manual_clock)

    assert jobs_of(due) == []


def test_a_tick_that_fails_is_told_of_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    second = threading.Event()
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) > 1:
            second.set()
        raise MetadataError("the metadata database does not answer")

    ticker = Ticker(tick, seconds=0.01)
    with caplog.at_level(logging.WARNING):
        ticker.start()
        assert second.wait(20)
    ticker.stop()

    assert "does not answer" in caplog.text


def test_a_ticker_that_was_never_started_can_be_stopped() -> None:
    Ticker(lambda: None).stop()
