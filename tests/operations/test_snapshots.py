"""Snapshots are asked for, listed, and deleted only while nothing works with them."""

from pathlib import Path

import pytest

from mmsconsole.errors import Busy, NotFound, Refused
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.jobs import JobState
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.operations.records import Daemon


def test_a_snapshot_is_a_record_and_a_job_on_its_head(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    snapshot = operations.take_snapshot(synced)
    (job,) = daemon.open_jobs()
    deployment = daemon.metadata.deployments.named(synced)
    assert (snapshot.state, snapshot.optime) == ("running", None)
    assert (job.kind, job.subject, job.resource) == (
        "snapshot",
        snapshot.id,
        f"head:{deployment.id}",
    )


def test_a_snapshot_queues_behind_one_that_runs(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    first, second = operations.take_snapshot(synced), operations.take_snapshot(synced)
    assert [job.subject for job in daemon.open_jobs()] == [first.id, second.id]


def test_a_snapshot_queues_behind_the_initial_sync(operations: Operations, shop: str) -> None:
    operations.start_backup(shop)
    assert operations.take_snapshot(shop).state == "running"


def test_without_a_started_backup_there_is_no_snapshot(operations: Operations, shop: str) -> None:
    with pytest.raises(Refused, match="inactive") as refused:
        operations.take_snapshot(shop)
    assert "backup start shop" in refused.value.hint
    assert operations.snapshots(shop) == []


def test_without_a_head_and_without_a_sync_there_is_no_snapshot(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    operations.start_backup(shop)
    daemon.head(shop, SyncPhase.BUILDING)
    (sync,) = daemon.open_jobs()
    daemon.end(sync, JobState.FAILED)
    with pytest.raises(Refused, match="no head in sync"):
        operations.take_snapshot(shop)


def test_snapshots_are_listed_oldest_first_with_the_deployments_name(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    first = daemon.snapshot(synced, Optime(100, 1))
    second = daemon.snapshot(synced, Optime(200, 1))
    listed = operations.snapshots(synced)
    assert {view.id for view in listed} == {first.id, second.id}
    assert operations.snapshot(first.id).deployment == synced


def test_a_deleted_snapshot_is_gone_and_told_of(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    snapshot = daemon.snapshot(synced, Optime(100, 1))
    assert operations.delete_snapshot(snapshot.id).id == snapshot.id
    with pytest.raises(NotFound):
        operations.snapshot(snapshot.id)
    assert operations.events(synced)[0].kind == "snapshot deleted"


def test_a_snapshot_that_is_being_taken_is_not_deleted(operations: Operations, synced: str) -> None:
    snapshot = operations.take_snapshot(synced)
    with pytest.raises(Busy):
        operations.delete_snapshot(snapshot.id)


def test_a_snapshot_on_which_the_next_one_builds_is_not_deleted(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    old = daemon.snapshot(synced, Optime(100, 1))
    operations.take_snapshot(synced)
    with pytest.raises(Busy, match="another snapshot"):
        operations.delete_snapshot(old.id)


def test_a_snapshot_that_a_restore_reads_is_not_deleted(
    operations: Operations, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    used, unused = daemon.snapshot(synced, Optime(100, 1)), daemon.snapshot(synced, Optime(200, 1))
    restore = operations.start_restore(synced, snapshot=used.id, target=tmp_path / "restored")
    with pytest.raises(Busy, match=restore.id):
        operations.delete_snapshot(used.id)
    operations.delete_snapshot(unused.id)
    assert [view.id for view in operations.snapshots(synced)] == [used.id]
