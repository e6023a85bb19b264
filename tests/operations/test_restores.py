"""A restore is refused before anything is written, or asked for exactly."""

from pathlib import Path

import pytest

from mmsconsole.errors import (
    Busy,
    NoRoom,
    NotFound,
    OutsideWindow,
    Refused,
    TargetNotEmpty,
    UsageError,
)
from mmsconsole.metadata.jobs import JobState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.sources import Identity
from mmsconsole.optime import Optime
from mmsconsole.settings import Settings
from tests.operations.records import NOW, URI, Daemon, FakeSources


@pytest.fixture
def old_snapshot(daemon: Daemon, synced: str) -> str:
    return daemon.snapshot(synced, Optime(100, 1), replay_from=Optime(95, 1)).id


@pytest.fixture
def new_snapshot(daemon: Daemon, synced: str, old_snapshot: str) -> str:
    """With stored oplog up to 300:5."""
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1), Optime(250, 1), Optime(300, 5))
    return daemon.snapshot(synced, Optime(200, 1)).id


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "restored"


def test_a_snapshot_is_restored_as_it_is(
    operations: Operations, daemon: Daemon, synced: str, old_snapshot: str, target: Path
) -> None:
    restore = operations.start_restore(synced, snapshot=old_snapshot, target=target)
    (job,) = daemon.open_jobs()
    assert (restore.state, restore.snapshot, restore.point) == ("queued", old_snapshot, None)
    assert (restore.path, restore.created_by) == (str(target), "ada")
    assert (job.kind, job.subject, job.resource) == (
        "restore",
        restore.id,
        f"restore:{restore.id}",
    )
    assert not target.exists()


@pytest.mark.parametrize(
    ("at", "point"),
    [
        ("150:7", Optime(150, 7)),
        ("1970-01-01T00:02:30Z", Optime.end_of_second(150)),
        ("100:1", None),
    ],
)
def test_a_point_takes_the_newest_snapshot_before_it(
    operations: Operations, synced: str, old_snapshot: str, new_snapshot: str, target: Path,
    at: str, point: Optime | None,
) -> None:  # fmt: skip
    restore = operations.start_restore(synced, at=at, target=target)
    assert (restore.snapshot, restore.point) == (old_snapshot, point)


def test_latest_is_the_end_of_the_stored_oplog(
    operations: Operations, synced: str, new_snapshot: str, target: Path
) -> None:
    restore = operations.start_restore(synced, at="latest", target=target)
    assert (restore.snapshot, restore.point) == (new_snapshot, Optime(300, 5))


def test_a_plan_says_in_words_what_the_data_will_be_and_writes_nothing(
    operations: Operations, daemon: Daemon, synced: str, old_snapshot: str, new_snapshot: str,
    target: Path,
) -> None:  # fmt: skip
    plan = operations.plan_restore(synced, at="1970-01-01T00:02:30Z", target=target)
    assert "up to and including 1970-01-01T00:02:30Z (150, whole second)" in plan.in_words
    assert old_snapshot in plan.in_words
    assert plan.window.end == Optime(300, 5)
    assert (plan.bytes, plan.target) == (1_000, str(target))
    assert plan.oplog_bytes > 0
    assert daemon.open_jobs() == []
    exact = operations.plan_restore(synced, at="150:7", target=target)
    assert "up to and including 1970-01-01T00:02:30Z (150:7)" in exact.in_words
    whole = operations.plan_restore(synced, snapshot=new_snapshot, target=target)
    assert f"the data of snapshot {new_snapshot}" in whole.in_words
    assert whole.oplog_bytes == 0


@pytest.mark.parametrize("at", ["99:1", "300:6", "1970-01-01T00:05:01Z"])
def test_a_point_outside_the_window_is_refused(
    operations: Operations, daemon: Daemon, synced: str, new_snapshot: str, target: Path, at: str
) -> None:
    with pytest.raises(OutsideWindow, match="window"):
        operations.start_restore(synced, at=at, target=target)
    assert daemon.open_jobs() == []


def test_a_point_in_a_gap_is_refused_with_the_nearest_points(
    operations: Operations, daemon: Daemon, synced: str, new_snapshot: str, target: Path
) -> None:
    daemon.chunks(synced, Optime(400, 1), Optime(500, 1))
    daemon.snapshot(synced, Optime(450, 1))
    with pytest.raises(OutsideWindow, match="gap") as refused:
        operations.start_restore(synced, at="350:1", target=target)
    assert "300:5" in refused.value.hint
    assert "450:1" in refused.value.hint
    assert "no oplog is stored of that time" in refused.value.hint


def test_a_point_behind_an_entry_that_no_head_can_follow_is_refused_with_the_reason(
    operations: Operations, daemon: Daemon, synced: str, new_snapshot: str, target: Path
) -> None:
    deployment = daemon.metadata.deployments.named(synced).id
    why = "reshardCollection moved what lies where"
    daemon.metadata.window_ends.add(WindowEnd("e", deployment, Optime(280, 4), why, NOW))
    latest = operations.plan_restore(synced, at="latest", target=target)
    assert (latest.snapshot, latest.point) == (new_snapshot, Optime(280, 3))
    for point in ("280:4", "300:1", "1970-01-01T00:04:40Z"):
        with pytest.raises(OutsideWindow, match="gap") as refused:
            operations.start_restore(synced, at=point, target=target)
        assert "280:3" in refused.value.hint
        assert why in refused.value.hint


