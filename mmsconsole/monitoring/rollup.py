"""Samples of a minute or an hour as one sample: mean, least and greatest. Pure.

A rolled-up sample has NAME (the mean), NAME__min and NAME__max; the two are left out where they
equal the mean, as for most values at most times, which saves room. Minutes of one hour weigh the
same each, as each stands for the same time, however many polls it had.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mmsconsole.metadata.samples import Grain, Sample

LOWEST = "__min"
HIGHEST = "__max"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LENGTH = {Grain.MINUTE: MINUTE, Grain.HOUR: HOUR}
FROM = {Grain.MINUTE: Grain.FINE, Grain.HOUR: Grain.MINUTE}
"""What each is made of."""
LATE = {Grain.MINUTE: timedelta(seconds=30), Grain.HOUR: timedelta(minutes=2)}
"""How long after its end a period is waited for: its last samples are still on their way."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """since <= at < until, whole periods."""

    since: datetime
    until: datetime


@dataclass(slots=True)
class _Spread:
    total: float
    count: int
    least: float
    greatest: float

    def add(self, mean: float, least: float, greatest: float) -> None:
        self.total += mean
        self.count += 1
        self.least = min(self.least, least)
        self.greatest = max(self.greatest, greatest)


def period_of(at: datetime, grain: Grain) -> datetime:
    """When the period began that holds it."""
    return at - (at - EPOCH) % LENGTH[grain]


def rolled_up(samples: Iterable[Sample], grain: Grain) -> list[Sample]:
    """One for each subject and period, named by the period's beginning; any order.

    `samples`: of FROM[grain], in any order; of one subject and time only the first counts. A value
    that some lack is the mean of those that have it; one that none has is not there.
    """
    found: dict[tuple[str, str, datetime], dict[str, _Spread]] = {}
    seen: set[tuple[str, str, datetime]] = set()
    for sample in samples:
        own = (sample.deployment, sample.subject, sample.at)
        if own not in seen:
            seen.add(own)
            key = (sample.deployment, sample.subject, period_of(sample.at, grain))
            _add(found.setdefault(key, {}), sample.values)
    return [Sample(*key, _values(spreads)) for key, spreads in found.items() if spreads]


def due(grain: Grain, done: datetime | None, oldest: datetime | None, now: datetime) -> Due | None:
    """Which periods are to be rolled up now; None: none.

    `done`: up to where it was done before, None for never; then it begins with `oldest`, the
    first sample there is. A clock that was put back makes nothing due until it has caught up.
    """
    closed = period_of(now - LATE[grain], grain)
    since = done if done is not None else None if oldest is None else period_of(oldest, grain)
    return Due(since, closed) if since is not None and since < closed else None


def periods(span: Due, grain: Grain, at_once: int) -> Iterator[Due]:
    """The span in parts of so many periods, so that none is large."""
    step = LENGTH[grain] * at_once
    since = span.since
    while since < span.until:
        until = min(span.until, since + step)
        yield Due(since, until)
        since = until


def _add(spreads: dict[str, _Spread], values: dict[str, float]) -> None:
    for name, value in values.items():
        if name.endswith((LOWEST, HIGHEST)):
            continue
        least = values.get(name + LOWEST, value)
        greatest = values.get(name + HIGHEST, value)
        if name in spreads:
            spreads[name].add(value, least, greatest)
        else:
            spreads[name] = _Spread(value, 1, least, greatest)


def _values(spreads: dict[str, _Spread]) -> dict[str, float]:
    values = {}
    for name, spread in spreads.items():
        mean = min(spread.greatest, max(spread.least, spread.total / spread.count))
        values[name] = mean
        if spread.least != mean:
            values[name + LOWEST] = spread.least
        if spread.greatest != mean:
            values[name + HIGHEST] = spread.greatest
    return values
