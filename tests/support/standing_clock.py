"""A clock that stands still: a scene always makes the same picture."""

import threading
from datetime import datetime, timedelta

from tests.support.fake_data import NOW


class StandingClock:
    """A wall clock that tests move."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(0)
