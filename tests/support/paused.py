"""Processes that are held for the length of a block, so that no timing decides a test."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmsconsole.mongod.binaries import MongodBinary

STOPS_SECONDS = 60.0
LOOK_SECONDS = 0.002
STOPPED = "TtZX"
"""States of a thread that does nothing more, as the kernel tells them."""

HELD = "held-replay"
SCRIPT = """#!/bin/sh
while below=$(cat '{held}' 2>/dev/null) && case "$*" in *"--dbpath $below"*) ;; *) false ;; esac
do sleep 0.02
done
exec '{mongod}' "$@"
"""


@contextmanager
def held(pid: int) -> Iterator[None]:
    """It stands still, whatever it was doing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        _wait_until_it_stands(pid)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _wait_until_it_stands(pid: int) -> None:
    """The signal is only sent: a thread may still be in the middle of a call."""
    deadline = time.monotonic() + STOPS_SECONDS
    while not all(state in STOPPED for state in _states(pid)):
        assert time.monotonic() < deadline, f"process {pid} does not stop"
        time.sleep(LOOK_SECONDS)


def _states(pid: int) -> Iterator[str]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            yield (thread / "stat").read_text().rpartition(")")[2].split()[0]


def holding_mongod(folder: Path, binary: MongodBinary) -> str:
    """A mongod for the settings of an engine: it begins when no held_replay is about its files."""
    script = folder / "holding" / "mongod"
    script.parent.mkdir()
    script.write_text(SCRIPT.format(held=folder / HELD, mongod=binary.path))
    script.chmod(0o755)
    return str(script)


@contextmanager
def held_replay(folder: Path, below: Path) -> Iterator[None]:
    """No mongod on files below that path begins: a restore that has its files stays before its
    replay. `folder`: that of holding_mongod.
    """
    held_file = folder / HELD
    held_file.write_text(str(below))
    try:
        yield
    finally:
        held_file.unlink()
