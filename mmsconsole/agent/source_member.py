"""The member that an initial sync reads from, and the patience with which one is found."""

import logging
from collections.abc import Callable
from typing import TypeVar

from mmsconsole.agent.failures import Backoff, passes
from mmsconsole.agent.reader import Origin, Reader, Rotation
from mmsconsole.agent.source_load import SourceLoad
from mmsconsole.clock import Clock
from mmsconsole.errors import CommandFailed, MmsError, SourceUnreachable
from mmsconsole.optime import Optime
from mmsconsole.task import Task

log = logging.getLogger(__name__)

Result = TypeVar("Result")
POLL_SECONDS = 0.1
LAG_SECONDS = 10.0
"""How long a member that lags is waited for before another one is tried."""
READ_SECONDS = 60.0
"""How long one batch may take: a cold disk has to be read."""


class Patience:
    """Waits for what may come by itself, `seconds` at most; every wait can be cancelled."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    def deadline(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic() + self._seconds

    def over(self, deadline: float) -> bool:
        return self._clock.monotonic() >= deadline

    def pause(self, seconds: float, task: Task) -> None:
        """Raises Cancelled."""
        task.check()
        self._clock.wait(task.cancellation.event, seconds)
        task.check()

    def retry(self, attempt: Callable[[], Result], task: Task) -> Result:
        """Until it succeeds, fails for good, or time is over; raises the last failure then."""
        deadline, backoff = self.deadline(), Backoff()
        while True:
            task.check()
            try:
                return attempt()
            except (SourceUnreachable, CommandFailed) as error:
                if not passes(error) or self.over(deadline):
                    raise
                log.info("trying again: %s", error)
            self.pause(backoff.next(), task)

    def wait_for_majority(
        self, reader: Reader, optime: Optime, task: Task, seconds: float | None = None
    ) -> None:
        """Until majority reads of this member see everything up to `optime`.

        Raises SourceUnreachable after `seconds` (None: all of the patience).
        """
        seconds = self._seconds if seconds is None else min(seconds, self._seconds)
        deadline = self._clock.monotonic() + seconds
        while (seen := reader.optimes().majority) < optime:
            if self.over(deadline):
                raise SourceUnreachable(
                    f"its majority-committed data end at {seen}, and {optime} did not come "
                    f"within {seconds:.0f} s",
                    where=reader.host,
                    hint="look at its replication lag, and whether a majority of the set is up",
                )
            self.pause(POLL_SECONDS, task)

    def wait_for_entry(self, reader: Reader, optime: Optime, task: Task) -> bool:
        """Until that entry is majority-committed; False if it was rolled back."""
        self.wait_for_majority(reader, optime, task)
        return reader.has_entry(optime)


class SourceMember:
    """Holds one reader at a time; when it is lost, another member is preferred."""

    def __init__(
        self,
        origin: Origin,
        patience: Patience,
        *,
        lag_seconds: float = LAG_SECONDS,
        read_seconds: float = READ_SECONDS,
        load: SourceLoad | None = None,
    ) -> None:
        """`load`: None for who reads so little that nobody feels it."""
        self.patience = patience
        self._lag_seconds = lag_seconds
        self._origin = origin
        self._read_seconds = read_seconds
        self._load = load
        self._reader: Reader | None = None
        self._rotation = Rotation(origin)

    def reader(self, start: Optime | None, task: Task) -> Reader:
        """The member being read; a new one has majority-committed `start` first.

        Raises SourceError, SourceRefused, Cancelled.
        """
        if self._reader is None:
            self._reader = self.patience.retry(lambda: self._open(start, task), task)
        return self._reader

    def ease(self, count: int, say: Callable[[str], None], task: Task) -> None:
        """`count` bytes were read: waits as long as its load demands. Raises Cancelled."""
        if self._load is not None and self._reader is not None:
            self._load.ease(self._reader.host, count, say, task)

    def lose(self, error: MmsError) -> None:
        """Give this member up, for a while at least."""
        if self._reader is not None:
            log.warning("%s is lost: %s", self._reader.host, error)
            self._rotation.failed(self._reader.host)
            self.close()

    def primary_applied(self, task: Task) -> Optime:
        """The newest position of the set's primary; waits for one."""
        return self.patience.retry(self._primary_applied, task)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _open(self, start: Optime | None, task: Task) -> Reader:
        host = self._rotation.next()
        reader = Reader.open(self._origin.uri, host, self._read_seconds)
        try:
            if start is not None:
                self.patience.wait_for_majority(reader, start, task, self._lag_seconds)
        except BaseException:
            reader.close()
            raise
        self._rotation.worked()
        return reader

    def _primary_applied(self) -> Optime:
        host = self._origin.replica_set().primary
        if host is None:
            raise SourceUnreachable("has no primary now", where=self._origin.uri.redacted)
        reader = Reader.open(self._origin.uri, host, self._read_seconds)
        try:
            return reader.optimes().applied
        finally:
            reader.close()
