"""A head's mongod: where it lies, how it starts, and its featureCompatibilityVersion."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure

from mmsconsole.clock import Clock
from mmsconsole.durable import disk_errors, make_folders
from mmsconsole.errors import (
    ApplyFailed,
    CommandFailed,
    MmsError,
    MongodBusy,
    MongodError,
    MongodFailed,
    SourceError,
    SourceUnreachable,
)
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary, Version
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from mmsconsole.mongod.source_errors import BUSY_CODES, source_errors
from mmsconsole.mongod.wire import WireConnection

START_TIMEOUT_SECONDS = 600
"""A head that was killed replays its journal first."""

STOP_TIMEOUT_SECONDS = 20
DYING_SECONDS = 10.0
"""A mongod that aborts closes its connections a moment before it has ended; how it ended is told
only of one that has. A tenth of it is waited for one that has answered."""
SELECTION_SECONDS = 1
"""On a socket of this machine it answers at once, or has died."""
KNOWN_SECONDS = 60
"""A client that is new looks for it anew, and a busy machine may stand still meanwhile."""
COMMAND_TIMEOUT_SECONDS = 3600
"""One applyOps or createIndexes on a head may rightly take very long."""


@dataclass(frozen=True, slots=True)
class HeadPlace:
    """Everything needed to start the mongod of one dbpath of ours."""

    dbpath: Path
    socket: Path
    log: Path
    binary: MongodBinary
    cache_gb: float
    nice: int = 0


class HeadServer:
    def __init__(
        self, process: MongodProcess, client: MongoClient[dict[str, Any]], version: Version
    ) -> None:
        self.process = process
        self.client = client
        self._version = version

    @classmethod
    def start(cls, place: HeadPlace, clock: Clock) -> "HeadServer":
        """Raises MongodFailed with the reason from its log; DiskFull, StorageError."""
        with disk_errors(str(place.dbpath)):
            make_folders(place.dbpath)
            make_folders(place.log.parent)
        options = MongodOptions(
            binary=place.binary.path,
            dbpath=place.dbpath,
            listen=Address.unix(place.socket),
            log=place.log,
            cache_gb=place.cache_gb,
            nice=place.nice,
            extra=HEAD_FLAGS,
        )
        process = MongodProcess.start(options, clock, timeout_seconds=START_TIMEOUT_SECONDS)
        client = process.client(
            socketTimeoutMS=COMMAND_TIMEOUT_SECONDS * 1000,
            serverSelectionTimeoutMS=SELECTION_SECONDS * 1000,
        )
        server = cls(process, client, place.binary.version)
        server._wait_until_known(clock)
        return server

    def _wait_until_known(self, clock: Clock) -> None:
        """To its client. What keeps it from that is told to whoever asks for something."""
        deadline = clock.monotonic() + KNOWN_SECONDS
        while not self._is_known() and self.alive and clock.monotonic() < deadline:
            continue  # a look has waited for SELECTION_SECONDS

    def _is_known(self) -> bool:
        try:
            self.client.admin.command("ping")
        except ConnectionFailure:
            return False
        return True

    @property
    def alive(self) -> bool:
        return self.process.alive

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Around what is asked of it: its failures are those of a mongod of ours, no source's.

        Raises MongodFailed, for pymongo's errors too; MongodBusy where it only has to be asked
        again; FilesDamaged where it has died of that; MongodDiskFull, also in the place of an
        ApplyFailed, where a write of its own found no room.
        """
        where = str(self.process.options.dbpath)
        try:
            with source_errors(where):
                yield
        except SourceUnreachable as error:
            self.check_running(error)
            raise self._failed(error) from error
        except ApplyFailed as error:
            self._check_room(error)
            raise
        except SourceError as error:
            self._check_room(error)
            raise self._failed(error) from error

    def check_running(self, error: MmsError) -> None:
        """Raises MongodFailed if `error` came of its mongod's end: one that is being shut down
        refuses what it is asked before its connections end.
        """
        answers = not isinstance(error, SourceUnreachable)
        if self.process.wait_dead(DYING_SECONDS / 10 if answers else DYING_SECONDS):
            raise self.process.why_it_ended() from error

    def _check_room(self, error: MmsError) -> None:
        """Raises MongodDiskFull if `error` may be no more than that: applyOps does not say so.

        Its mongod is ended then: started anew, it does what was asked of it again from its
        position, and an error that comes again is not the disk's.
        """
        full = self.process.disk_full()
        if full is not None:
            self.process.kill()
            raise full from error

    def _failed(self, error: SourceError) -> MongodError:
        what, where = f"its mongod: {error.what}", str(self.process.options.dbpath)
        if isinstance(error, CommandFailed) and error.server_code in BUSY_CODES:
            return MongodBusy(what, where=where)
        return MongodFailed(what, where=where, hint=f"see {self.process.options.log}")

    def connect(self) -> WireConnection:
        """A raw connection for the hot path; the caller closes it."""
        listen = self.process.options.listen
        return WireConnection.connect(listen, None, timeout_seconds=COMMAND_TIMEOUT_SECONDS)

    def set_fcv(self, fcv: str) -> None:
        """A fresh standalone takes the newest version of its binary; the source may be older."""
        admin = self.client.admin
        found = admin.command("getParameter", 1, featureCompatibilityVersion=1)
        if found["featureCompatibilityVersion"]["version"] == fcv:
            return
        command: dict[str, Any] = {"setFeatureCompatibilityVersion": fcv}
        if self._version >= (7, 0):
            command["confirm"] = True
        admin.command(command)

    def make_durable(self) -> None:
        """All that was written so far survives; mongod's journal alone may be 0.1 s behind.

        For what is noted elsewhere than in the head, which would else know more than the head.
        """
        with self.errors():
            self.client.admin.command("fsync", 1)

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
        """Cleanly, or by SIGKILL when the time is over: its journal keeps what it holds."""
        self.client.close()
        self.process.stop(timeout_seconds)

    def kill(self) -> None:
        """For files that nobody needs any more. Its socket goes too, which a mongod that is killed
        leaves behind.
        """
        self.client.close()
        self.process.kill()
        if self.process.options.listen.is_unix:
            Path(self.process.options.listen.host).unlink(missing_ok=True)
