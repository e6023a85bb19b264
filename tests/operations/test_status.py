"""What is told of the engine, of a backup's windows and troubles, and of what happened."""

from datetime import timedelta

from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.jobs import Job, JobKind, PhaseProgress
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.tails import LagSample, Tail
from mmsconsole.metadata.validations import Validation, ValidationKind
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.views import Gap, Window
from mmsconsole.optime import Optime
from tests.operations.records import NOW, SYNCED, Daemon, SteppingClock
from tests.support.clock import ManualClock


def test_an_engine_that_was_seen_lately_runs(
    operations: Operations, daemon: Daemon, shop: str, wall_clock: ManualClock
) -> None:
    assert not operations.engine().running
    daemon.metadata.engines.announce(EngineRecord("e", "host", "/home", "0.1.0", NOW, NOW))
    operations.start_backup(shop)
    engine = operations.engine()
    assert (engine.running, engine.deployments, engine.jobs_open) == (True, 1, 1)
    assert engine.storage_bytes_free
    wall_clock.advance(120)
    assert not operations.engine().running


def test_the_lag_is_known_only_while_the_source_is_read(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    def lag(source: Optime, error: str = "") -> int | None:
        deployment = daemon.metadata.deployments.named(synced).id
        daemon.metadata.tails.report(
            Tail(deployment, "h:1", NOW, stored=SYNCED, source=source, error=error)
        )
        head = operations.backup_status(synced).head
        assert head is not None
        return head.lag_seconds

    ahead = Optime(SYNCED.t + 7, 1)
    assert lag(ahead) == 7
    assert lag(ahead, "h:1: Connection refused") is None
    operations.stop_backup(synced)
    assert lag(ahead) is None


def test_lag_is_told_oldest_first_since_a_time(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    deployment = daemon.metadata.deployments.named(shop).id
    for minutes, lag in ((0, 9), (2, 2), (1, 5)):
        at = NOW + timedelta(minutes=minutes)
        daemon.metadata.lag_samples.add(LagSample(f"{deployment}{minutes}", deployment, at, lag))
    since = NOW + timedelta(seconds=30)
    assert [point.lag_seconds for point in operations.lag_history(shop, since)] == [5, 2]


def test_events_are_told_newest_first_and_not_more_than_asked(
    operations: Operations, shop: str, wall_clock: ManualClock
) -> None:
    for interval in (1, 2, 3):
        wall_clock.advance(1)
        operations.edit_deployment(shop, snapshot_interval_minutes=interval)
    events = operations.events(shop, limit=2)
    assert len(events) == 2
    assert events[0].at > events[1].at
    assert events[0].deployment == shop


LOST = "the stored oplog ends at 150:1, and the source's begins later"


def test_a_backup_that_wants_a_resync_shows_the_gap_that_has_begun(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1))
    assert operations.backup_status(synced).gaps == ()
    deployment = daemon.metadata.deployments.named(synced)
    daemon.metadata.deployments.set(deployment.id, backup=BackupState.RESYNC_REQUIRED, reason=LOST)
    assert operations.backup_status(synced).gaps == (Gap(Optime(150, 1), None, LOST),)


def test_windows_and_the_gaps_between_them_are_told_with_the_reason_of_each(
    operations: Operations, daemon: Daemon, synced: str, wall_clock: SteppingClock
) -> None:
    deployment = daemon.metadata.deployments.named(synced)
    daemon.snapshot(synced, Optime(100, 1))
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1))
    for minutes, kind, text in ((1, "resync required", LOST), (2, "snapshot failed", "no room")):
        at = NOW + timedelta(minutes=minutes)
        daemon.metadata.events.add(Event(new_id(), at, kind, text, deployment=deployment.id))
    daemon.chunks(synced, Optime(300, 1), Optime(400, 1), Optime(600, 1))
    later = NOW + timedelta(minutes=5)
    daemon.snapshot(synced, Optime(350, 1), created_at=later)
    why = "setFeatureCompatibilityVersion changed how data are kept"
    daemon.metadata.window_ends.add(WindowEnd("e", deployment.id, Optime(500, 2), why, later))
    daemon.snapshot(synced, Optime(550, 1), created_at=NOW + timedelta(minutes=9))
    status = operations.backup_status(synced)
    assert status.windows == (
        Window(Optime(100, 1), Optime(150, 1)),
        Window(Optime(350, 1), Optime(500, 1)),
        Window(Optime(550, 1), Optime(600, 1)),
    )
    assert status.gaps == (
        Gap(Optime(150, 1), Optime(350, 1), LOST),
        Gap(Optime(500, 1), Optime(550, 1), why),
    )
    assert status.window == Window(Optime(100, 1), Optime(600, 1))


def test_a_snapshot_that_is_invalid_is_in_no_window(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    daemon.snapshot(synced, Optime(100, 1), state=SnapshotState.INVALID, reason="rolled back")
    assert operations.backup_status(synced).windows == ()
    (shown,) = operations.snapshots(synced)
    assert (shown.state, shown.reason) == ("invalid", "rolled back")


def test_a_started_backup_warns_of_what_the_daemon_would_tell(
    operations: Operations, daemon: Daemon, synced: str, wall_clock: SteppingClock
) -> None:
    deployment = daemon.metadata.deployments.named(synced)
    tail = Tail(
        deployment.id, "", wall_clock.now(), stored=Optime(1000, 1), source=Optime(1000, 9),
        oplog_window_seconds=36_000, oplog_full=True, error="connection refused",
    )  # fmt: skip
    daemon.metadata.tails.report(tail)
    assert operations.backup_status(synced).warnings == ()
    wall_clock.advance(8 * 3600)
    source, oplog = operations.backup_status(synced).warnings
    assert (source.kind, source.level) == ("source", "critical")
    assert "can not be read since 2026-03-01 12:00:00Z: connection refused" in source.text
    assert (oplog.kind, oplog.level) == ("oplog window", "critical")
    assert (
        "the tail is 8 h behind, and reads nothing: a resync is needed in about 2 h" in oplog.text
    )
    operations.stop_backup(synced)
    assert operations.backup_status(synced).warnings == ()


def test_the_last_validation_of_the_head_is_told(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    assert operations.backup_status(synced).validation is None
    deployment = daemon.metadata.deployments.named(synced)
    for id_, head, good in (("a", deployment.head, False), ("b", "another", True)):
        daemon.metadata.validations.add(
            Validation(id_, deployment.id, head, ValidationKind.FILES, NOW, NOW, None, good,
                       problems=("app.things: its index is damaged",))
        )  # fmt: skip
    validation = operations.backup_status(synced).validation
    assert validation is not None
    assert (validation.good, validation.kind) == (False, "files")
    assert validation.problems == ("app.things: its index is damaged",)


def test_a_rebuild_tells_its_progress_while_it_runs(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    deployment = daemon.metadata.deployments.named(synced)
    progress = PhaseProgress("materialising", 1, 2, 1.0, 1.0, NOW, NOW)
    rebuild = Job(
        new_id(), JobKind.REBUILD, deployment.id, "head", NOW + timedelta(hours=1),
        progress=(progress,),
    )  # fmt: skip
    daemon.metadata.jobs.add(rebuild)
    assert operations.backup_status(synced).progress == (progress,)
    daemon.end(rebuild)
    assert operations.backup_status(synced).progress == ()
