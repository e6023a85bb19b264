"""One engine per home: a lock on a file.

The kernel lets go of it when the engine's process ends, however it ends; no child inherits it.
While it is held the file tells the engine's process id, and whether it is ready; after that,
nothing.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from mmsconsole.clock import Clock
from mmsconsole.durable import disk_errors, make_folders
from mmsconsole.errors import Busy
from mmsconsole.settings import Home, Settings

LOCK_FILE = "engine.lock"
READY = "ready"
STATE_BYTES = 32
TRIES = 10
TRY_AGAIN_SECONDS = 0.05


def lock_file(home: Home) -> Path:
    return home.run / LOCK_FILE


class EngineLock:
    """A context manager; entering raises Busy while another process holds the lock."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._descriptor = -1

    def __enter__(self) -> "EngineLock":
        path = lock_file(self._home)
        with disk_errors(str(path)):
            make_folders(path.parent)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        self._descriptor = descriptor
        self._tell(f"{os.getpid()} starting")
        return self

    def tell_ready(self) -> None:
        self._tell(f"{os.getpid()} {READY}")

    def _tell(self, state: str) -> None:
        os.pwrite(self._descriptor, state.ljust(STATE_BYTES).encode(), 0)

    def _take(self, descriptor: int) -> None:
        # More than once: whoever asks whether an engine runs holds the lock for a moment.
        for _ in range(TRIES):
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._clock.sleep(TRY_AGAIN_SECONDS)
        raise Busy(
            "an engine runs in this home already",
            where=str(self._home.data),
            hint="use it (mmsconsole), or stop it first (mmsconsole engine --stop)",
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class RunningEngine:
    pid: int
    """0 in the moment before it has told."""
    ready: bool


def engine_is_running(settings: Settings) -> bool:
    """Whether an engine's process lives in this home; it may not be ready yet."""
    return running_engine(settings) is not None


def running_engine(settings: Settings) -> RunningEngine | None:
    """The engine that lives in this home."""
    try:
        descriptor = os.open(lock_file(settings.home), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pid, _, state = os.pread(descriptor, STATE_BYTES, 0).decode().strip().partition(" ")
        return RunningEngine(int(pid or 0), state == READY)
    else:
        return None
    finally:
        os.close(descriptor)
