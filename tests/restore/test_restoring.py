"""Restores of snapshots and of moments: exactly that, or nothing at all."""

import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    MetadataError,
    NoRoom,
    ObjectCorrupt,
    ObjectMissing,
    OutsideWindow,
    StorageError,
    TargetNotEmpty,
)
from mmsconsole.head.files import snapshot_files
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.targets import Selection, Target, TargetKind
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.optime import Optime
from mmsconsole.restore import restoring
from mmsconsole.restore import target as target_folder
from mmsconsole.restore.restoring import Restoring
from mmsconsole.restore.target import WORK
from mmsconsole.task import Task
from tests.support.backups import Bench, wait_until
from tests.support.processes import mongods_below
from tests.support.snapshots import contents, write_files

pytestmark = pytest.mark.xdist_group("restores")


class World:
    """A backup that goes on for all tests of this module, and one snapshot of it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.write(*range(50))
        backup = bench.synced()
        bench.wait_stored(bench.write())
        self.snapshot = bench.snapshot(backup)
        self.state = bench.state()


@pytest.fixture(scope="module")
def world(lasting_bench: Bench) -> World:
    return World(lasting_bench)


@pytest.fixture
def bench(world: World) -> Iterator[Bench]:
    yield world.bench
    world.bench.storage.heal()


@pytest.fixture
def snapshot(world: World) -> Snapshot:
    return world.snapshot


def stored(bench: Bench, point: Optime) -> Optime:
    bench.wait_stored(point)
    return point


def run(bench: Bench, record: Restore, task: Task | None = None) -> Restore:
    return Restoring(bench.resources, record).run(task or Task())


def assert_holds(bench: Bench, restore: Restore, state: Any) -> None:
    assert differences(state, bench.state_of(Path(restore.target))) == []


# -- what is restored


def test_a_snapshot_is_restored_as_it_was(world: World, bench: Bench, snapshot: Snapshot) -> None:
    bench.write()

    restore = bench.restore(snapshot)

    assert restore.state is RestoreState.DONE
    assert restore.optime == snapshot.optime
    assert_holds(bench, restore, world.state)


def test_a_moment_is_restored_up_to_and_including_it(bench: Bench, snapshot: Snapshot) -> None:
    bench.write()
    bench.client.app.c.create_index("a")
    point = stored(bench, bench.write())
    state = bench.state()
    stored(bench, bench.write())

    restore = bench.restore(snapshot, point)

    assert restore.optime == point
    assert_holds(bench, restore, state)


def test_the_snapshots_own_position_is_the_snapshot_itself(
    world: World, bench: Bench, snapshot: Snapshot
) -> None:
    stored(bench, bench.write())

    assert_holds(bench, bench.restore(snapshot, snapshot.optime), world.state)


def test_a_point_between_two_entries_is_the_one_before(bench: Bench, snapshot: Snapshot) -> None:
    first = bench.write()
    state = bench.state()
    second = stored(bench, bench.write())
    between = Optime(first.t, first.i + 1) if first.t < second.t else first

    restore = bench.restore(snapshot, between)

    assert restore.optime == first
    assert_holds(bench, restore, state)


def test_a_restored_folder_holds_nothing_of_ours(bench: Bench, snapshot: Snapshot) -> None:
    point = stored(bench, bench.write())
    for restore in (bench.restore(snapshot), bench.restore(snapshot, point)):
        target = Path(restore.target)
        assert not (target / WORK).exists()
        with bench.mongod_on(target) as client:
            assert client.local.list_collection_names() == ["startup_log"]
            assert client.local.startup_log.count_documents({}) == 1


def test_a_restored_folder_becomes_a_replica_set(bench: Bench, snapshot: Snapshot) -> None:
    point = stored(bench, bench.write())
    target = Path(bench.restore(snapshot, point).target)

    with bench.mongod_on(target, repl_set="fresh") as client:
        client.admin.command("replSetInitiate")
        wait_until(lambda: client.admin.command("hello")["isWritablePrimary"])
        before = client.app.c.count_documents({})
        client.app.c.insert_one({"_id": "written"})
        assert client.app.c.count_documents({}) == before + 1 > 50


def test_the_target_may_be_an_empty_folder_and_a_file_system_of_its_own(
    bench: Bench, snapshot: Snapshot
) -> None:
    target = bench.folder / "mounted"
    target.mkdir()
    with mounted(target, "64m"):
        restore = run(bench, bench.restore_record(snapshot, target=target))
        assert (target / "WiredTiger").exists()
    assert restore.state is RestoreState.DONE


def test_a_part_of_a_moment_goes_into_a_tar_file_under_another_name(
    bench: Bench, snapshot: Snapshot
) -> None:
    """Materialised, replayed, shaped, delivered: what comes out is a whole database of its own."""
    bench.client.other.c.insert_one({"_id": 1})
    point = stored(bench, bench.write())
    wanted = bench.client.app.c.count_documents({})
    stored(bench, bench.write())
    path = bench.folder / "part.tar"
    record = replace(
        bench.restore_record(snapshot, point, target=path),
        where=Target(TargetKind.TAR, path=str(path), compression="gzip"),
        what=Selection(namespaces=("app",), renames=(("app", "app2"),), users=False),
    )
    bench.metadata.restores.set(record.id, where=record.where, what=record.what)

    restore = run(bench, record)

    assert restore.optime == point
    with tarfile.open(path) as tar:
        tar.extractall(bench.folder / "part", filter="data")
    with bench.mongod_on(bench.folder / "part") as client:
        names = set(client.list_database_names()) - {"admin", "config", "local"}
        assert names == {"app2"}
        assert client.app2.c.count_documents({}) == wanted
        assert client.local.list_collection_names() == ["startup_log"]
    assert list(bench.resources.settings.home.restores.iterdir()) == []


def test_a_whole_snapshot_needs_no_mongod(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("a mongod is started")

    monkeypatch.setattr(HeadServer, "start", never)
    path = bench.folder / "whole.tar"
    record = bench.restore_record(snapshot, target=path)
    where = Target(TargetKind.TAR, path=str(path))
    bench.metadata.restores.set(record.id, where=where)
    assert run(bench, replace(record, where=where)).state is RestoreState.DONE


# -- what goes wrong


class Cancelling:
    """Cancels when a phase is reported."""

    def __init__(self, phase: str) -> None:
        self._phase = phase
        self.task = Task(report=self)

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        if phase == self._phase:
            self.task.cancellation.cancel()


@pytest.mark.parametrize("phase", ["materialising", "applying oplog"])
def test_a_cancelled_restore_leaves_nothing(bench: Bench, snapshot: Snapshot, phase: str) -> None:
    point = stored(bench, bench.write())
    record = bench.restore_record(snapshot, point)
    running = mongods_below(bench.folder)
    with pytest.raises(Cancelled):
        run(bench, record, Cancelling(phase).task)

    assert not Path(record.target).exists()
    assert mongods_below(bench.folder) == running


class mounted:  # noqa: N801 - used as a function
    """A small file system of its own at a folder."""

    def __init__(self, folder: Path, size: str) -> None:
        self._folder, self._size = folder, size

    def __enter__(self) -> None:
        options = ["-t", "tmpfs", "-o", f"size={self._size}", "tmpfs", str(self._folder)]
        made = subprocess.run(["mount", *options], capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"no file system can be mounted here: {made.stderr}")

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self._folder)], check=True)


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


# -- crashes


STEPS = {
    "claim": restoring, "replay": restoring, "seal": restoring, "deliver": target_folder,
    "release": target_folder,
}  # fmt: skip


def crashing(monkeypatch: pytest.MonkeyPatch, step: str, *, before: bool) -> None:
    """The engine dies before or after a step: nothing is tidied up."""
    whole = getattr(STEPS[step], step)

    def crash(*args: Any) -> Any:
        if not before:
            whole(*args)
        raise SystemExit

    monkeypatch.setattr(STEPS[step], step, crash)
    monkeypatch.setattr(Restoring, "abandon", lambda restoring: "")


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_restore_whose_engine_died_is_made_whole_by_the_next(
    world: World, bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    replays = step == "replay"
    point = stored(bench, bench.write()) if replays else None
    record = bench.restore_record(world.snapshot, point)
    crashing(monkeypatch, step, before=before)
    with pytest.raises(SystemExit):
        run(bench, record)
    monkeypatch.undo()

    again = run(bench, bench.metadata.restores.get(record.id))

    assert (again.state, again.optime) == (RestoreState.DONE, point or world.snapshot.optime)
    assert_holds(bench, again, bench.state() if replays else world.state)
    assert not (Path(record.target) / WORK).exists()


def test_a_mongod_that_a_killed_engine_left_on_the_folder_is_ended_first(
    world: World, bench: Bench
) -> None:
    record = bench.restore_record(world.snapshot)
    left = write_files(Path(record.target) / WORK / "data", {})
    with bench.mongod_on(left):
        running = set(mongods_below(left))
        assert running
        with pytest.raises(TargetNotEmpty):  # for this folder has no claim
            run(bench, record)
        assert not running & set(mongods_below(bench.folder))


def test_what_is_in_its_place_stays_when_that_can_not_be_written_down(
    world: World, bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record may say "done" although the answer was lost: the files must be there then."""
    record = bench.restore_record(snapshot)
    set_ = bench.metadata.restores.set

    def lost(id_: str, **changes: Any) -> Restore:
        changed = set_(id_, **changes)
        if changes.get("state") is RestoreState.DONE:
            raise MetadataError("the answer was lost")
        return changed

    monkeypatch.setattr(bench.metadata.restores, "set", lost)
    with pytest.raises(MetadataError):
        run(bench, record)
    monkeypatch.undo()

    again = run(bench, bench.metadata.restores.get(record.id))
    assert again.state is RestoreState.DONE
    assert_holds(bench, again, world.state)


