"""What a chart shows, as a value: a metric, a stretch of time, a cursor. No screen, no engine."""

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from mmsconsole.console import actions
from mmsconsole.console.navigation import Place
from mmsconsole.console.ports import Reading
from mmsconsole.console.present.timeline import Axis
from mmsconsole.errors import UsageError
from mmsconsole.operations.monitoring_times import moment_before
from mmsconsole.operations.monitoring_views import MetricView, SeriesView
from mmsconsole.operations.points import Ago, Before, Latest, Position, parse_point

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPANS = (
    HOUR / 4, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY,
    365 * DAY, 730 * DAY,
)  # fmt: skip
STEPS = 12
"""A chart that follows the present moves on by this part of its span, and stands still between."""
FIRST = "opcounters_insert"
POINTS_MAX = 1000
PINS_MAX = 8


@dataclass(frozen=True, slots=True)
class Chart:
    metric: str = FIRST
    span: timedelta = HOUR
    end: datetime | None = None
    """None: it follows the present."""
    cursor: datetime | None = None
    """None: the newest values."""
    hidden: frozenset[str] = frozenset()
    """Keys of series that are not drawn."""
    limit: float | None = None
    """Drawn as a line: the threshold of an alert."""

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        end = self.end or _ahead(now, self.span)
        return end - self.span, end

    def axis(self, now: datetime, width: int) -> Axis:
        return Axis(*self.window(now), width)

    def moved(self, cells: int, now: datetime, width: int) -> "Chart":
        """The cursor by cells; the chart follows it beyond its ends."""
        at = (self.cursor or now) + cells * self.span / max(1, width)
        return self.with_cursor(None if at >= now else at, now)

    def with_cursor(self, at: datetime | None, now: datetime) -> "Chart":
        if at is None and self.end is None:
            return replace(self, cursor=None)
        wanted, (start, end) = at or now, self.window(now)
        while wanted < start:
            start, end = start - self.span / 2, end - self.span / 2
        while wanted > end:
            start, end = start + self.span / 2, end + self.span / 2
        return replace(self, cursor=at, end=self._end(end, now))

    def paged(self, halves: int, now: datetime) -> "Chart":
        """By halves of what is shown; the cursor goes with it."""
        by = halves * self.span / 2
        _, end = self.window(now)
        at = (self.cursor or now) + by
        if at >= now:
            return self.following()
        return replace(self, cursor=at, end=self._end(end + by, now))

    def zoomed(self, now: datetime, *, closer: bool) -> "Chart":
        """To the next span; the cursor stays where it is on the screen."""
        place = _place_of(self.span) + (-1 if closer else 1)
        span = SPANS[max(0, min(place, len(SPANS) - 1))]
        if self.cursor is None:
            end = self.end
        else:
            _, right = self.window(now)
            end = self.cursor + (right - self.cursor) * (span / self.span)
        return replace(self, span=span)._ending(end, now)

    def jumped(self, at: datetime, now: datetime) -> "Chart":
        """A moment in the middle, with the cursor on it."""
        return replace(self, cursor=min(at, now))._ending(at + self.span / 2, now)

    def following(self) -> "Chart":
        return replace(self, end=None, cursor=None)

    def toggled(self, key: str) -> "Chart":
        return replace(self, hidden=self.hidden ^ {key})

    def _ending(self, end: datetime | None, now: datetime) -> "Chart":
        return replace(self, end=None if end is None else self._end(end, now))

    def _end(self, end: datetime, now: datetime) -> datetime | None:
        return None if end >= _ahead(now, self.span) else end


