"""What runs while the engine runs: metadata database, storage, daemon; and its heartbeat."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

import pymongo

from mmsconsole import __version__
from mmsconsole.clock import Clock
from mmsconsole.durable import disk_errors, make_folders, write_file
from mmsconsole.errors import MetadataError, MmsError, MongodDiskFull
from mmsconsole.metadata.binary import choose_for_metadata, made_by
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.connect import is_external, naming_external, open_metadata
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.migrations import migrate
from mmsconsole.metadata.server import PrivateServer
from mmsconsole.mongod.binaries import MongodBinary, find_binaries
from mmsconsole.mongod.process import sweep_orphans
from mmsconsole.settings import Home, Settings
from mmsconsole.settings.notify import mark_of
from mmsconsole.storage.kept_marks import kept_beside
from mmsconsole.storage.marked import Memories
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.remembered import Remembered
from mmsconsole.stores.resources import Resources

log = logging.getLogger(__name__)

ID_FILE = "engine-id"
HEARTBEAT_SECONDS = 5.0
HEARTBEAT_TIMEOUT_SECONDS = 2.0
RESTARTS_MAX = 6
"""Failed starts of the metadata database in succession, before the engine gives up. While its
disk is full it does not: people see why, and there will be room again."""

# Together under 30 s: what an administrator, and systemd, wait for.
FRONT_END_STOP_SECONDS = 3.0
BESIDE_STOP_SECONDS = 0.5
"""Of each."""
DAEMON_STOP_SECONDS = 18.0
SWEEP_SECONDS = 3.0
SERVER_STOP_SECONDS = 5.0

HEAD_SOCKETS = "h-*.sock"
"""A mongod that a SIGKILL has ended leaves its own."""


class Backups(Protocol):
    """What keeps the backups: the daemon."""

    def start(self) -> None: ...

    def stop(self, timeout_seconds: float) -> None: ...

    @property
    def failure(self) -> Exception | None:
        """What ended it although nobody asked it to stop."""
        ...


class OpenStorages(Protocol):
    def __call__(self, settings: Settings, *, memories: Memories) -> Storages: ...


MakeBackups = Callable[[Settings, Metadata, Storages, Clock, list[MongodBinary], str], Backups]
"""The last argument is the engine's id."""


class FrontEnd(Protocol):
    """What serves downloads, health and metrics."""

    def start(self) -> None: ...

    def stop(self, timeout_seconds: float) -> None: ...


MakeFrontEnd = Callable[[Resources, str], FrontEnd]
"""The last argument is the engine's id."""


class Beside(Protocol):
    """What runs beside the backups in threads of its own: its failure never ends the engine."""

    def start(self) -> None: ...

    def stop(self, timeout_seconds: float) -> None: ...


MakeBeside = Callable[[Resources, str], Beside]
"""The last argument is the engine's id."""


