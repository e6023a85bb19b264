"""Restores of snapshots and of moments: exactly that."""

import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.targets import Selection, Target, TargetKind
from mmsconsole.optime import Optime
from mmsconsole.restore import pacing
from mmsconsole.restore.target import WORK
from mmsconsole.storage.throttled import SharedThrottle
from mmsconsole.task import Task
from tests.restore.restoring.world import World, assert_holds, mounted, run, stored
from tests.support.backups import Bench, wait_until

pytestmark = pytest.mark.xdist_group("restores")


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


@pytest.mark.parametrize(
    ("kind", "slowed"),
    [
        (TargetKind.FOLDER, {"materialising", "applying oplog"}),
        (TargetKind.TAR, {"delivering"}),
    ],
)
def test_what_goes_to_the_target_goes_no_faster_than_it_may(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch,
    kind: TargetKind, slowed: set[str],
) -> None:  # fmt: skip
    point = stored(bench, bench.write()) if kind is TargetKind.FOLDER else None
    seen = set()

    def slow(task: Task, throttle: SharedThrottle) -> Task:
        def report(phase: str, done: int, total: int | None) -> None:
            seen.add(phase)
            task.report(phase, done, total)

        return Task(task.cancellation, report, task.remark)

    monkeypatch.setattr(pacing, "paced", slow)
    record = bench.restore_record(snapshot, point)
    where = Target(kind, path=record.target, mb_per_second=5)
    bench.metadata.restores.set(record.id, where=where)

    assert run(bench, replace(record, where=where)).state is RestoreState.DONE

    assert seen == slowed
