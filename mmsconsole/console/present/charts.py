"""The page of one chart, and that of the pinned ones: title, curves, and values at the cursor."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mmsconsole.console.actions import key_of as key_of_action
from mmsconsole.console.charts import Chart, key_of
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present import plot
from mmsconsole.console.present.measures import measure
from mmsconsole.console.present.plot import Curve, Marks, point_at
from mmsconsole.console.present.text import Line, Page, Span, Tone, beside, cells, edges, fit, line
from mmsconsole.console.present.timeline import Axis
from mmsconsole.console.present.words import duration, moment, plural
from mmsconsole.operations.monitoring_views import MemberView, MetricView, SeriesView

CURVES_MAX = 9
"""That can be told apart by a digit."""
MOVING_KEYS = 3
KEYS = (
    (("chart.earlier", "chart.later"), "move"), (("chart.closer", "chart.farther"), "zoom"),
    (("chart.now",), "now"), (("chart.pin",), "pin"), (("chart.jump",), "moment"),
)  # fmt: skip
LEGEND_LINES, WIDE_LEGEND = 5, CURVES_MAX
PINNED_LINES = 5
NAME_CELLS, WIDE_NAME = 26, 50
OLD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that one chart is drawn of."""

    metric: MetricView
    series: tuple[SeriesView, ...]
    chart: Chart
    axis: Axis
    """As wide as the curves."""

    @property
    def visible(self) -> list[tuple[int, SeriesView]]:
        """With their numbers, which stay while others are hidden: so many as can be told apart."""
        numbered = enumerate(self.series, start=1)
        return [(n, one) for n, one in numbered if key_of(one) not in self.chart.hidden][
            :CURVES_MAX
        ]


def title(shown: Shown, note: str, page: Page) -> Line:
    """What it is and of when; `note`: pinned, being read."""
    metric, chart = shown.metric, shown.chart
    limit = "" if chart.limit is None else f"  limit {measure(chart.limit, metric.unit)}"
    # "Replication lag: lag" would say it twice.
    twice = f" {metric.chart}".lower().endswith(f" {metric.title}".lower())
    name = Span(metric.chart if twice else f"{metric.chart}: {metric.title}", Tone.TITLE)
    left = line(
        " ", name, Span(f"  {metric.unit}", Tone.DIM),
        Span(limit, Tone.WARN), Span(f"  {note}" if note else "", Tone.BUSY),
    )  # fmt: skip
    return edges(left, line(_span(shown, page), " "), page.width, page.glyphs.ellipsis)


def _span(shown: Shown, page: Page) -> Span:
    told = duration(shown.chart.span.total_seconds())
    if shown.chart.end is None:
        return Span(f"{told} up to now", Tone.GOOD)
    start, end, to = shown.axis.start, shown.axis.end, page.glyphs.arrow
    return Span(f"{told}: {start:%Y-%m-%d %H:%M} {to} {end:%m-%d %H:%M}Z", Tone.TEXT)


def curves(shown: Shown, page: Page) -> list[Line]:
    """As many lines as the page has. With one curve alone its least and greatest values, too."""
    drawn = [Curve(number, one.seconds, one.points) for number, one in shown.visible]
    marks = Marks(shown.chart.cursor, shown.chart.limit, band=len(drawn) == 1)
    return plot.draw(drawn, shown.axis, shown.metric.unit, marks, page)


