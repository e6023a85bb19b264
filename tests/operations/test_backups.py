"""A backup starts once, stops without loss, and goes on."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mmsconsole.errors import NoRoom, OplogWindowTooShort, Refused
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.tails import Tail
from mmsconsole.operations import backups
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.sources import Size
from mmsconsole.operations.views import Window
from mmsconsole.optime import Optime
from tests.operations.records import NOW, Daemon, FakeSources


def test_a_first_start_queues_one_initial_sync(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    status = operations.start_backup(shop)
    (job,) = daemon.open_jobs()
    deployment = daemon.metadata.deployments.named(shop)
    assert (status.state, status.phase) == ("started", "starting")
    assert (job.kind, job.resource, job.subject) == (
        "initial sync",
        f"head:{deployment.id}",
        "",
    )


def test_a_second_start_is_no_error_and_no_second_sync(
    operations: Operations, daemon: Daemon, shop: str, sources: FakeSources
) -> None:
    operations.start_backup(shop)
    assert operations.start_backup(shop).state == "started"
    assert len(daemon.open_jobs()) == 1
    assert sources.preflights == 1


def test_a_start_that_the_preflight_refuses_changes_nothing(
    operations: Operations, daemon: Daemon, shop: str, sources: FakeSources
) -> None:
    sources.error = OplogWindowTooShort("the oplog reaches back 1 h")
    with pytest.raises(OplogWindowTooShort):
        operations.start_backup(shop)
    assert daemon.open_jobs() == []
    assert operations.backup_status(shop).state == "inactive"


def test_a_source_that_does_not_fit_the_disk_is_refused(
    operations: Operations, daemon: Daemon, shop: str, sources: FakeSources
) -> None:
    sources.size = Size(data_bytes=10**18, files_bytes=10**18)
    with pytest.raises(NoRoom):
        operations.start_backup(shop)
    assert daemon.open_jobs() == []


def test_stop_keeps_everything_and_start_goes_on_without_a_sync(
    operations: Operations, daemon: Daemon, synced: str, sources: FakeSources
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    stopped = operations.stop_backup(synced)
    assert (stopped.state, stopped.phase) == ("stopped", "in sync")
    assert stopped.last_snapshot is not None
    started = operations.start_backup(synced)
    assert (started.state, started.phase) == ("started", "in sync")
    assert daemon.open_jobs() == []
    assert sources.preflights == 1


def test_stop_during_the_initial_sync_cancels_it_and_start_resumes_its_head(
    operations: Operations, daemon: Daemon, shop: str, sources: FakeSources
) -> None:
    operations.start_backup(shop)
    head = daemon.head(shop, SyncPhase.TRANSFERRING)
    (sync,) = daemon.open_jobs()
    daemon.metadata.jobs.set(sync.id, state=JobState.LEASED, engine="e")
    operations.stop_backup(shop)
    assert operations.job(sync.id).cancel_requested
    operations.start_backup(shop)
    newest = operations.jobs(shop)[0]
    assert newest.id != sync.id
    assert newest.subject == head.id
    assert sources.preflights == 1


def test_a_start_after_a_sync_that_failed_for_good_tries_again(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    operations.start_backup(shop)
    (sync,) = daemon.open_jobs()
    daemon.end(sync, JobState.FAILED)
    operations.start_backup(shop)
    assert [job.kind for job in daemon.open_jobs()] == ["initial sync"]


def test_a_resync_gets_a_new_head_and_keeps_the_snapshots(
    operations: Operations, daemon: Daemon, synced: str, sources: FakeSources
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    deployment = daemon.metadata.deployments.named(synced)
    daemon.metadata.deployments.set(
        deployment.id, backup=BackupState.RESYNC_REQUIRED, reason="the oplog rolled over"
    )
    status = operations.start_backup(synced)
    (job,) = daemon.open_jobs()
    assert (job.subject, daemon.metadata.deployments.named(synced).head) == ("", "")
    assert (status.state, status.reason, status.head) == ("started", "", None)
    assert status.window is not None
    assert sources.preflights == 2


def test_two_starts_at_once_make_one_sync(
    operations: Operations, daemon: Daemon, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes while the first is at its preflight."""
    check = backups._check

    def check_and_be_overtaken(*arguments: object) -> None:
        monkeypatch.setattr(backups, "_check", check)
        operations.start_backup(shop)

    monkeypatch.setattr(backups, "_check", check_and_be_overtaken)
    assert operations.start_backup(shop).state == "started"
    assert len(daemon.open_jobs()) == 1


@pytest.mark.parametrize("state", [BackupState.INACTIVE, BackupState.RESYNC_REQUIRED])
def test_stop_of_what_does_not_run_is_no_error(
    operations: Operations, daemon: Daemon, shop: str, state: BackupState
) -> None:
    daemon.metadata.deployments.set(daemon.metadata.deployments.named(shop).id, backup=state)
    assert operations.stop_backup(shop).state == state.value


