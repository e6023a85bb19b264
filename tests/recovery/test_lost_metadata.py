"""A real backup whose metadata database is lost: what its store alone brings back."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import Fingerprint, differences
from mmsconsole.optime import Optime
from mmsconsole.recovery.backing_up import back_up
from mmsconsole.recovery.rebuilding import Rebuilding
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Task
from tests.support.backups import Bench, wait_until
from tests.support.metadata import empty
from tests.support.processes import mongods_below

pytestmark = pytest.mark.xdist_group("restores")
TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Moment:
    optime: Optime
    state: Fingerprint


class World:
    """A backup with two snapshots and some moments; then the metadata is lost, and made anew."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.write(*range(50))
        backup = bench.synced()
        bench.wait_stored(bench.write())
        self.first = bench.snapshot(backup)
        bench.metadata.snapshots.set(self.first.id, hold="for the auditors")
        self.snapshot_state = bench.state()
        self.moments = [self._moment()]
        bench.client.app.c.create_index("a")
        self.moments.append(self._moment())
        self.second = bench.snapshot(backup)
        self.moments.append(self._moment())
        backup.stop()
        self.head = bench.head
        back_up(bench.resources, "default", "engine1", Task())
        empty(bench.metadata)
        self.report = Rebuilding(bench.resources, "default").run(Task())

    def _moment(self) -> Moment:
        optime = self.bench.write()
        self.bench.wait_stored(optime)
        return Moment(optime, self.bench.state())

    @property
    def snapshots(self) -> list[Snapshot]:
        return list(self.bench.metadata.snapshots.complete(self.bench.deployment.id))


@pytest.fixture(scope="module")
def world(lasting_bench: Bench) -> World:
    return World(lasting_bench)


def test_every_moment_is_restored(world: World) -> None:
    assert [one.id for one in world.snapshots] == [world.first.id, world.second.id]
    assert world.snapshots[0].hold == "for the auditors"
    for moment in world.moments[1:]:
        base = [one for one in world.snapshots if one.optime and one.optime <= moment.optime][-1]
        restore = world.bench.restore(base, moment.optime)
        assert differences(moment.state, world.bench.state_of(Path(restore.target))) == []


# -- on a machine that has nothing but the program and the store


class Alone:
    """`mmsconsole store restore` with an empty HOME, and no engine anywhere."""

    def __init__(self, store: Path, folder: Path, binary: Path) -> None:
        self.store = store
        self.target = folder / "restored"
        self.temporary = folder / "t"
        home = folder / "home"
        self.environ = {
            "HOME": str(home), "TMPDIR": str(self.temporary), "PATH": os.defpath,
            "MMSCONSOLE_MONGOD_BINARIES": str(binary),
        }  # fmt: skip
        for made in (home, self.temporary):
            made.mkdir()

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "mmsconsole", "store", "restore", str(self.store)]
        return subprocess.Popen(
            [*command, *arguments, "--json"], text=True, env=self.environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def start_slowly(self, *arguments: str) -> "subprocess.Popen[str]":
        """It takes minutes: nothing is done before somebody has broken it off."""
        self.environ["MMSCONSOLE_STORAGE_MB_PER_SECOND"] = "0.0005"
        return self.start(*arguments)

    def ask(self, *arguments: str) -> Any:
        process = self.start(*arguments)
        said, told = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == 0, said + told
        return json.loads(said)

    def assert_nothing_left(self) -> None:
        assert list(self.temporary.iterdir()) == []
        assert not self.target.exists()


@pytest.fixture
def alone(world: World, short_folder: Path, mongod_binary: MongodBinary) -> Alone:
    return Alone(world.bench.folder / "storage", short_folder, mongod_binary.path)


def test_a_store_alone_says_what_it_holds(world: World, alone: Alone) -> None:
    (found,) = alone.ask("--list")["deployments"]

    assert found["name"] == "shop"
    assert [one["id"] for one in found["snapshots"]] == [world.first.id, world.second.id]
    (window,) = found["windows"]
    assert Optime(**window["start"]) == world.first.optime
    assert Optime(**window["end"]) >= world.moments[-1].optime
    alone.assert_nothing_left()


def test_a_moment_is_restored_from_a_store_alone(world: World, alone: Alone) -> None:
    moment = world.moments[1]

    found = alone.ask(
        "--deployment", "shop", "--at", str(moment.optime), "--to-folder", str(alone.target)
    )

    assert Optime(**found["optime"]) == moment.optime
    assert differences(moment.state, world.bench.state_of(alone.target)) == []
    assert list(alone.temporary.iterdir()) == []


def test_a_snapshot_is_restored_from_a_store_alone(world: World, alone: Alone) -> None:
    alone.ask(
        "--deployment", "shop", "--snapshot", world.first.id, "--to-folder", str(alone.target)
    )

    assert differences(world.snapshot_state, world.bench.state_of(alone.target)) == []


def test_who_breaks_it_off_leaves_nothing(alone: Alone) -> None:
    process = alone.start_slowly("--deployment", "shop", "--to-folder", str(alone.target))
    wait_until(lambda: mongods_below(alone.temporary))

    process.send_signal(signal.SIGINT)

    said, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 1
    assert json.loads(said)["error"]["code"] == "cancelled"
    alone.assert_nothing_left()


def test_who_is_killed_leaves_nothing_running(alone: Alone) -> None:
    process = alone.start_slowly("--deployment", "shop", "--to-folder", str(alone.target))
    wait_until(lambda: mongods_below(alone.temporary))

    process.kill()

    process.communicate(timeout=TIMEOUT_SECONDS)
    wait_until(lambda: not mongods_below(alone.temporary), "a mongod still runs")


# -- the backup goes on; the last tests here, for they go on with it


def go_on(world: World) -> ContinuousBackup:
    """As somebody starts it again, with the source's oplog as it is."""
    bench = world.bench
    bench.metadata.deployments.set(bench.deployment.id, backup=BackupState.STARTED)
    backup = bench.backup()
    if bench.head.phase is SyncPhase.REBUILDING:
        backup.rebuild(Task())
    assert bench.go_on(backup)
    return backup


def test_a_head_that_is_still_there_goes_on(world: World) -> None:
    assert world.bench.head.id == world.head.id
    backup = go_on(world)

    world.bench.write()

    world.bench.assert_head_equals_source()
    assert next(world.bench.metadata.jobs.all(), None) is None  # no initial sync
    backup.stop()


def test_a_head_that_is_gone_is_made_of_the_store_without_an_initial_sync(world: World) -> None:
    bench = world.bench
    empty(bench.metadata)
    shutil.rmtree(world.head.path)
    Rebuilding(bench.resources, "default").run(Task())
    assert bench.head.phase is SyncPhase.REBUILDING

    backup = go_on(world)
    bench.write()

    bench.assert_head_equals_source()
    assert bench.head.rebuilt_from == world.second.id
    third = bench.snapshot(backup)
    assert third.new_bytes < third.bytes / 2  # blocks that are stored are found again
    backup.stop()
