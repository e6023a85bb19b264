"""Hands over what the polls bring, together; what nobody takes waits and is handed over later."""

import logging
import threading
from collections.abc import Collection, Sequence
from datetime import datetime

from mmsconsole.clock import Clock
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.events import Event, Severity
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.samples import Sample
from mmsconsole.monitoring.buffer import SampleBuffer
from mmsconsole.monitoring.elections import Elections
from mmsconsole.monitoring.uplink import MonitoringUplink

log = logging.getLogger(__name__)

SEND_SECONDS = 1.0
RETRY_SECONDS_MAX = 10.0
DROPPED = "monitoring samples dropped"
"""Kind of the event."""
BATCH = 500
"""Samples that are handed over in one call."""


class Sender:
    """put() from any thread; send() from one."""

    def __init__(self, uplink: MonitoringUplink, max_bytes: int, clock: Clock) -> None:
        self._uplink = uplink
        self._clock = clock
        self._lock = threading.Lock()
        self._buffer = SampleBuffer(max_bytes)
        self._states: dict[str, MemberState] = {}
        self._elections = Elections()
        self._told = 0
        """How many dropped samples people were told of."""
        self._failures = 0
        self._not_before = 0.0
        self.dropped_at: datetime | None = None
        """When samples were last dropped."""

    def put(self, samples: Sequence[Sample], state: MemberState) -> None:
        """Of an earlier state of the member nothing stays."""
        with self._lock:
            before = self._buffer.dropped
            self._buffer.add(samples)
            self._states[state.id] = state
            more = self._buffer.dropped > before
            if more:
                self.dropped_at = self._clock.now()
        if more and before == self._told:
            log.warning("the metadata database is away: the oldest monitoring samples are dropped")

    def keep_members(self, deployment: str, hosts: Collection[str]) -> None:
        """Of its other members nothing is told any more."""
        with self._lock:
            self._states = {
                id_: state
                for id_, state in self._states.items()
                if state.deployment != deployment or state.host in hosts
            }

    def forget(self, deployment: str) -> None:
        """Nothing of it is handed over any more, but what is on its way."""
        with self._lock:
            self._buffer.forget(deployment)
        self.keep_members(deployment, ())

    @property
    def waiting(self) -> int:
        return len(self._buffer)

    @property
    def waiting_since(self) -> datetime | None:
        """The time of the oldest sample that waits."""
        with self._lock:
            return self._buffer.oldest_at

    @property
    def dropped(self) -> int:
        """So far."""
        return self._buffer.dropped

    @property
    def failing(self) -> bool:
        return self._failures > 0

    def send(self) -> bool:
        """All that waits; False while nobody takes it, and it is too early to try again."""
        now = self._clock.monotonic()
        if now < self._not_before:
            return False
        try:
            self._send_states()
            self._send_samples()
            self._tell_dropped()
        except MetadataError as error:
            if not self._failures:
                log.warning("monitoring samples wait: %s", error)
            self._failures += 1
            self._not_before = now + min(RETRY_SECONDS_MAX, 2.0 ** min(self._failures - 1, 8))
            return False
        if self._failures:
            log.info("monitoring samples are taken again")
        self._failures = 0
        return True

    def _send_states(self) -> None:
        with self._lock:
            states = list(self._states.values())
        if not states:
            return
        self._uplink.report_members(states)
        news = self._elections.news(states)
        for event in news:
            self._uplink.tell(event)
        self._elections.told(news)
        with self._lock:
            for state in states:
                if self._states.get(state.id) is state:
                    del self._states[state.id]

    def _send_samples(self) -> None:
        while True:
            with self._lock:
                samples = self._buffer.oldest(BATCH)
            if not samples:
                return
            self._uplink.put_samples(samples)
            with self._lock:
                self._buffer.taken(samples)

    def _tell_dropped(self) -> None:
        dropped = self._buffer.dropped
        if dropped > self._told:
            self._uplink.tell(dropped_event(dropped - self._told, self._clock.now()))
            self._told = dropped


def dropped_event(samples: int, at: datetime) -> Event:
    text = (
        f"{samples} monitoring samples were given up while the metadata database was away: "
        "charts have a gap"
    )
    return Event(new_id(), at, DROPPED, text, Severity.WARNING)