def test_lag_is_what_the_head_lacks_of_the_newest_known_position(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    operations.start_backup(shop)
    head = daemon.head(shop, optime=Optime(1000, 3))
    assert _head(operations, shop).lag_seconds is None
    daemon.metadata.tails.report(
        Tail(head.deployment, "a:1", NOW, stored=Optime(1005, 1), source=Optime(1007, 1))
    )
    assert _head(operations, shop).lag_seconds == 7
    daemon.metadata.heads.set(head.id, optime=Optime(1010, 1))
    assert _head(operations, shop).lag_seconds == 0


def _head(operations: Operations, name: str) -> SimpleNamespace:
    head = operations.backup_status(name).head
    assert head is not None
    return SimpleNamespace(lag_seconds=head.lag_seconds)


def test_the_window_reaches_from_the_oldest_snapshot_to_the_stored_oplog(
    operations: Operations, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    assert operations.backup_status(synced).window is None
    daemon.snapshot(synced, Optime(100, 1))
    daemon.snapshot(synced, Optime(200, 1))
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1), Optime(250, 9))
    status = operations.backup_status(synced)
    assert status.window is not None
    assert (status.window.start, status.window.end) == (Optime(100, 1), Optime(250, 9))
    assert status.last_snapshot is not None
    assert status.last_snapshot.optime == Optime(200, 1)


def test_after_a_resync_the_window_ends_at_the_gap_until_a_snapshot_is_taken(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1))
    daemon.chunks(synced, Optime(300, 1), Optime(400, 1))
    daemon.head(synced)
    status = operations.backup_status(synced)
    assert status.window == Window(Optime(100, 1), Optime(150, 1))
    (gap,) = status.gaps
    assert (gap.start, gap.end) == (Optime(150, 1), None)


# -- rebuilds


def test_a_rebuild_marks_the_head_and_tells_who_asked(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    snapshot = daemon.snapshot(synced, Optime(100, 1))
    status = operations.rebuild_head(synced)

    assert status.phase == "rebuilding"
    newest = operations.events(synced)[0]
    assert (newest.kind, newest.actor) == ("rebuild asked for", "ada")
    assert snapshot.id in newest.text
    assert operations.rebuild_head(synced).phase == "rebuilding"
    assert [event.kind for event in operations.events(synced)].count("rebuild asked for") == 1


def test_a_rebuild_needs_a_snapshot_from_which_the_oplog_goes_on(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    with pytest.raises(Refused, match="no good snapshot") as refused:
        operations.rebuild_head(synced)
    assert "snapshot take" in refused.value.hint
    daemon.snapshot(synced, Optime(100, 1))
    daemon.chunks(synced, Optime(200, 1), Optime(300, 1))
    with pytest.raises(Refused, match="no good snapshot"):
        operations.rebuild_head(synced)
    assert operations.backup_status(synced).phase == "in sync"


def test_only_a_head_in_sync_of_a_started_backup_is_rebuilt(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    with pytest.raises(Refused, match="inactive") as refused:
        operations.rebuild_head(shop)
    assert "backup start" in refused.value.hint
    operations.start_backup(shop)
    daemon.head(shop, SyncPhase.TRANSFERRING)
    with pytest.raises(Refused, match="no head in sync"):
        operations.rebuild_head(shop)


def test_a_stopped_rebuild_goes_on_after_a_start_without_a_sync(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    operations.rebuild_head(synced)
    deployment = daemon.metadata.deployments.named(synced)
    job = daemon.metadata.jobs.add(
        Job("j1", JobKind.REBUILD, deployment.id, f"head:{deployment.id}", NOW)
    )
    assert operations.stop_backup(synced).state == "stopped"
    assert operations.job(job.id).state == "cancelled"

    status = operations.start_backup(synced)

    assert (status.state, status.phase) == ("started", "rebuilding")
    assert daemon.open_jobs() == []


def test_whoever_cancels_a_rebuild_stops_the_backup(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    """Else it would only be asked for again."""
    daemon.snapshot(synced, Optime(100, 1))
    operations.rebuild_head(synced)
    deployment = daemon.metadata.deployments.named(synced)
    daemon.metadata.jobs.add(
        Job("j1", JobKind.REBUILD, deployment.id, f"head:{deployment.id}", NOW)
    )
    operations.cancel_job("j1")

    assert operations.backup_status(synced).state == "stopped"


def test_a_snapshot_waits_for_the_rebuild(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    operations.rebuild_head(synced)

    assert operations.take_snapshot(synced).state == "running"


def test_a_start_behind_the_end_of_a_window_makes_a_new_head(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    deployment = daemon.metadata.deployments.named(synced)
    daemon.metadata.heads.set(deployment.head, phase=SyncPhase.ENDED)
    operations.stop_backup(synced)

    operations.start_backup(synced)

    (job,) = daemon.open_jobs()
    assert (job.kind, job.subject) == ("initial sync", "")
