"""Time that a test steers."""

import threading
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Implements mmsconsole.clock.Clock. It stands still until `advance` is called.

    `sleep` and `wait` return when the time has been advanced far enough (by another thread), or
    at once, advancing it themselves, with `auto_advance`. So no test ever really waits.
    """

    def __init__(
        self, now: datetime = datetime(2024, 1, 1, tzinfo=UTC), auto_advance: bool = False
    ) -> None:
        self._now = now
        self._monotonic = 1000.0
        self._auto_advance = auto_advance
        self._moved = threading.Condition()
        self.slept: list[float] = []
        """What was asked of sleep and wait, in order."""

    def now(self) -> datetime:
        with self._moved:
            return self._now

    def monotonic(self) -> float:
        with self._moved:
            return self._monotonic

    def advance(self, seconds: float) -> None:
        with self._moved:
            self._now += timedelta(seconds=seconds)
            self._monotonic += seconds
            self._moved.notify_all()

    def set(self, now: datetime) -> None:
        """Set the wall clock, as an administrator may: the monotonic one does not move."""
        with self._moved:
            self._now = now

    def wait_for_sleepers(self, count: int) -> None:
        """Wait until sleep and wait have been called `count` times in all."""
        with self._moved:
            assert self._moved.wait_for(lambda: len(self.slept) >= count, timeout=60)

    def sleep(self, seconds: float) -> None:
        self.wait(threading.Event(), seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        with self._moved:
            deadline = self._monotonic + seconds
            self.slept.append(seconds)
            self._moved.notify_all()
        if self._auto_advance and not event.is_set():
            self.advance(seconds)
        with self._moved:
            # An event that is set elsewhere does not notify us, so it is looked at now and then.
            while not event.is_set() and self._monotonic < deadline:
                self._moved.wait(0.01)
        return event.is_set()
