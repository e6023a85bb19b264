"""A whole product on a stage of its own: a source, an engine as a process, the command line.

Tests and the kill loop act on it by the command line alone, as a script would; only the source
is looked into, for what its state was at a moment.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure
from pymongo.read_concern import ReadConcern

from mmsconsole.clock import SystemClock
from mmsconsole.demo.accident import LOCAL, newest_entry
from mmsconsole.demo.engine_process import EngineProcess
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.demo.waiting import wait_for
from mmsconsole.metadata.connect import connect
from mmsconsole.metadata.database import Metadata
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import Fingerprint, differences, fingerprint
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.optime import Optime
from mmsconsole.settings import HOME, load_settings
from tests.support.cli import Cli
from tests.support.processes import mongods_below

NAME = "source"
WAIT_SECONDS = 240.0
SOCKET_TIMEOUT_MS = 120_000
MAJORITY = ReadConcern("majority")
SOURCE_FLAGS = ("--syncdelay", "10")
"""Seconds between checkpoints, not 60: a member that was killed is back the sooner."""

T = TypeVar("T")
Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Moment:
    """The source stood still here: what it held, and the last entry that made it so."""

    label: str
    optime: Optime
    state: Fingerprint


class Stage:
    """Everything lies below `folder`, whose path is short. Call close() at the end."""

    def __init__(
        self, folder: Path, binary: MongodBinary, *, members: int = 3, **settings: str
    ) -> None:
        self.folder = folder
        self.binary = binary
        self.clock = SystemClock()
        self.environ = {
            **os.environ,
            HOME: str(folder / "home"),
            # The source is minutes old, and a sync that is over at once shows nothing.
            "MMSCONSOLE_BACKUP_OPLOG_WINDOW_HOURS_MIN": "0",
            "MMSCONSOLE_BACKUP_SLICE_MB": "1",
            "MMSCONSOLE_POLICY_VERIFY": "never",
            "MMSCONSOLE_SERVICE_LISTEN": "",  # several run on one machine
            **settings,
        }
        self.cli = Cli(self.environ)
        self.source = LocalReplicaSet(
            binary.path, folder / "source", self.clock, members, extra=SOURCE_FLAGS
        )
        self.engine: EngineProcess | None = None
        self._restores = 0

    def open(self) -> "Stage":
        """Start the source; the engine comes later, when the test wants it."""
        self.source.start()
        self.client: Client = self.source.client(socketTimeoutMS=SOCKET_TIMEOUT_MS)
        return self

    def close(self) -> None:
        if self.engine is not None:
            self.engine.stop()
        self.client.close()
        self.source.kill()

    # -- the engine

    def start_engine(self) -> None:
        self.engine = EngineProcess.start(self.environ, self.folder / "engine.log", self.clock)

    def kill_engine(self) -> None:
        """SIGKILL: its mongods are left to the guards."""
        assert self.engine is not None
        self.engine.kill()
        self.engine = None

    # -- the product, by the command line

    def add_deployment(self) -> None:
        options = ("--snapshot-interval-minutes", "0")
        self.cli.at_once("deployment", "add", NAME, self.source.uri, *options)

    def start_backup(self) -> None:
        self.cli.at_once("backup", "start", NAME)

    def status(self) -> dict[str, Any]:
        return dict(self.cli.at_once("backup", "status", NAME))

    def wait_in_sync(self) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            status = self.status()
            assert status["state"] == "started", status
            return status if status["phase"] == "in sync" else None

        return self.wait("the head was not in sync", look)

    def wait_stored(self, optime: Optime) -> None:
        """Until the window reaches over it."""

        def look() -> bool | None:
            window = self.status()["window"]
            return True if window and optime_of(window["end"]) >= optime else None

        self.wait(f"{optime} was not stored", look)

    def take_snapshot(self) -> dict[str, Any]:
        return dict(self.cli.ask("snapshot", "take", NAME, "--wait", timeout_seconds=WAIT_SECONDS))

    def restore(self, at: str) -> Path:
        """A folder with the data at the point, inclusive."""
        target = self.new_target()
        self.cli.ask(
            "restore", "start", NAME, "--at", at, "--to-folder", str(target), "--wait",
            timeout_seconds=WAIT_SECONDS,
        )  # fmt: skip
        return target

    def new_target(self) -> Path:
        self._restores += 1
        return self.folder / f"restored{self._restores}"

    def state_at(self, at: str) -> Fingerprint:
        """What a restore of the point holds; its folder is removed again."""
        return self.state_of(self.restore(at))

    def state_of(self, dbpath: Path) -> Fingerprint:
        """What a mongod on the folder holds; the folder is removed."""
        with self.mongod_on(dbpath) as client:
            state = fingerprint(client)
        shutil.rmtree(dbpath)
        return state

    def differs(self, dbpath: Path, moment: Moment) -> list[str]:
        """What a restored folder holds otherwise than the source did; the folder is removed."""
        return differences(moment.state, self.state_of(dbpath))

    @contextmanager
    def mongod_on(self, dbpath: Path, repl_set: str = "") -> Iterator[Client]:
        """A client of a mongod that runs on the folder for the length of the block."""
        listen = Address.unix(self.folder / "restored.sock")
        log = self.folder / "restored.log"
        options = MongodOptions(self.binary.path, dbpath, listen, log, repl_set=repl_set)
        mongod = MongodProcess.start(options, self.clock)
        try:
            with mongod.client() as client:
                yield client
        finally:
            mongod.kill()

    # -- the source

    def moment(self, label: str) -> Moment:
        """Note what the source holds. The workload must be paused.

        The source may still write by itself (its TTL monitor), so it is looked at again until
        nothing was written between two looks; and until a majority has what it holds, so that
        no election takes that back.
        """

        def look() -> Moment | None:
            try:
                before = self._newest_change(MAJORITY)
                state = fingerprint(self.client)
                after = self._newest_change()
            except ConnectionFailure:
                return None  # a member has just died, or another one been elected
            return Moment(label, before, state) if after == before else None

        return self.wait(f"the source did not stand still for {label}", look)

    def _newest_change(self, level: ReadConcern = LOCAL) -> Optime:
        return newest_entry(self.client, {"op": {"$ne": "n"}}, level)

    def wait(self, what: str, look: Callable[[], T | None], seconds: float = WAIT_SECONDS) -> T:
        return wait_for(what, look, self.clock, timeout_seconds=seconds)

    def wait_for_heartbeats(self, job: str) -> None:
        """Two: with the first of them the engine has read what was requested of the job."""
        metadata = connect(load_settings(self.environ))
        try:
            for _ in range(2):
                self._wait_for_heartbeat(metadata, job)
        finally:
            metadata.close()

    def _wait_for_heartbeat(self, metadata: Metadata, job: str) -> None:
        before = metadata.jobs.get(job).lease_until

        def look() -> bool | None:
            return True if metadata.jobs.get(job).lease_until != before else None

        self.wait("the engine gave no sign of life", look)

    # -- what must never be left

    def mongods_of_engine(self) -> list[int]:
        """Process ids of mongods whose files lie in the engine's home."""
        return mongods_below(self.folder / "home")


def optime_of(value: Any) -> Optime:
    """Of an optime as the command line writes it."""
    if isinstance(value, str):
        seconds, _, increment = value.partition(":")
        return Optime(int(seconds), int(increment))
    return Optime(value["t"], value["i"])