def _ahead(now: datetime, span: timedelta) -> datetime:
    """The next round moment: so what is drawn does not move with every point."""
    step = int(span.total_seconds()) // STEPS
    return datetime.fromtimestamp(-(-int(now.timestamp()) // step) * step, UTC)


def _place_of(span: timedelta) -> int:
    return next((place for place, one in enumerate(SPANS) if span <= one), len(SPANS) - 1)


# Places


def chart_place(
    deployment: str, metric: str = "", *, at: datetime | None = None, member: str = "",
    limit: float | None = None,
) -> Place:  # fmt: skip
    """The chart of a metric of a deployment; at a moment, of one member alone, with a line at a
    threshold, where these are given. An alert opens it so.
    """
    asked = {
        "metric": metric,
        "at": "" if at is None else at.astimezone(UTC).isoformat(),
        "member": member,
        "limit": "" if limit is None else repr(limit),
    }
    return Place(actions.CHART, deployment, urlencode({k: v for k, v in asked.items() if v}))


def chart_of(item: str, remembered: Chart, now: datetime) -> Chart:
    """What a place asks for, over what was looked at last."""
    if not item:
        return remembered
    asked = {key: values[0] for key, values in parse_qs(item).items()}
    limit = float(asked["limit"]) if "limit" in asked else None
    chart = Chart(asked.get("metric", remembered.metric), limit=limit)
    return chart.jumped(datetime.fromisoformat(asked["at"]), now) if "at" in asked else chart


def member_of(item: str) -> str:
    """The one member that a place is about; empty: all."""
    return parse_qs(item).get("member", [""])[0]


# Metrics


def neighbour(metrics: Sequence[MetricView], name: str, by: int) -> str:
    names = [each.name for each in metrics]
    return names[(names.index(name) + by) % len(names)] if name in names else FIRST


def matching(metrics: Sequence[MetricView], query: str) -> list[MetricView]:
    """Every word must occur in chart, title or name, in any order; whole words come first."""
    words = query.casefold().replace("_", " ").split()

    def text(each: MetricView) -> str:
        return f"{each.chart} {each.title} {each.name}".casefold().replace("_", " ")

    found = [each for each in metrics if all(word in text(each) for word in words)]
    return sorted(found, key=lambda each: not set(words) <= set(text(each).split()))


def pinned(pins: tuple[str, ...], metric: str) -> tuple[str, ...]:
    """With it, or without it where it was pinned; as before where there is no room for more."""
    if metric in pins:
        return tuple(pin for pin in pins if pin != metric)
    return (*pins, metric) if len(pins) < PINS_MAX else pins


# Series


def key_of(series: SeriesView) -> str:
    return f"{series.member} {series.part}".rstrip()


def read(
    operations: Reading, deployment: str, metric: str, window: tuple[datetime, datetime],
    points: int,
) -> tuple[SeriesView, ...]:  # fmt: skip
    since, until = window
    wanted = max(2, min(points, POINTS_MAX))
    return tuple(
        operations.metric_series(deployment, metric, since=since, until=until, points=wanted)
    )


def csv_of(series: Sequence[SeriesView]) -> str:
    """One row for each point of each series; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("time", "deployment", "member", "part", "metric", "unit", "value", "low",
                     "high"))  # fmt: skip
    for one in series:
        for point in one.points:
            writer.writerow((f"{point.at:%Y-%m-%dT%H:%M:%SZ}", one.deployment, one.member, one.part,
                             one.metric, one.unit, point.value, point.low, point.high))  # fmt: skip
    return text.getvalue()


# Moments, typed


def parse_moment(text: str, now: datetime) -> datetime:
    """As the command line takes it (2h, 2h ago, a day, a time with its zone), or a point as
    restores take it. Raises UsageError.
    """
    with suppress(UsageError):
        return moment_before(text, now)
    point = parse_point(text)
    if isinstance(point, Ago):
        return now - timedelta(seconds=point.seconds)
    if isinstance(point, Latest):
        return now
    if isinstance(point, Before):
        return point.entry.time
    seconds = point.end.t if isinstance(point, Position) else point.seconds
    return datetime.fromtimestamp(seconds, UTC)


def moment_complaint(text: str, now: datetime) -> str:
    """Why it is none, in words; empty: it is one."""
    try:
        parse_moment(text, now)
    except UsageError:
        return "not a moment: write 2h ago, a day, or a time as 2026-01-31T12:00:00Z"
    return ""


def path_complaint(text: str) -> str:
    """Why a file can not be written there; empty: it can."""
    path = Path(text).expanduser()
    if not path.is_absolute():
        return "a whole path is needed: /tmp/chart.csv"
    if path.exists():
        return "there is something of this name already"
    return "" if path.parent.is_dir() else f"there is no folder {path.parent}"
