"""Whether a source is under so much pressure that a copy has to hold still for it. Pure.

WiredTiger makes the threads of applications evict pages at 20 % dirty or 95 % used
(eviction_dirty_trigger, eviction_trigger): from there on a scan slows its users down. Its own
eviction keeps a full cache at 80 % used, so "used" has to come down less far than the others
before a copy goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmsconsole.mongod.topology import PRIMARY, Member


@dataclass(frozen=True, slots=True)
class PressureLimits:
    """0: not looked at."""

    cache_dirty_percent: float = 20.0
    cache_used_percent: float = 95.0
    tickets_percent: float = 95.0
    lag_seconds: float = 60.0


NO_LIMITS = PressureLimits(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a member tells of itself and of its set; None: it does not tell."""

    cache_dirty_percent: float | None = None
    cache_used_percent: float | None = None
    tickets_percent: float | None = None
    """Of the read or write tickets, whichever is scarcer: the share that is taken."""
    lag_seconds: float | None = None
    """Of the readable secondary that is farthest behind the primary."""
    flow_control: bool = False
    """The primary holds writes back, because its majority can not follow."""


@dataclass(frozen=True, slots=True)
class _Measure:
    value: Callable[[Sample], float | None]
    limit: Callable[[PressureLimits], float]
    again: float
    """A copy that holds still goes on below this share of the limit."""
    words: str


_MEASURES = (
    _Measure(
        lambda sample: sample.cache_dirty_percent,
        lambda limits: limits.cache_dirty_percent,
        0.75,
        "the source's cache is {:.0f} % dirty",
    ),
    _Measure(
        lambda sample: sample.cache_used_percent,
        lambda limits: limits.cache_used_percent,
        0.9,
        "the source's cache is {:.0f} % full",
    ),
    _Measure(
        lambda sample: sample.tickets_percent,
        lambda limits: limits.tickets_percent,
        0.75,
        "{:.0f} % of the source's read or write tickets are taken",
    ),
    _Measure(
        lambda sample: sample.lag_seconds,
        lambda limits: limits.lag_seconds,
        0.5,
        "a secondary of the source is {:.0f} s behind",
    ),
)


def pressure(sample: Sample, limits: PressureLimits, *, paused: bool) -> str:
    """Why a copy must hold still now, in words; empty: it may go on.

    Pure. `paused`: it holds still already; then it goes on only well below the limits, so that
    it does not flutter.
    """
    for measure in _MEASURES:
        value, limit = measure.value(sample), measure.limit(limits)
        threshold = limit * measure.again if paused else limit
        if limit > 0 and value is not None and value >= threshold:
            return measure.words.format(value)
    if limits.lag_seconds > 0 and sample.flow_control:
        return "the source's flow control holds writes back"
    return ""


def sample_of(server_status: Mapping[str, Any], members: Sequence[Member]) -> Sample:
    """From serverStatus and replSetGetStatus; what a version does not tell is None.

    Pure. Tickets: wiredTiger.concurrentTransactions up to 7.0, queues.execution from 8.0 on.
    """
    wired_tiger = server_status.get("wiredTiger", {})
    cache = wired_tiger.get("cache", {})
    most = float(cache.get("maximum bytes configured", 0))
    flow_control = server_status.get("flowControl", {})
    return Sample(
        cache_dirty_percent=_percent(cache.get("tracked dirty bytes in the cache"), most),
        cache_used_percent=_percent(cache.get("bytes currently in the cache"), most),
        tickets_percent=_tickets(
            wired_tiger.get("concurrentTransactions")
            or server_status.get("queues", {}).get("execution", {})
        ),
        lag_seconds=lag_of(members),
        flow_control=bool(flow_control.get("enabled") and flow_control.get("isLagged")),
    )


def lag_of(members: Sequence[Member]) -> float | None:
    """Members that are down, delayed on purpose or still copying do not count.

    Pure. None without a primary: nobody knows then what the newest is.
    """
    primary = next((m for m in members if m.state == PRIMARY and m.optime), None)
    if primary is None or primary.optime is None:
        return None
    newest = primary.optime.t
    return max((float(newest - m.optime.t) for m in members if m.readable and m.optime), default=0)


def _tickets(kinds: Mapping[str, Any]) -> float | None:
    taken = [
        _percent(kinds[kind].get("out"), float(kinds[kind].get("totalTickets", 0)))
        for kind in ("read", "write")
        if kind in kinds
    ]
    return max((each for each in taken if each is not None), default=None)


def _percent(part: float | None, whole: float) -> float | None:
    return None if part is None or whole <= 0 else 100.0 * float(part) / whole
