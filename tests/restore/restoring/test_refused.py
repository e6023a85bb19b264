"""A restore that can not be made, or not to its end, leaves nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    NoRoom,
    ObjectCorrupt,
    ObjectMissing,
    OutsideWindow,
    StorageError,
    TargetNotEmpty,
)
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.restore import restoring
from mmsconsole.restore.restoring import Restoring
from mmsconsole.task import Task
from tests.restore.restoring.world import Cancelling, mounted, run, stored
from tests.support.backups import Bench
from tests.support.processes import mongods_below
from tests.support.snapshots import contents

pytestmark = pytest.mark.xdist_group("restores")


@pytest.mark.parametrize("phase", ["materialising", "applying oplog"])
def test_a_cancelled_restore_leaves_nothing(bench: Bench, snapshot: Snapshot, phase: str) -> None:
    point = stored(bench, bench.write())
    record = bench.restore_record(snapshot, point)
    running = mongods_below(bench.folder)
    with pytest.raises(Cancelled):
        run(bench, record, Cancelling(phase).task)

    assert not Path(record.target).exists()
    assert mongods_below(bench.folder) == running


def test_a_restore_for_which_there_is_no_room_any_more_writes_nothing(
    bench: Bench, snapshot: Snapshot
) -> None:
    """It was asked for when there was some, and waited."""
    target = bench.folder / "too-small"
    target.mkdir()
    record = bench.restore_record(snapshot, target=target)
    with mounted(target, "300k"):
        with pytest.raises(NoRoom, match="the restore needs"):
            run(bench, record)
        assert list(target.iterdir()) == []


def test_a_full_disk_is_told_as_such_and_leaves_nothing(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "check_restore_room", lambda *args, **options: None)
    target = bench.folder / "small"
    target.mkdir()
    record = bench.restore_record(snapshot, target=target)
    with mounted(target, "300k"):
        with pytest.raises(DiskFull):
            run(bench, record)
        assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda storage: storage.flip("get_range"), ObjectCorrupt),
        (lambda storage: storage.fail("get_range", error=ObjectMissing("gone")), ObjectMissing),
        (lambda storage: storage.flip("get"), ObjectCorrupt),  # a chunk
    ],
)
def test_a_damaged_object_fails_the_restore_and_leaves_nothing(
    bench: Bench, snapshot: Snapshot, spoil: Callable[[Any], None], kind: type[Exception]
) -> None:
    point = stored(bench, bench.write())
    bench.wait_applied(point)
    record = bench.restore_record(snapshot, point)
    spoil(bench.storage)
    with pytest.raises(kind):
        run(bench, record)

    assert not Path(record.target).exists()


def test_a_point_that_is_not_stored_is_refused(bench: Bench, snapshot: Snapshot) -> None:
    record = bench.restore_record(snapshot, Optime(2**32 - 1, 1))
    with pytest.raises(OutsideWindow, match="the stored oplog ends at"):
        run(bench, record)

    assert not Path(record.target).exists()


def test_a_folder_that_is_not_empty_is_left_alone(bench: Bench, snapshot: Snapshot) -> None:
    record = bench.restore_record(snapshot)
    Path(record.target).mkdir()
    (Path(record.target) / "mine").write_text("mine")
    with pytest.raises(TargetNotEmpty):
        run(bench, record)

    assert contents(Path(record.target)) == {"mine": b"mine"}


def test_a_snapshot_that_becomes_invalid_meanwhile_is_not_delivered(
    bench: Bench, snapshot: Snapshot
) -> None:
    """The source is rolled back while its files are being written."""
    record = bench.restore_record(snapshot)

    def roll_back(phase: str, done: int, total: int | None) -> None:
        bench.metadata.snapshots.set(
            snapshot.id, state=SnapshotState.INVALID, reason="the source was rolled back"
        )

    try:
        with pytest.raises(ObjectMissing, match="invalid: the source was rolled back"):
            Restoring(bench.resources, record).run(Task(report=roll_back))
    finally:
        bench.metadata.snapshots.set(snapshot.id, state=SnapshotState.COMPLETE, reason="")
    assert not Path(record.target).exists()


@pytest.mark.parametrize("gone", [True, False])
def test_oplog_that_is_cut_back_while_it_is_replayed_is_not_delivered(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """Its record goes, or its bytes are others: either way the history is another one."""
    point = bench.write()
    bench.wait_stored(point)
    record = bench.restore_record(snapshot, point)
    find = bench.metadata.chunks.find
    monkeypatch.setattr(
        bench.metadata.chunks, "find",
        lambda id_: None if gone or not (found := find(id_)) else replace(found, key="another"),
    )  # fmt: skip
    with pytest.raises(StorageError, match="cut back while it was replayed"):
        Restoring(bench.resources, record).run(Task())
    assert not Path(record.target).exists()


def test_oplog_that_is_cut_back_while_the_files_are_closed_is_not_delivered(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large restore's mongod takes minutes to shut down."""
    point = bench.write()
    bench.wait_stored(point)
    record = bench.restore_record(snapshot, point)
    stop = HeadServer.stop

    def stopped(server: HeadServer, timeout_seconds: float = 60) -> None:
        stop(server, timeout_seconds)
        monkeypatch.setattr(bench.metadata.chunks, "find", lambda id_: None)

    monkeypatch.setattr(HeadServer, "stop", stopped)
    with pytest.raises(StorageError, match="cut back while it was replayed"):
        Restoring(bench.resources, record).run(Task())
    assert not Path(record.target).exists()


def test_a_snapshot_that_is_not_complete_is_not_restored(bench: Bench, snapshot: Snapshot) -> None:
    failed = replace(snapshot, id="failed", state=SnapshotState.FAILED)
    bench.metadata.snapshots.add(failed)
    with pytest.raises(ObjectMissing, match="failed"):
        bench.restore(failed)