def legend(shown: Shown, members: Iterable[MemberView], chosen: str, page: Page) -> list[Line]:
    """A line for each member with its value at the cursor, or the newest one."""
    at = shown.chart.cursor
    when = "newest values" if at is None else f"at {moment(at)}"
    hidden = len(shown.series) - len(shown.visible)
    more = f", {hidden} not drawn" if hidden else ""
    told = line(
        " ", Span(when, Tone.TITLE if at else Tone.DIM),
        Span(f"  {plural(len(shown.series), 'line')}{more}", Tone.DIM),
    )  # fmt: skip
    head = edges(told, _keys(page.width - cells(told), page), page.width, page.glyphs.ellipsis)
    states = {member.host: member.state if member.up else "no answer" for member in members}
    most = WIDE_LEGEND if page.height >= 36 else LEGEND_LINES
    place = next((p for p, one in enumerate(shown.series) if key_of(one) == chosen), 0)
    top = max(0, min(place - most // 2, len(shown.series) - most))
    numbered = list(enumerate(shown.series, start=1))[top : top + most]
    rows = [_row(number, one, shown, states.get(one.member, ""), key_of(one) == chosen, page)
            for number, one in numbered]  # fmt: skip
    return [head, *rows]


def _keys(room: int, page: Page) -> Line:
    """What the footer has no room for: how to move; and more, as far as there is room here."""
    told = line()
    for ids, word in KEYS[:MOVING_KEYS] if page.wide else KEYS:
        keys = " ".join(key_name(key_of_action(id_), page.glyphs) for id_ in ids)
        longer = line(told, Span(keys, Tone.KEY), Span(f" {word}  ", Tone.DIM))
        if told and cells(longer) >= room:
            break
        told = longer
    return told


def _row(number: int, one: SeriesView, shown: Shown, state: str, chosen: bool, page: Page) -> Line:
    drawn = (number, one) in shown.visible
    tone = plot.tone_of(number) if drawn else Tone.DIM
    here = f" {page.glyphs.here} " if chosen else "   "
    title_ = Span(name_of(one), Tone.TITLE if drawn else Tone.DIM)
    name = fit((title_,), WIDE_NAME if page.wide else NAME_CELLS, page.glyphs.ellipsis)
    values = _values(one, number, shown, page) if drawn else (Span("hidden", Tone.DIM),)
    return line(Span(here, Tone.KEY), Span(f"{number % 10} ", tone), name,
                Span(f" {state:<10} ", Tone.DIM), values)  # fmt: skip


def name_of(one: SeriesView) -> str:
    """The part first: of two in one member it is what differs."""
    return f"{one.part} on {one.member}" if one.part else one.member


def _values(one: SeriesView, number: int, shown: Shown, page: Page) -> Line:
    """At the cursor. The newest one with its time where it is not new."""
    cursor = shown.chart.cursor
    curve = Curve(number, one.seconds, one.points)
    found = point_at(curve, cursor, shown.axis) if cursor is not None else next(
        (point for point in reversed(one.points) if point.value is not None), None)  # fmt: skip
    if found is None:
        return (Span("nothing is known", Tone.DIM),)
    value = f"{measure(found.value, one.unit):>10}"
    old = (page.now - found.at).total_seconds() > max(OLD_SECONDS, plot.APART * one.seconds)
    if cursor is None and old:
        return (Span(f"{value}  at {moment(found.at)}", Tone.DIM),)
    told = line(value)
    if found.low is None or found.high is None or found.low == found.high:
        return told
    low, high = measure(found.low, one.unit), measure(found.high, one.unit)
    return line(told, Span(f"  {low} to {high}", Tone.DIM))


# Pinned


@dataclass(frozen=True, slots=True)
class Places:
    """How the pinned charts share a page."""

    columns: int
    width: int
    """Of one."""
    height: int
    """Of one without the times, which stand below the last row alone."""
    rows: int
    """That are in sight."""


def places(count: int, page: Page) -> Places:
    columns = 2 if page.wide and count > 1 else 1
    room = page.height - 1 - plot.BELOW
    rows = max(1, min(-(-count // columns), room // PINNED_LINES))
    return Places(columns, (page.width - 2 * (columns - 1)) // columns, room // rows, rows)


Drawn = Callable[[Shown, Page], list[Line]]


def pinned(shown: Sequence[Shown], chosen: int, drawn: Drawn, page: Page) -> list[Line]:
    """The row with the chosen one is in sight; the members stand below, once for all. `drawn`:
    curves() or what keeps them.
    """
    told = places(len(shown), page)
    top = max(0, chosen // told.columns - told.rows + 1) * told.columns
    seen = list(enumerate(shown))[top : top + told.rows * told.columns]
    small = Page(told.width, told.height + plot.BELOW, page.now, page.glyphs)
    tiles = [_tile(one, place == chosen, drawn, small) for place, one in seen]
    lines: list[Line] = []
    for at in range(0, len(tiles), told.columns):
        left, right = tiles[at], tiles[at + 1 : at + told.columns]
        both = beside(left, right[0], told.width, page) if right else left
        lines += both if at + told.columns >= len(tiles) else both[: -plot.BELOW]
    return [*lines, _who(shown, page)]


def _tile(shown: Shown, chosen: bool, drawn: Drawn, page: Page) -> list[Line]:
    head = title(shown, "", page)
    if chosen:
        head = tuple(Span(span.text, Tone.CURSOR) for span in head)
    return [head, *drawn(shown, Page(page.width, page.height - 1, page.now, page.glyphs))]


def _who(shown: Sequence[Shown], page: Page) -> Line:
    """Numbers and members of the chart that has most of them."""
    most = max(shown, key=lambda one: len(one.series), default=None)
    when = most.chart.cursor if most else None
    told = line(" ", Span(f"{moment(when)}  " if when else "", Tone.TITLE))
    for number, one in most.visible if most else []:
        sign = Span(f"{number % 10} ", plot.tone_of(number))
        told = line(told, sign, Span(f"{name_of(one)}  ", Tone.DIM))
    return fit(told, page.width, page.glyphs.ellipsis)
