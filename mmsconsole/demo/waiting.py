"""Waiting for a condition, with an end."""

from collections.abc import Callable
from typing import TypeVar

from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError

POLL_SECONDS = 0.2

T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None], clock: Clock, *, timeout_seconds: float) -> T:
    """What `look` answers once that is not None. Raises MmsError naming `what` after the time."""
    deadline = clock.monotonic() + timeout_seconds
    while True:
        seen = look()
        if seen is not None:
            return seen
        if clock.monotonic() >= deadline:
            raise MmsError(f"{what}: not within {timeout_seconds:.0f} s")
        clock.sleep(POLL_SECONDS)