def test_a_restore_that_is_done_is_not_made_again(bench: Bench, snapshot: Snapshot) -> None:
    restore = bench.restore(snapshot)
    (Path(restore.target) / "mine").write_text("mine")

    assert run(bench, restore) == restore

    assert (Path(restore.target) / "mine").exists()


def test_what_cannot_be_removed_does_not_hide_what_happened(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = bench.restore_record(snapshot)

    def unable(target: Path, restore_id: str) -> None:
        raise DiskFull("not even that")

    monkeypatch.setattr(target_folder, "abandon", unable)
    with pytest.raises(Cancelled):
        run(bench, record, Cancelling("materialising").task)


# -- transactions (at the end: their oplog is large, and every replay reads it)


def large_transaction(bench: Bench) -> tuple[Optime, Optime]:
    """Several entries of the oplog; returns the first one's position, and the last one's."""
    before = bench.newest()
    with bench.client.start_session() as session, session.start_transaction():
        for _ in range(20):
            document = {"s": "x" * (1 << 20)}
            bench.client.app.c.insert_one(document, session=session)
    parts = {"o.partialTxn": True, "ts": {"$gt": before.timestamp}}
    first = bench.client.local["oplog.rs"].find_one(parts, sort=[("$natural", 1)])
    assert first is not None
    return Optime.of(first["ts"]), bench.newest()


def test_a_point_inside_a_transaction_holds_nothing_of_it_and_its_end_all(
    bench: Bench, snapshot: Snapshot
) -> None:
    before = bench.state()
    first, last = large_transaction(bench)
    after = bench.state()
    assert first < last
    stored(bench, last)

    assert_holds(bench, bench.restore(snapshot, first), before)
    assert_holds(bench, bench.restore(snapshot, last), after)


def test_a_snapshot_inside_a_transaction_is_gone_on_from(bench: Bench, snapshot: Snapshot) -> None:
    """The replay begins before the transaction that was open when the snapshot was cut."""
    first, last = large_transaction(bench)
    stored(bench, last)
    inside = bench.restore(snapshot, first)
    root = Path(inside.target)
    record = bench.metadata.snapshots.add(
        Snapshot(
            "inside", bench.deployment.id, bench.head.id, bench.clock.now(),
            optime=first, replay_from=Optime(first.t, first.i - 1),
            mongod_version=snapshot.mongod_version, fcv=snapshot.fcv,
        )
    )  # fmt: skip
    blockstore = bench.resources.blockstore(bench.deployment)
    cut = blockstore.cut(record, root, snapshot_files(root), None, Task())
    record = bench.metadata.snapshots.set(
        "inside", state=SnapshotState.COMPLETE, manifest_key=cut.manifest_key,
        manifest_sha256=cut.manifest_sha256, bytes=cut.bytes,
    )  # fmt: skip

    assert_holds(bench, bench.restore(record, last), bench.state())
