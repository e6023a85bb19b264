"""A metric over time: which samples are read, and how many become one point. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mmsconsole.errors import UsageError
from mmsconsole.metadata.samples import DAY, Grain, Sample
from mmsconsole.monitoring.rollup import HIGHEST, LOWEST
from mmsconsole.operations.monitoring_views import SeriesPoint

POINTS, POINTS_MAX = 300, 5000
SLACK = 1.05
"""A span that was asked for as "a day" is a little longer once it is read."""
LOST = 2.5
"""No line is drawn where samples are so many intervals apart: one may come late, or be lost."""
ROLLED_UP_WITHIN = 3
"""Periods: what is older and has no roll-up has no samples either."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A grain, and what it is good for."""

    grain: Grain
    seconds: float
    """Between two samples."""
    kept_seconds: float
    span_seconds: float
    """Longer stretches are told by the next grain."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be read, and how far its points lie apart."""

    kept: Kept
    finer: tuple[Kept, ...]
    """They tell the newest, of which there is no roll-up yet: the next finer one first."""
    since: datetime
    until: datetime
    step_seconds: float
    merged: bool
    """Samples of one step become one point."""
    gap_seconds: float
    """Between points that are farther apart, samples are missing."""


def kept_grains(
    interval_seconds: float, fine_hours: float, minute_days: float, hour_days: float
) -> tuple[Kept, ...]:
    """The finest first."""
    return (
        Kept(Grain.FINE, interval_seconds, fine_hours * 3600, DAY),
        Kept(Grain.MINUTE, max(60.0, interval_seconds), minute_days * DAY, 7 * DAY),
        Kept(Grain.HOUR, 3600.0, hour_days * DAY, math.inf),
    )


def chosen(
    grains: Sequence[Kept], since: datetime, until: datetime, now: datetime, points: int = POINTS
) -> Kept:
    """The finest one that is meant for so long a span and still kept where it begins; a coarser one
    where that has half of the points: it is read many times faster, and knows lowest and highest.
    """
    span, age = (until - since).total_seconds(), (now - since).total_seconds()
    enough = [kept for kept in grains if span / kept.seconds >= points / 2]
    fit = [
        kept for kept in grains
        if span <= kept.span_seconds * SLACK and age <= kept.kept_seconds * SLACK
    ] or [grains[-1]]  # fmt: skip
    return max([fit[0], *(kept for kept in enough if kept in fit)], key=lambda kept: kept.seconds)


def planned(
    grains: Sequence[Kept], since: datetime, until: datetime, now: datetime,
    *, points: int = POINTS, cadence_seconds: float = 0.0,
) -> Reading:  # fmt: skip
    """`cadence_seconds`: of what is sampled more rarely than its grain says.

    Raises UsageError for a stretch that ends before it begins, and for too many points.
    """
    if since >= until:
        raise UsageError("the stretch of time ends before it begins", hint="--since, --until")
    if not 2 <= points <= POINTS_MAX:
        raise UsageError(f"from 2 to {POINTS_MAX} points can be shown", where=str(points))
    kept = chosen(grains, since, until, now, points)
    finer = tuple(reversed(grains[: grains.index(kept)]))
    one = max(kept.seconds, cadence_seconds)
    samples, rolled_up = (until - since).total_seconds() / one, bool(finer)
    # Steps begin at moments of their own, so the first and the last may be parts of one.
    together = 1 if samples <= points - rolled_up else math.ceil(samples / (points - 1))
    exact = together > 1 or (rolled_up and cadence_seconds <= kept.seconds)
    step = one * together
    return Reading(
        kept, finer, since, until, step, together > 1 or rolled_up, step * (1.5 if exact else LOST)
    )


def newest_from(reading: Reading, coarse: Kept, last: datetime | None) -> datetime:
    """From when on a finer grain tells what `coarse` has no sample of yet. `last`: its newest."""
    period = timedelta(seconds=coarse.seconds)
    lately = max(reading.since, reading.until - ROLLED_UP_WITHIN * period)
    return lately if last is None else max(lately, last + period)


def merged(samples: Iterable[Sample], name: str, reading: Reading) -> tuple[SeriesPoint, ...]:
    """One point for each step that has samples: mean, lowest, highest. Steps begin at the same
    moments whoever asks, so that a chart that moves on does not tremble. A point without values
    stands where samples are missing.
    """
    points: list[SeriesPoint] = []
    step = timedelta(seconds=reading.step_seconds)
    far = timedelta(seconds=reading.gap_seconds)
    for point in _steps(samples, name, reading):
        if points and point.at - points[-1].at > far:
            points.append(SeriesPoint(points[-1].at + step, None, None, None))
        points.append(point)
    return tuple(points)


@dataclass(slots=True)
class _Step:
    """Samples that become one point."""

    at: datetime
    total: float
    count: int
    low: float
    high: float

    def add(self, value: float, low: float, high: float) -> None:
        self.total += value
        self.count += 1
        self.low = min(self.low, low)
        self.high = max(self.high, high)

    def point(self) -> SeriesPoint:
        return SeriesPoint(self.at, self.total / self.count, self.low, self.high)


def _steps(samples: Iterable[Sample], name: str, reading: Reading) -> Iterable[SeriesPoint]:
    lowest, highest = name + LOWEST, name + HIGHEST
    step: _Step | None = None
    for sample in samples:
        value = sample.values.get(name)
        if value is None or not math.isfinite(value):
            continue
        low, high = sample.values.get(lowest, value), sample.values.get(highest, value)
        at = _beginning(sample.at, reading) if reading.merged else sample.at
        if step is not None and step.at == at:
            step.add(value, low, high)
            continue
        if step is not None:
            yield step.point()
        step = _Step(at, value, 1, low, high)
    if step is not None:
        yield step.point()


def _beginning(at: datetime, reading: Reading) -> datetime:
    seconds = at.timestamp() // reading.step_seconds * reading.step_seconds
    return datetime.fromtimestamp(seconds, UTC)
