"""Processes that are held for the length of a block, so that no timing decides a test."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmsconsole.clock import Clock
from tests.support.processes import mongods_below

BEFORE_IT_ANSWERS_SECONDS = 0.01
"""A mongod needs some hundred milliseconds to its first answer."""
APPEARS_SECONDS = 60.0


@contextmanager
def held(pid: int) -> Iterator[None]:
    """It stands still, whatever it was doing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def held_replay(target: Path, clock: Clock) -> Iterator[None]:
    """The restore into `target` has its files, and waits for its mongod to begin the replay."""
    deadline = clock.monotonic() + APPEARS_SECONDS
    while not (found := mongods_below(target)):
        assert clock.monotonic() < deadline, f"no mongod in {target}"
        clock.sleep(BEFORE_IT_ANSWERS_SECONDS)
    with held(found[0]):
        yield
