"""Bytes per second: a token bucket that is charged after the fact.

How large a batch is, is known when it is there. So it is charged then, and the next one waits
until the bucket is out of debt: over any time no more than rate * time + BURST + one batch.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mmsconsole.clock import Clock
from mmsconsole.task import Task

BURST_SECONDS = 1.0
"""What an idle time saves up for later."""
STEP_SECONDS = 1.0
"""A rate that was changed, or a cancellation, is seen as soon as this."""
SHORTEST_SECONDS = 0.001
"""A wait shorter than this is none: it would be a rounding error that is waited for."""


@dataclass(frozen=True, slots=True)
class Bucket:
    level: float
    """Bytes that may be read at once; negative: bytes that were read too early."""
    at: float
    """Monotonic seconds when that was so."""

    def refilled(self, rate: float, now: float) -> "Bucket":
        """Pure. `rate` in bytes per second."""
        level = self.level + rate * max(0.0, now - self.at)
        return Bucket(min(level, rate * BURST_SECONDS), now)

    def charged(self, count: int) -> "Bucket":
        return Bucket(self.level - count, self.at)

    def seconds_of_debt(self, rate: float) -> float:
        """How long until it is out of debt, at that rate."""
        seconds = max(0.0, -self.level / rate)
        return seconds if seconds >= SHORTEST_SECONDS else 0.0


class Throttle:
    """Belongs to one thread. `rate` is asked again and again: it may change; 0: no limit."""

    def __init__(self, clock: Clock, rate: Callable[[], float]) -> None:
        self._clock = clock
        self._rate = rate
        self._bucket = Bucket(0.0, clock.monotonic())

    def take(self, count: int, task: Task) -> None:
        """`count` bytes were read; waits until the next may be. Raises Cancelled."""
        self._bucket = self._bucket.charged(count)
        while seconds := self._seconds_to_wait():
            self._clock.wait(task.cancellation.event, min(seconds, STEP_SECONDS))
            task.check()

    def _seconds_to_wait(self) -> float:
        rate, now = self._rate(), self._clock.monotonic()
        if rate <= 0:
            self._bucket = Bucket(0.0, now)  # no debt is kept for a limit that comes later
            return 0.0
        self._bucket = self._bucket.refilled(rate, now)
        return self._bucket.seconds_of_debt(rate)