class EngineParts:
    """start(), tick() about every second, stop(); all from one thread."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        open_storages: OpenStorages,
        make_backups: MakeBackups,
        make_front_end: MakeFrontEnd | None = None,
        make_beside: Sequence[MakeBeside] = (),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._open_storages = open_storages
        self._make_backups = make_backups
        self._make_front_end = make_front_end
        self._make_beside = make_beside
        self._server: PrivateServer | None = None
        self._failed_restarts = 0
        self._restart_after = 0.0
        self._beat_at = 0.0
        self._running = ExitStack()

    def start(self) -> None:
        """Returns when everything is ready; after an error nothing is left running."""
        for folder in _folders(self._settings.home):
            make_private(folder)
        sweep_orphans([self._settings.home.data, *self._settings.head_folders], self._clock)
        binaries = find_binaries(self._settings.tree.mongod.binaries, os.environ)
        with ExitStack() as running:
            self._metadata = self._start_metadata(running, binaries)
            self._announce_first()
            running.callback(self._sweep_heads)
            memories = partial(Remembered, self._metadata)
            storages = self._open_storages(
                self._settings, memories=kept_beside(memories, self._settings.home.store_marks)
            )
            self._backups = self._make_backups(
                self._settings, self._metadata, storages, self._clock, binaries, self._record.id
            )
            running.callback(self._stop_backups)
            self._backups.start()
            resources = Resources(self._settings, self._metadata, storages, self._clock, binaries)
            for make in self._make_beside:
                beside = make(resources, self._record.id)
                running.callback(beside.stop, BESIDE_STOP_SECONDS)
                beside.start()
            self._start_front_end(running, resources)
            self._running = running.pop_all()

    def tick(self) -> None:
        """Keep the metadata database alive, and tell that this engine is.

        Raises what the daemon died of, or why the metadata database does not start any more.
        """
        failure = self._backups.failure
        if failure is not None:
            said = str(failure) if isinstance(failure, MmsError) else type(failure).__name__
            raise MmsError(f"the daemon has ended: {said}") from failure
        self._keep_server()
        if self._clock.monotonic() >= self._beat_at:
            self._beat()

    def stop(self) -> None:
        self._running.close()

    def _start_metadata(self, running: ExitStack, binaries: list[MongodBinary]) -> Metadata:
        home = self._settings.home
        if not is_external(self._settings):
            binary = choose_for_metadata(binaries, made_by(home.metadata))
            self._server = PrivateServer(home, binary, self._clock)
            running.callback(self._server.stop, SERVER_STOP_SECONDS)
            self._server.start()
        metadata = open_metadata(self._settings)
        running.callback(metadata.close)
        with naming_external(self._settings):
            migrate(metadata, self._clock)
        return metadata

    def _start_front_end(self, running: ExitStack, resources: Resources) -> None:
        """Last, and so stopped first: it reads what the others keep."""
        if self._make_front_end is None:
            return
        served = self._make_front_end(resources, self._record.id)
        running.callback(served.stop, FRONT_END_STOP_SECONDS)
        served.start()

    def _announce_first(self) -> None:
        now = self._clock.now()
        self._record = EngineRecord(
            id=engine_id(self._settings.home),
            host=socket.gethostname(),
            home=str(self._settings.home.data),
            version=__version__,
            started_at=now,
            seen_at=now,
            channels={name: mark_of(one) for name, one in self._settings.tree.notify.items()},
        )
        self._metadata.engines.announce(self._record)
        released = self._metadata.jobs.release_own(self._record.id)
        if released:
            log.info("%d jobs that an earlier run held are queued again", released)

    def _beat(self) -> None:
        self._beat_at = self._clock.monotonic() + HEARTBEAT_SECONDS
        try:
            with pymongo.timeout(HEARTBEAT_TIMEOUT_SECONDS):
                self._metadata.engines.set(self._record.id, seen_at=self._clock.now())
        except MetadataError as error:
            log.warning("no heartbeat: %s", error)

    def _keep_server(self) -> None:
        if self._server is None or self._clock.monotonic() < self._restart_after:
            return
        try:
            self._server.check()
        except MmsError as error:
            full = isinstance(error, MongodDiskFull)
            self._failed_restarts = min(self._failed_restarts + 1, RESTARTS_MAX)
            if self._failed_restarts == RESTARTS_MAX and not full:
                raise
            log.error("the metadata database did not start: %s", error)
            self._restart_after = self._clock.monotonic() + 2**self._failed_restarts
        else:
            self._failed_restarts = 0

    def _stop_backups(self) -> None:
        """In a thread: what hangs in it must not keep the rest from being stopped."""
        stopping = threading.Thread(
            target=self._backups.stop, args=(DAEMON_STOP_SECONDS,), name="stop", daemon=True
        )
        stopping.start()
        stopping.join(DAEMON_STOP_SECONDS)
        if stopping.is_alive():
            log.error("the daemon did not stop within %.0f s", DAEMON_STOP_SECONDS)

    def _sweep_heads(self) -> None:
        """The daemon has stopped its heads; this is for one that it could not stop in time."""
        left = sweep_orphans(self._settings.head_folders, self._clock, SWEEP_SECONDS)
        if left:
            log.warning("%d mongods of heads had to be ended", len(left))
        for socket_left in self._settings.home.run.glob(HEAD_SOCKETS):
            socket_left.unlink(missing_ok=True)


def make_private(folder: Path) -> None:
    """There, and its user's alone: what is on the sockets inside asks for no password."""
    with disk_errors(str(folder)):
        make_folders(folder)
        folder.chmod(0o700)


def engine_id(home: Home) -> str:
    """Made once per home: by it a restarted engine knows its own leases."""
    path = home.data / ID_FILE
    if not path.exists():
        write_file(path, [new_id().encode()])
    return path.read_text().strip()


def _folders(home: Home) -> list[Path]:
    return [home.config, home.data, home.logs, home.run]
