"""A series as one line of columns, beside a number."""

from collections.abc import Sequence

from mmsconsole.console.present import chart
from mmsconsole.console.present.measures import measure
from mmsconsole.console.present.plot import Curve, thin
from mmsconsole.console.present.text import Line, Page, Span, Tone, line
from mmsconsole.console.present.timeline import Axis
from mmsconsole.operations.monitoring_views import SeriesView

FINE = 1000
"""Columns are drawn of whole numbers: so many are the greatest value."""


def spark(series: SeriesView, width: int, page: Page) -> Line:
    """Blank where nothing is known; a value that is not 0 shows at least a trace."""
    axis = Axis(series.since, series.until, width)
    columns: dict[int, float] = {}
    for run in thin(Curve(1, series.seconds, series.points), axis, width):
        columns |= _held({place: each.mean for place, each in run.items()})
    most = max(columns.values(), default=0.0) or 1.0
    values = [_whole(columns.get(place), most) for place in range(width)]
    return chart.columns(values, 1, FINE, page, Tone.ACCENT)[0]


def _held(run: dict[int, float]) -> dict[int, float]:
    """Without holes: a value holds until the next one, where columns are finer than points."""
    filled: dict[int, float] = {}
    for place in range(min(run), max(run) + 1):
        filled[place] = run[place] if place in run else filled[place - 1]
    return filled


def _whole(value: float | None, most: float) -> int | None:
    return None if value is None or value <= 0 else round(value / most * FINE)


def told(series: SeriesView | None, width: int, page: Page) -> Line:
    """The hour as columns, the newest value, and the greatest."""
    if series is None or not any(point.value is not None for point in series.points):
        return (Span("nothing is known of the last hour", Tone.DIM),)
    highs = (point.value if point.high is None else point.high for point in series.points)
    most = max(value for value in highs if value is not None)
    return line(
        spark(series, width, page), f" {measure(series.last, series.unit):>8}",
        Span(f"  at most {measure(most, series.unit)}", Tone.DIM),
    )  # fmt: skip


def of_member(all_of: Sequence[SeriesView], host: str) -> SeriesView | None:
    return next((one for one in all_of if one.member == host), None)
