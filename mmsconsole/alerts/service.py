"""The alert service: once per group, however many engines run.

It never ends the engine: backups go on whatever becomes of alerts. That it does not judge is seen
in the engine's record and log, as an event, in /health, and by who waits for the ping.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from mmsconsole.alerts.defaults import ensure_defaults
from mmsconsole.alerts.judging import forget, judge
from mmsconsole.alerts.spaces import spaces_of
from mmsconsole.errors import MmsError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.events import Event, Severity
from mmsconsole.stores.resources import Resources

log = logging.getLogger(__name__)

LEASE_SECONDS_MIN = 30.0
RECORD_SECONDS = 15.0
"""How often it is written down that alerts are judged."""
SPACE_SECONDS = 30.0
FORGET_SECONDS = 3600.0
STOPPED, GOES_ON = "alerts stopped", "alerts go on"
"""Kinds of events."""


def lease_name(group: str) -> str:
    return f"alerts {group}"


@dataclass(frozen=True, slots=True)
class Look:
    """The last look at all groups."""

    at: float
    """Monotonic."""
    error: str = ""
    """Why alerts were not judged; empty: they were."""


class AlertService:
    """start() returns at once; stop() when it is at rest, or its time is over."""

    def __init__(self, resources: Resources, engine: str) -> None:
        self._resources = resources
        self._metadata, self._clock = resources.metadata, resources.clock
        self._settings = resources.settings
        self._engine = engine
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="alerts", daemon=True),
            # Of its own: a file system that hangs keeps no alert back.
            threading.Thread(target=self._look_at_spaces, name="spaces", daemon=True),
        ]
        self._settled: set[str] = set()
        self._look: Look | None = None
        self._written_at = self._forgotten_at = float("-inf")
        self._told = self._logged = ""

    @property
    def last_look(self) -> Look | None:
        """None: there was none yet. An old one: it hangs."""
        return self._look

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float) -> None:
        self._stopping.set()
        deadline = self._clock.monotonic() + timeout_seconds
        for thread in self._threads[:1]:
            if thread.is_alive():
                thread.join(max(deadline - self._clock.monotonic(), 0))

    def tick(self) -> None:
        """One look, whatever comes of it."""
        error = self._guarded(self._judge_all)
        self._logged = error
        self._look = Look(self._clock.monotonic(), error)
        self._guarded(lambda: self._tell(error))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.tick()
            self._clock.wait(self._stopping, self._settings.tree.alerts.evaluate_seconds)
        self._guarded(self._give_back)

    def _guarded(self, work: Callable[[], None]) -> str:
        """What went wrong, in words."""
        try:
            work()
        except MmsError as error:
            if str(error) != self._logged:
                log.warning("alerts: %s", error)
            self._logged = str(error)
            return str(error)
        except Exception as error:
            log.exception("a fault in the alert service")
            return f"a fault of ours: {type(error).__name__} (see the engine's log)"
        return ""

    def _judge_all(self) -> None:
        """An error of one group does not keep the others from being judged."""
        groups = [one.id for one in self._metadata.groups.all()]
        errors = [self._guarded(partial(self._judge, group)) for group in groups]
        if any(errors):
            raise MmsError(next(filter(None, errors)))
        if self._clock.monotonic() - self._forgotten_at >= FORGET_SECONDS:
            kept = timedelta(days=self._settings.tree.alerts.keep_days)
            forget(self._metadata, self._clock.now(), kept)
            self._forgotten_at = self._clock.monotonic()

    def _judge(self, group: str) -> None:
        every = self._settings.tree.alerts.evaluate_seconds
        lease = self._metadata.leases.take(
            lease_name(group), self._engine, max(LEASE_SECONDS_MIN, 3 * every), max(60.0, 3 * every)
        )
        if lease is None:
            return  # another engine judges it
        now = self._clock.now()
        if group not in self._settled:
            ensure_defaults(self._metadata, [group], now)
            self._settled.add(group)
        judge(self._metadata, self._settings, group, now, lease.seconds)

    def _tell(self, error: str) -> None:
        """In the engine's record, now and then; as an event, when it changes."""
        if error != self._told:
            kind, severity = (STOPPED, Severity.ERROR) if error else (GOES_ON, Severity.INFO)
            text = f"alerts are not judged: {error}" if error else "alerts are judged again"
            at = self._clock.now()
            self._metadata.events.add(Event(new_id(), at, kind, text, severity))
        elif self._clock.monotonic() - self._written_at < RECORD_SECONDS:
            return
        done = {} if error else {"alerts_at": self._clock.now()}
        query = {"_id": self._engine}
        self._metadata.engines.set_where(query, alerts_error=error, **done)
        self._told, self._written_at = error, self._clock.monotonic()

    def _give_back(self) -> None:
        for group in list(self._metadata.groups.all()):
            self._metadata.leases.give_back(lease_name(group.id), self._engine)

    def _look_at_spaces(self) -> None:
        while not self._stopping.is_set():
            self._guarded(self._write_spaces)
            self._clock.wait(self._stopping, SPACE_SECONDS)

    def _write_spaces(self) -> None:
        spaces = spaces_of(self._settings)
        query = {"_id": self._engine}
        monitors = self._settings.tree.monitoring.enabled
        self._metadata.engines.set_where(
            query, spaces=spaces, spaces_at=self._clock.now(), monitors=monitors
        )
