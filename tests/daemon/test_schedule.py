"""When a snapshot is due, and what is queued then."""

import logging
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mmsconsole.daemon.schedule import Ticker, queue_due_snapshots, settle_policies
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.policy.policy import SnapshotPolicy
from tests.support.clock import ManualClock
from tests.support.snapshots import deployment_record

CLOCK = ManualClock()
CLASSIC = SnapshotPolicy()


@pytest.fixture
def due(metadata: Metadata) -> Metadata:
    """A deployment in sync whose first snapshot is due; its oplog has come to half past eight."""
    metadata.heads.add(
        Head("h1", "d1", "/nowhere", "6.0.5", "6.0", CLOCK.now(), phase=SyncPhase.IN_SYNC)
    )
    metadata.deployments.add(replace(deployment_record(), backup=BackupState.STARTED, head="h1"))
    observe(metadata, "08:30")
    return metadata


def observe(metadata: Metadata, time: str, source: str = "") -> None:
    """The stored oplog has come to a time of 1 May 2024, and the source to that or another one."""
    last = metadata.chunks.last("d1")
    start = Optime(1, 1) if last is None else last.end
    end = Optime(int(moment(time).timestamp()), 1)
    metadata.chunks.add(
        OplogChunk(new_id(), "d1", start, end, 1, "key", "00", 10, 5, None, CLOCK.now())
    )
    seen = Optime(int(moment(source or time).timestamp()), 1)
    metadata.tails.report(Tail("d1", "db1:27017", CLOCK.now(), stored=end, source=seen))


def moment(time: str) -> datetime:
    return datetime.fromisoformat(f"2024-05-01T{time}:00+00:00")


def look(metadata: Metadata, end: JobState = JobState.DONE, **policy: Any) -> list[str]:
    """Queue what is due, end its jobs, and say for which times snapshots have been asked for."""
    queue_due_snapshots(metadata, replace(CLASSIC, **policy), CLOCK)
    for job in list(metadata.jobs.open()):
        metadata.jobs.set(job.id, state=end)
    return [f"{one.due_at:%H:%M}" for one in metadata.snapshots.of("d1") if one.due_at]


def jobs_of(metadata: Metadata) -> list[tuple[JobKind, str, str]]:
    return [(job.kind, job.resource, job.created_by) for job in metadata.jobs.all()]


def test_a_due_snapshot_is_queued_with_its_record_and_once(due: Metadata) -> None:
    for _ in range(2):
        queue_due_snapshots(due, CLASSIC, CLOCK)

    assert jobs_of(due) == [(JobKind.SNAPSHOT, "head:d1", "schedule")]
    snapshot = due.snapshots.newest("d1")
    assert snapshot is not None
    assert (snapshot.id, snapshot.state) == (next(due.jobs.all()).subject, SnapshotState.RUNNING)
    assert (snapshot.due_at, snapshot.asked_by) == (moment("06:00"), "schedule")


def test_the_oplogs_time_triggers_the_next_one_not_the_wall_clocks(due: Metadata) -> None:
    """The wall clock stands in January all the time."""
    assert look(due) == ["06:00"]
    observe(due, "11:59")
    assert look(due) == ["06:00"]
    observe(due, "12:00")
    assert look(due) == ["06:00", "12:00"]


def test_the_next_one_waits_for_the_one_before(due: Metadata) -> None:
    queue_due_snapshots(due, CLASSIC, CLOCK)
    observe(due, "12:01")
    queue_due_snapshots(due, CLASSIC, CLOCK)
    assert len(jobs_of(due)) == 1  # the first one has not ended

    assert look(due) == ["06:00"]
    assert look(due) == ["06:00", "12:00"]


def test_one_that_failed_is_not_tried_again_at_once(due: Metadata) -> None:
    for _ in range(3):
        assert look(due, end=JobState.FAILED) == ["06:00"]


def test_times_that_were_missed_are_made_up_once(due: Metadata) -> None:
    """Also while the tail catches up: the source stands at 22:00, and the oplog comes to it."""
    look(due, interval_minutes=60)
    for time in ("12:10", "15:20", "18:30", "21:59", "22:00"):
        observe(due, time, source="22:00")
        assert look(due, interval_minutes=60) == ["08:00", "12:00"]
    observe(due, "23:00")
    assert look(due, interval_minutes=60) == ["08:00", "12:00", "23:00"]


def test_a_change_of_policy_never_moves_the_next_one_earlier_than_planned(due: Metadata) -> None:
    assert look(due) == ["06:00"]  # and the next one is planned for noon
    observe(due, "11:00")
    assert look(due, interval_minutes=60) == ["06:00"]
    observe(due, "12:30")
    assert look(due, interval_minutes=60) == ["06:00", "12:00"]  # from now on every hour
    observe(due, "13:00")
    assert look(due, interval_minutes=60) == ["06:00", "12:00", "13:00"]


def test_a_deployments_policy_goes_before_its_groups_and_that_before_the_settings(
    due: Metadata,
) -> None:
    due.policies.change("group:default", {"interval_minutes": 120}, CLOCK.now(), "ada")
    assert look(due) == ["08:00"]
    due.policies.change("d1", {"interval_minutes": 10}, CLOCK.now(), "ada")
    observe(due, "10:10")
    assert look(due) == ["08:00", "10:10"]


def test_settings_that_change_later_do_not_change_what_a_group_has_begun_with(
    due: Metadata,
) -> None:
    settle_policies(due, CLASSIC)
    assert look(due, interval_minutes=5) == ["06:00"]
    settle_policies(due, replace(CLASSIC, base_days=1))
    deployment = due.deployments.get("d1")
    assert due.policies.of(deployment, replace(CLASSIC, base_days=1)) == CLASSIC


@pytest.mark.parametrize(("rebuilt_from", "count"), [("", 2), ("s1", 1)])
def test_a_head_by_a_new_initial_sync_gets_its_first_snapshot_at_once_a_rebuilt_one_has_it(
    due: Metadata, rebuilt_from: str, count: int
) -> None:
    look(due)
    due.heads.add(replace(due.heads.get("h1"), id="h2", rebuilt_from=rebuilt_from))
    due.deployments.set("d1", head="h2")
    for _ in range(2):
        look(due, end=JobState.FAILED)

    assert len(jobs_of(due)) == count  # and one that failed waits for its time


@pytest.mark.parametrize(
    "changes",
    [
        {"backup": BackupState.STOPPED}, {"backup": BackupState.RESYNC_REQUIRED}, {"head": ""},
        {"head": "gone"}, {"removed": True},
    ],
)  # fmt: skip
def test_nothing_is_queued_for_a_backup_that_cannot_be_snapshotted(
    due: Metadata, changes: dict[str, object]
) -> None:
    due.deployments.set("d1", **changes)

    assert look(due) == []


def test_nothing_is_queued_where_the_policy_says_so_or_no_oplog_is_stored(due: Metadata) -> None:
    assert look(due, interval_minutes=0) == []
    due.chunks.drop("d1")
    assert look(due) == []


def test_nothing_is_queued_before_the_head_is_in_sync(due: Metadata) -> None:
    due.heads.set("h1", phase=SyncPhase.APPLYING_OPLOG)

    assert look(due) == []


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
        assert second.wait(120)
    ticker.stop()

    assert "does not answer" in caplog.text


def test_a_ticker_that_was_never_started_can_be_stopped() -> None:
    Ticker(lambda: None).stop()
