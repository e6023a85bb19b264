"""Running a mongod of ours: started through the guard, waited for, stopped, never left behind."""

import os
import signal
import subprocess
import sys
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pymongo import MongoClient

from mmsconsole.clock import Clock
from mmsconsole.errors import FilesDamaged, MmsError, MongodDiskFull, MongodFailed
from mmsconsole.mongod import logs, pidfd
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import check_libraries
from mmsconsole.mongod.orphans import sweep_orphans as sweep_orphans
from mmsconsole.mongod.pidfd import KILLED_SECONDS_MAX
from mmsconsole.mongod.wire import WireConnection

GUARD = Path(__file__).with_name("guard.py")
GUARD_GRACE_SECONDS = 10
"""Between SIGTERM and SIGKILL for a mongod whose parent has died."""
POLL_SECONDS = 0.02

HEAD_FLAGS = (
    "--setParameter", "ttlMonitorEnabled=false",
    "--setParameter", "diagnosticDataCollectionEnabled=false",
    "--setParameter", "disableLogicalSessionCacheRefresh=true",
)  # fmt: skip
"""A head changes by its source's oplog alone (no TTL deletes, no sessions of its own), and writes
no files but its data."""


@dataclass(frozen=True, slots=True)
class MongodOptions:
    binary: Path
    dbpath: Path
    listen: Address
    """A unix socket in a folder that is ours alone, or a port of 127.0.0.1."""
    log: Path
    cache_gb: float = 0.25
    repl_set: str = ""
    """Empty: a standalone."""
    key_file: Path | None = None
    """Turns authentication on."""
    oplog_mb: int = 0
    """0: mongod's own choice."""
    nice: int = 0
    """How much others go first, 0 to 19: for the processor, and for the disk where the kernel's
    scheduler of a disk goes by it."""
    extra: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """The command line; nothing secret is on it, for everybody can read it."""
        command = [str(self.binary), "--dbpath", str(self.dbpath), "--bind_ip", self.listen.host]
        command += ["--logpath", str(self.log), "--logappend", "--quiet"]
        command += ["--wiredTigerCacheSizeGB", str(self.cache_gb)]
        # Or it listens on /tmp/mongodb-PORT.sock too, and takes that name from whoever has it.
        command.append("--nounixsocket")
        if not self.listen.is_unix:
            command += ["--port", str(self.listen.port)]
        if self.repl_set:
            command += ["--replSet", self.repl_set]
        if self.key_file:
            command += ["--keyFile", str(self.key_file)]
        if self.oplog_mb:
            command += ["--oplogSize", str(self.oplog_mb)]
        return [*command, *self.extra]


