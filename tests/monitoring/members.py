"""A collector that polls real members quickly, and what it hands over."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mmsconsole.clock import SystemClock
from mmsconsole.metadata.members import MemberState, member_id
from mmsconsole.metadata.samples import Sample
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.monitoring.collector import Collector, Poll, Watched
from mmsconsole.monitoring.discovery import Expected
from mmsconsole.monitoring.member_poll import MemberPoll
from mmsconsole.monitoring.track import MemberTrack
from mmsconsole.secret import Secret

INTERVAL = 0.2
TIMEOUT = 60.0
"""Members of a busy machine are given time; who waits for one that never answers says less."""
DEPLOYMENT = "d"


class Seen:
    """What was handed over, for tests to look at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, MemberState] = {}
        self._samples: list[Sample] = []

    def put(self, samples: Sequence[Sample], state: MemberState) -> None:
        with self._lock:
            self._states[state.host] = state
            self._samples.extend(samples)

    def state(self, host: str) -> MemberState:
        """An empty one before it was asked."""
        with self._lock:
            unknown = MemberState(member_id(DEPLOYMENT, host), DEPLOYMENT, host)
            return self._states.get(host, unknown)

    def samples(self, host: str) -> list[Sample]:
        with self._lock:
            return [sample for sample in self._samples if sample.subject == host]


MakePoll = Callable[[SourceUri, str], Poll]


def poll_of(source: SourceUri, host: str, timeout: float = TIMEOUT) -> MemberPoll:
    return MemberPoll(source, host, SystemClock(), timeout_seconds=timeout, database_seconds=1200)


def track_of(deployment: str, host: str) -> MemberTrack:
    known = MemberState(member_id(deployment, host), deployment, host)
    return MemberTrack(known, SystemClock(), INTERVAL)


@contextmanager
def watching(
    uri: str,
    expected: Expected,
    make_poll: MakePoll = poll_of,
    interval: float = INTERVAL,
    timeout: float = TIMEOUT,
) -> Iterator[tuple[Seen, Collector]]:
    """Every member is asked each `interval` seconds; over less than 0.5 there are no rates."""
    seen = Seen()
    collector = Collector(
        make_poll, track_of, seen.put, SystemClock(),
        interval_seconds=interval, timeout_seconds=timeout, parallel=8,
    )  # fmt: skip
    watched = Watched(DEPLOYMENT, parse_uri(Secret(uri)), expected)
    collector.watch([watched], lambda _: [])
    collector.start()
    try:
        yield seen, collector
    finally:
        collector.stop(180)