@pytest.mark.parametrize("wish", [{}, {"snapshot": "x", "at": "latest"}])
def test_either_a_snapshot_or_a_point_is_named(
    operations: Operations, synced: str, target: Path, wish: dict[str, str]
) -> None:
    with pytest.raises(UsageError, match="either a snapshot or a point"):
        operations.start_restore(synced, target=target, **wish)


def test_a_folder_with_something_in_it_is_refused_at_once(
    operations: Operations, daemon: Daemon, synced: str, old_snapshot: str, target: Path
) -> None:
    target.mkdir()
    (target / "precious").touch()
    with pytest.raises(TargetNotEmpty):
        operations.start_restore(synced, snapshot=old_snapshot, target=target)
    assert daemon.open_jobs() == []


def test_an_empty_folder_is_welcome(
    operations: Operations, synced: str, old_snapshot: str, target: Path
) -> None:
    target.mkdir()
    assert operations.start_restore(synced, snapshot=old_snapshot, target=target).path == str(
        target
    )


def test_a_relative_folder_is_answered_as_an_absolute_path(
    operations: Operations, synced: str, old_snapshot: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    restore = operations.start_restore(synced, snapshot=old_snapshot, target=Path("here"))
    assert restore.path == str(tmp_path / "here")


def test_a_folder_of_the_engine_is_refused(
    operations: Operations, synced: str, old_snapshot: str, settings: Settings
) -> None:
    with pytest.raises(Refused, match="the engine's"):
        operations.start_restore(
            synced, snapshot=old_snapshot, target=settings.home.storage / "new"
        )


@pytest.mark.parametrize("inside", [".", "deeper"])
def test_two_restores_do_not_share_a_folder(
    operations: Operations, synced: str, old_snapshot: str, target: Path, inside: str
) -> None:
    first = operations.start_restore(synced, snapshot=old_snapshot, target=target)
    with pytest.raises(Busy, match=first.id):
        operations.start_restore(synced, snapshot=old_snapshot, target=target / inside)


def test_a_restore_that_does_not_fit_is_refused(
    operations: Operations, daemon: Daemon, synced: str, target: Path
) -> None:
    huge = daemon.snapshot(synced, Optime(100, 1), bytes=10**18)
    with pytest.raises(NoRoom):
        operations.start_restore(synced, snapshot=huge.id, target=target)


def test_a_snapshot_that_is_not_complete_is_refused(
    operations: Operations, daemon: Daemon, synced: str, target: Path
) -> None:
    failed = daemon.snapshot(synced, Optime(100, 1), state=SnapshotState.FAILED)
    with pytest.raises(Refused, match="failed"):
        operations.start_restore(synced, snapshot=failed.id, target=target)


def test_a_snapshot_of_another_deployment_is_refused(
    operations: Operations, synced: str, old_snapshot: str, sources: FakeSources, target: Path
) -> None:
    sources.identity = Identity("rs1", "0dd", "6.0.5", "6.0")
    operations.add_deployment("other", URI)
    with pytest.raises(Refused, match="another deployment"):
        operations.start_restore("other", snapshot=old_snapshot, target=target)


def test_a_queued_restore_is_cancelled_at_once(
    operations: Operations, daemon: Daemon, synced: str, old_snapshot: str, target: Path
) -> None:
    restore = operations.start_restore(synced, snapshot=old_snapshot, target=target)
    assert operations.cancel_restore(restore.id).state == "cancelled"
    assert daemon.open_jobs() == []


def test_a_running_restore_is_asked_to_stop(
    operations: Operations, daemon: Daemon, synced: str, old_snapshot: str, target: Path
) -> None:
    restore = operations.start_restore(synced, snapshot=old_snapshot, target=target)
    daemon.metadata.jobs.set(restore.job, state=JobState.LEASED, engine="e")
    assert operations.cancel_restore(restore.id).state == "queued"
    assert operations.job(restore.job).cancel_requested


def test_a_restore_that_has_ended_can_not_be_cancelled(
    operations: Operations, daemon: Daemon, synced: str, old_snapshot: str, target: Path
) -> None:
    restore = operations.start_restore(synced, snapshot=old_snapshot, target=target)
    daemon.end(daemon.open_jobs()[0])
    with pytest.raises(Refused, match="ended"):
        operations.cancel_restore(restore.id)


def test_restores_are_listed_newest_first_and_by_deployment(
    operations: Operations, synced: str, old_snapshot: str, tmp_path: Path
) -> None:
    one = operations.start_restore(synced, snapshot=old_snapshot, target=tmp_path / "one")
    assert [view.id for view in operations.restores(synced)] == [one.id]
    assert [view.id for view in operations.restores()] == [one.id]
    with pytest.raises(NotFound):
        operations.restores("nosuch")
    with pytest.raises(NotFound):
        operations.restore("nosuch")
