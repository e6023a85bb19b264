"""A validation is asked for; a snapshot in doubt is restored only when nothing better is there."""

from pathlib import Path

import pytest

from mmsconsole.errors import Refused
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.operations.records import Daemon

DOUBT = "its files are damaged: app.c: read checksum error"


def test_a_validation_is_a_job_beside_the_heads_other_work(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    asked = operations.validate_head(synced)
    (job,) = daemon.open_jobs()
    deployment = daemon.metadata.deployments.named(synced)
    assert (job.id, job.kind) == (asked.id, JobKind.VALIDATION)
    assert job.resource == f"validation:{deployment.id}"


def test_a_second_time_changes_nothing(operations: Operations, daemon: Daemon, synced: str) -> None:
    assert operations.validate_head(synced).id == operations.validate_head(synced).id
    assert len(daemon.open_jobs()) == 1


@pytest.mark.parametrize("phase", [SyncPhase.BUILDING, SyncPhase.REBUILDING])
def test_without_a_head_in_sync_it_is_refused(
    operations: Operations, daemon: Daemon, shop: str, phase: SyncPhase
) -> None:
    operations.start_backup(shop)
    daemon.head(shop, phase)
    with pytest.raises(Refused):
        operations.validate_head(shop)


def test_of_a_stopped_backup_nothing_is_validated(operations: Operations, synced: str) -> None:
    operations.stop_backup(synced)
    with pytest.raises(Refused, match="stopped"):
        operations.validate_head(synced)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "restored"


def test_a_point_is_restored_from_a_snapshot_without_doubt_if_there_is_one(
    operations: Operations, daemon: Daemon, synced: str, target: Path
) -> None:
    good = daemon.snapshot(synced, Optime(100, 1))
    daemon.snapshot(synced, Optime(200, 1), doubt=DOUBT)
    daemon.chunks(synced, Optime(90, 1), Optime(300, 1))
    for at in ("250:1", "latest"):
        plan = operations.plan_restore(synced, at=at, target=target)
        assert plan.snapshot == good.id
        assert "doubt" not in plan.in_words


def test_a_snapshot_in_doubt_may_be_restored_and_that_is_said(
    operations: Operations, daemon: Daemon, synced: str, target: Path
) -> None:
    doubted = daemon.snapshot(synced, Optime(200, 1), doubt=DOUBT)
    by_id = operations.plan_restore(synced, snapshot=doubted.id, target=target)
    by_point = operations.plan_restore(synced, at="200:1", target=target)
    for plan in (by_id, by_point):
        assert plan.snapshot == doubted.id
        assert plan.in_words.endswith(f"is in doubt, and may hold wrong data: {DOUBT}")
    assert operations.snapshot(doubted.id).doubt == DOUBT
