"""What a copy does to its source, kept in bounds: bytes per second, and a pause under pressure.

A paused scan holds a cursor that nobody asks. The source ends it after ten minutes
(cursorTimeoutMillis), and that is well: the scan goes on from its resume token with a new
cursor, which costs one find. So neither noCursorTimeout is needed, whose cursors would outlive a
killed engine, nor a session, which ends after 30 minutes unless it is refreshed: our commands
name none.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from mmsconsole.agent.pressure import NO_LIMITS, PressureLimits, Sample, pressure, sample_of
from mmsconsole.agent.reader import Reader
from mmsconsole.agent.throttle import Throttle
from mmsconsole.clock import Clock
from mmsconsole.errors import SourceError, SourceRefused
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.mongod.topology import members_of
from mmsconsole.task import Task

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often the source is looked at, and the limits are read anew."""
ANSWER_SECONDS = 10.0
SERVER_STATUS = {"serverStatus": 1, "metrics": 0, "locks": 0, "tcmalloc": 0}
"""Without its largest parts."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    bytes_per_second: float = 0.0
    """0: as fast as it goes."""
    pressure: PressureLimits = NO_LIMITS


class Gauge(Protocol):
    def sample(self, host: str) -> Sample:
        """Of that member. Raises SourceError, SourceRefused."""
        ...


class MemberGauge:
    """Asks on a connection of its own: that of the scan always has an answer under way."""

    def __init__(self, uri: SourceUri) -> None:
        self._uri = uri

    def sample(self, host: str) -> Sample:
        with closing(Reader.open(self._uri, host, ANSWER_SECONDS)) as reader:
            config = reader.run("admin", {"replSetGetConfig": 1})["config"]
            status = reader.run("admin", {"replSetGetStatus": 1})
            server_status = reader.run("admin", SERVER_STATUS)
        return sample_of(server_status, members_of(config, status))


class SourceLoad:
    """Belongs to one thread. `limits` is called every few seconds: they may change meanwhile."""

    def __init__(self, gauge: Gauge, clock: Clock, limits: Callable[[], LoadLimits]) -> None:
        self._gauge = gauge
        self._clock = clock
        self._read_limits = limits
        self._limits = limits()
        self._limits_at = self._looked_at = clock.monotonic()
        self._throttle = Throttle(clock, lambda: self._newest_limits().bytes_per_second)

    def ease(self, host: str, count: int, say: Callable[[str], None], task: Task) -> None:
        """`count` bytes were read from `host`: waits until the next may be.

        `say` is told why it is paused, and "" when it goes on. Raises Cancelled.
        """
        self._throttle.take(count, task)
        if self._clock.monotonic() < self._looked_at + LOOK_SECONDS:
            return
        reason = self._look(host, paused=False)
        if not reason:
            return
        log.info("the copy from %s is paused: %s", host, reason)
        while reason:
            say(f"paused: {reason}")
            self._clock.wait(task.cancellation.event, LOOK_SECONDS)
            task.check()
            reason = self._look(host, paused=True)
        say("")

    def _look(self, host: str, *, paused: bool) -> str:
        """What can not be asked is no reason to wait: the scan meets it by itself."""
        self._looked_at = self._clock.monotonic()
        limits = self._newest_limits().pressure
        if limits == NO_LIMITS:
            return ""
        try:
            return pressure(self._gauge.sample(host), limits, paused=paused)
        except (SourceError, SourceRefused) as error:
            log.info("the load of %s is not known just now: %s", host, error)
            return ""

    def _newest_limits(self) -> LoadLimits:
        now = self._clock.monotonic()
        if now >= self._limits_at + LOOK_SECONDS:
            self._limits, self._limits_at = self._read_limits(), now
        return self._limits
