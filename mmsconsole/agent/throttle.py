"""An initial sync reads no faster than it may."""

from collections.abc import Callable

from mmsconsole.clock import Clock
from mmsconsole.rate import STEP_SECONDS, Bucket
from mmsconsole.task import Task


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
