"""The only place that knows the time."""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What everything that needs time is given. Tests pass one that they own."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC, in whole milliseconds (BSON keeps no more).

        It schedules and labels; it orders nothing.
        """
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never backwards."""
        ...

    def sleep(self, seconds: float) -> None: ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set, `seconds` at most; True if it is set."""
        ...


class SystemClock:
    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds)


def thread_seconds() -> float:
    """Of the processor that the calling thread has used so far."""
    return time.thread_time()
