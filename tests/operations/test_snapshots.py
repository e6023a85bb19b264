"""Snapshots are asked for, listed, and deleted only while nothing works with them."""

import pytest

from mmsconsole.errors import Refused
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
