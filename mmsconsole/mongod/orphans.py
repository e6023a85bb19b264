"""Ending mongods that an engine before us left behind."""

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.mongod.binaries import NAME
from mmsconsole.mongod.pidfd import KILLED_SECONDS_MAX, send_signal, wait_ended


def sweep_orphans(folders: Sequence[Path], clock: Clock, timeout_seconds: float = 30) -> list[int]:
    """End every mongod whose --dbpath lies below one of `folders`; returns their process ids.

    For an engine that starts after a crash. SIGTERM first; what still runs after
    `timeout_seconds` is killed. All are gone on return.
    """
    roots = [folder.resolve() for folder in folders]
    found = [pid for pid, dbpath in _running() if any(map(dbpath.is_relative_to, roots))]
    deadline = clock.monotonic() + timeout_seconds
    handles = [handle for pid in found if (handle := _open_pid(pid)) is not None]
    try:
        _end_all(handles, signal.SIGTERM, clock, deadline)
        _end_all(handles, signal.SIGKILL, clock, clock.monotonic() + KILLED_SECONDS_MAX)
    finally:
        for handle in handles:
            os.close(handle)
    return found


def _end_all(handles: list[int], number: signal.Signals, clock: Clock, deadline: float) -> None:
    for handle in handles:
        send_signal(handle, number)
    for handle in handles:
        wait_ended(handle, deadline - clock.monotonic())


def _open_pid(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _running() -> Iterator[tuple[int, Path]]:
    """(process id, its --dbpath) of every mongod that runs on this machine."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="surrogateescape")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        arguments = command.split("\x00")
        # Settings may name a binary "mongod-6.0"; a guard's first argument is Python.
        if Path(arguments[0]).name.startswith(NAME) and "--dbpath" in arguments[:-1]:
            yield int(folder.name), Path(arguments[arguments.index("--dbpath") + 1]).resolve()