class MongodProcess:
    """One running mongod and its guard. Made by `start`; may be used from any thread.

    Whoever drops the last reference to one has ended it, as if this process had died.
    """

    def __init__(self, options: MongodOptions, guard: "subprocess.Popen[bytes]", pid: int) -> None:
        self.options = options
        self.pid = pid
        self._log_offset = 0
        self._guard = guard
        self._pidfd = os.pidfd_open(pid)
        weakref.finalize(self, os.close, self._pidfd)

    @classmethod
    def start(
        cls, options: MongodOptions, clock: Clock, timeout_seconds: float = 60
    ) -> "MongodProcess":
        """Start it and wait until it answers; its folders are made, readable by us alone.

        Raises MongodFailed with the reason from its log (FilesDamaged where that is what it
        found, or MongodDiskFull), or MongodLibraryMissing; nothing runs then.
        """
        for folder in {options.dbpath, options.log.parent, _socket_folder(options)}:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        offset = logs.begin(options.log)
        process = _start_guard(options)
        process._log_offset = offset
        try:
            process._wait_until_it_answers(clock, timeout_seconds)
        except BaseException:
            process.kill()
            raise
        return process

    def _wait_until_it_answers(self, clock: Clock, timeout_seconds: float) -> None:
        deadline = clock.monotonic() + timeout_seconds
        while not (answers(self.options.listen) and self._listens):
            if not self.alive:
                raise self.why_it_ended()
            if clock.monotonic() > deadline:
                what = f"did not answer within {timeout_seconds:.0f} s of its start"
                raise MongodFailed(what, where=str(self.options.dbpath), hint=self._see_log)
            clock.sleep(POLL_SECONDS)

    @property
    def _listens(self) -> bool:
        """Itself: on a port that was taken meanwhile, somebody else's mongod answers."""
        if self.options.listen.is_unix:
            return True
        return logs.tells_of_listening(logs.read_from(self.options.log, self._log_offset))

    def why_it_ended(self) -> MongodFailed:
        """The error that tells it, of one that has; MongodDiskFull or FilesDamaged where that is
        the cause.

        Raises MongodLibraryMissing.
        """
        if (full := self.disk_full()) is not None:
            return full
        said = logs.read_from(self.options.log, self._log_offset)
        check_libraries(said, self.options.binary)
        what = f"ended with status {self.exit_code}: {logs.reason(said)}"
        kind = FilesDamaged if logs.tells_of_damage(said) else MongodFailed
        where, status = str(self.options.dbpath), self.exit_code
        return kind(what, where=where, hint=self._see_log, status=status)

    def disk_full(self) -> MongodDiskFull | None:
        """What its log says if a write of this run of it has found no room."""
        said = logs.read_from(self.options.log, self._log_offset, logs.NO_ROOM_BYTES_MAX)
        words = logs.no_room(said)
        if not words:
            return None
        what = f"the disk is full ({words}); it goes on by itself when there is room"
        hint = f"free some space there; see {self.options.log}"
        return MongodDiskFull(what, where=str(self.options.dbpath), hint=hint)

    @property
    def _see_log(self) -> str:
        return f"see {self.options.log}"

    @property
    def alive(self) -> bool:
        return not self.wait_dead(0)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + signal if a signal ended it; -9 if its guard was killed."""
        if self.alive:
            return None
        return self._guard.wait(KILLED_SECONDS_MAX)

    def wait_dead(self, timeout_seconds: float) -> bool:
        """Wait for its end; True if it has come."""
        return pidfd.wait_ended(self._pidfd, timeout_seconds)

    def stop(self, timeout_seconds: float = 25) -> None:
        """A clean shutdown, or SIGKILL after `timeout_seconds`. It is gone on return."""
        pidfd.send_signal(self._pidfd, signal.SIGTERM)
        if self.wait_dead(timeout_seconds):
            self._reap()
        else:
            self.kill()

    def kill(self) -> None:
        """SIGKILL; it is gone on return. Raises MongodFailed if not even that helps."""
        pidfd.send_signal(self._pidfd, signal.SIGKILL)
        if not self.wait_dead(KILLED_SECONDS_MAX):
            raise MongodFailed("does not end, not even by SIGKILL", where=f"process {self.pid}")
        self._reap()

    def client(self, **options: Any) -> "MongoClient[dict[str, Any]]":
        """A pymongo client of this server alone; the caller closes it."""
        defaults: dict[str, Any] = {
            "appname": "mmsconsole",
            "tz_aware": True,
            "datetime_conversion": "DATETIME_AUTO",
            "serverSelectionTimeoutMS": 60_000,
            "connectTimeoutMS": 10_000,
            "socketTimeoutMS": 120_000,
        }
        return MongoClient(self.options.listen.uri, **(defaults | options))

    def _reap(self) -> None:
        self._guard.wait(KILLED_SECONDS_MAX)
        if self._guard.stdin:
            self._guard.stdin.close()


def port_was_taken(error: MongodFailed) -> bool:
    """Whether a start failed of that. (6.0.5 ends with status 48, or aborts with 134.)"""
    return "Address already in use" in error.what


def answers(address: Address) -> bool:
    """Whether a mongod answers ping there, at once."""
    try:
        connection = WireConnection.connect(address, None, timeout_seconds=5)
    except MmsError:
        return False
    try:
        return bool(connection.run("admin", {"ping": 1})["ok"])
    except MmsError:
        return False
    finally:
        connection.close()


def _socket_folder(options: MongodOptions) -> Path:
    return Path(options.listen.host).parent if options.listen.is_unix else options.dbpath


def _start_guard(options: MongodOptions) -> MongodProcess:
    """Session of its own: a Ctrl-C or a lost terminal is ours to handle, not the mongod's."""
    arguments = [sys.executable, "-I", "-S", str(GUARD), str(GUARD_GRACE_SECONDS)]
    arguments.append(str(options.nice))
    with options.log.open("ab") as log:
        guard = subprocess.Popen(
            arguments + options.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    with _pipe(guard.stdout) as said:
        pid = said.readline()
    if not pid.strip().isdigit():
        guard.kill()
        guard.wait(KILLED_SECONDS_MAX)
        raise MongodFailed("its guard did not start", where=str(GUARD), hint=f"see {options.log}")
    process = MongodProcess(options, guard, int(pid))
    with suppress(BrokenPipeError):  # the guard has been killed: it will be seen to be dead
        os.write(_pipe(guard.stdin).fileno(), b"\n")
    return process


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
