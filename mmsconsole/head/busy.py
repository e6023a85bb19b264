"""What a head's mongod answers when it is short of cache or of time just now.

That says nothing about the data: the same is asked again, after a pause. A mongod tries most of it
again by itself; with little cache and much to do some of it comes through to us.
"""

from collections.abc import Callable

from mmsconsole.clock import Clock
from mmsconsole.errors import ApplyFailed, MmsError, MongodBusy
from mmsconsole.mongod.source_errors import BUSY_CODES
from mmsconsole.task import Task

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between tries of the same; behind the last it is left to who asked for it."""


def refused(what: str, code: int, *, where: str = "", hint: str = "") -> MmsError:
    """The error for what a head does not take: MongodBusy, or ApplyFailed with this hint."""
    if code in BUSY_CODES:
        return MongodBusy(f"its mongod is too busy just now: {what}", where=where)
    return ApplyFailed(what, where=where, hint=hint)


class Pauses:
    """Between the tries of one thing after the other, for one thread."""

    def __init__(self, clock: Clock, task: Task | None = None) -> None:
        self._clock = clock
        self._taken = 0
        self.task = task or Task()
        """Who cancels it ends a pause."""

    def begin(self) -> None:
        """Something was done: what comes now is another thing."""
        self._taken = 0

    def after(self, error: MmsError) -> None:
        """Wait. Raises `error` when there were enough tries; Cancelled."""
        if self._taken == len(PAUSES):
            raise error
        self._clock.wait(self.task.cancellation.event, PAUSES[self._taken])
        self._taken += 1
        self.task.check()

    def until_done(self, ask: Callable[[], None]) -> None:
        """Raises MongodBusy after the last try, and what else `ask` raises; Cancelled."""
        while True:
            try:
                ask()
            except MongodBusy as error:
                self.after(error)
            else:
                return self.begin()
