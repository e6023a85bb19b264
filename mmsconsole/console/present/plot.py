"""Series of values over time as lines of text: axes, curves, gaps, a cursor and a limit.

Each member keeps its number: at the end of its curve, in the legend, and in ASCII the curve is
drawn with it. So they can be told apart without colours.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mmsconsole.console.glyphs import ASCII, Glyphs
from mmsconsole.console.present import canvas, timeline
from mmsconsole.console.present.canvas import BRAILLE, DOTS, Cell, Stroke
from mmsconsole.console.present.measures import measure, scale
from mmsconsole.console.present.text import Line, Page, Span, Tone, line
from mmsconsole.console.present.timeline import Axis

LEFT, RIGHT = 11, 2
"""Cells of the labels with the upright, and of the numbers behind the curves."""
BELOW = 2
TONES = (Tone.ACCENT, Tone.KEY, Tone.GOOD, Tone.BUSY, Tone.TITLE, Tone.TEXT)
"""Of the curves: none that tells of trouble."""
BAND = len(TONES) + 1
"""The sign of what lies around a mean."""
APART = 2.5
"""Points that are farther apart than so many times their distance have a gap between them."""
LABEL_LINES, LABELS_MIN = 2, 4
"""One label of the scale to so many lines, or fewer."""


class Point(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def value(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Curve:
    number: int
    """From 1: it stays with its member while others are hidden."""
    seconds: float
    """That one point stands for."""
    points: Sequence[Point]

    @property
    def tone(self) -> Tone:
        return tone_of(self.number)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn over the curves."""

    cursor: datetime | None = None
    limit: float | None = None
    band: bool = False
    """The least and the greatest value beside each mean."""


def tone_of(number: int) -> Tone:
    return TONES[(number - 1) % len(TONES)]


def axis_width(page: Page) -> int:
    return max(2, page.width - LEFT - RIGHT)


def draw(curves: Sequence[Curve], axis: Axis, unit: str, marks: Marks, page: Page) -> list[Line]:
    """`page.height` lines: curves with their scale, and the time below them. The axis is as wide
    as axis_width() says.
    """
    height = max(2, page.height - BELOW)
    dots = 1 if page.glyphs is ASCII else DOTS
    thinned = [(curve, thin(curve, axis, axis.width * dots)) for curve in curves]
    values = scale(*_extremes(thinned, marks), max(LABELS_MIN, height // LABEL_LINES), unit)
    grid = _Grid(axis, values[0], values[-1], height)
    cells = canvas.draw(_strokes(thinned, grid, marks, dots), axis.width, height)
    labels = {grid.row(value): measure(value, unit) for value in values}
    ends = _ends(thinned, grid)
    over = _over(grid, marks, page.glyphs)
    rows = [
        line(_label(labels.get(row, ""), page.glyphs), _row(cells[row], row, over),
             ends.get(row, Span(" ")))
        for row in range(height)
    ]  # fmt: skip
    return [*rows, *reversed(timeline.scale_lines(axis, page.glyphs, LEFT))]


# Fewer points


@dataclass(slots=True)
class Column:
    """What fell into one column of dots."""

    total: float = 0.0
    count: int = 0
    low: float = field(default=float("inf"))
    high: float = field(default=float("-inf"))

    @property
    def mean(self) -> float:
        return self.total / self.count

    def take(self, point: Point, value: float) -> None:
        self.total += value
        self.count += 1
        self.low = min(self.low, value if point.low is None else point.low)
        self.high = max(self.high, value if point.high is None else point.high)


Run = dict[int, Column]
"""By column: a stretch without a gap."""


def thin(curve: Curve, axis: Axis, columns: int) -> list[Run]:
    """At most one mean for a column of dots, whatever the number of points; a gap begins a new run
    unless it lies within one column.
    """
    begin, total = axis.start.timestamp(), (axis.end - axis.start).total_seconds()
    apart = curve.seconds * APART
    runs: list[Run] = []
    before = float("-inf")
    last = -1
    gap = True
    for point in curve.points:
        value = point.value
        at = point.at.timestamp()
        if value is None:
            gap = True
            continue
        share = (at - begin) / total
        if not 0 <= share <= 1:
            continue
        column = min(columns - 1, int(share * columns))
        if column != last and (gap or at - before > apart):
            runs.append({})
        runs[-1].setdefault(column, Column()).take(point, value)
        before, last, gap = at, column, False
    return runs


Thinned = tuple[Curve, list[Run]]


def _extremes(thinned: Iterable[Thinned], marks: Marks) -> tuple[float, float]:
    """A limit far above everything is left out: nothing could be seen below it."""
    columns = [each for _, runs in thinned for run in runs for each in run.values()]
    low = min((each.low if marks.band else each.mean for each in columns), default=0.0)
    high = max((each.high if marks.band else each.mean for each in columns), default=0.0)
    if marks.limit is not None and marks.limit <= 2 * max(high, 0.0):
        high = max(high, marks.limit)
    return low, high


# On the canvas


@dataclass(frozen=True, slots=True)
class _Grid:
    axis: Axis
    low: float
    high: float
    height: int

    def share(self, value: float) -> float:
        """From below, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def row(self, value: float) -> int:
        """From above."""
        dots = self.height * 4
        return self.height - 1 - int(0.5 + (dots - 1) * self.share(value)) // 4


def _strokes(thinned: Sequence[Thinned], grid: _Grid, marks: Marks, dots: int) -> list[Stroke]:
    width = max(1, grid.axis.width * dots - 1)

    def stroke(run: Run, values: Iterable[float], marker: str, sign: int) -> Stroke:
        points = [(x / width, grid.share(y)) for x, y in zip(run, values, strict=True)]
        return Stroke(points, marker, sign)

    made: list[Stroke] = []
    if marks.band:
        marker = "." if dots == 1 else BRAILLE
        for run in (run for _, runs in thinned for run in runs if _wide(run)):
            made.append(stroke(run, (each.low for each in run.values()), marker, BAND))
            made.append(stroke(run, (each.high for each in run.values()), marker, BAND))
    for curve, runs in thinned:
        marker = _digit(curve.number) if dots == 1 else BRAILLE
        sign = (curve.number - 1) % len(TONES) + 1
        made += [stroke(run, (one.mean for one in run.values()), marker, sign) for run in runs]
    return made


def _wide(run: Run) -> bool:
    return any(each.high > each.low for each in run.values())


def _digit(number: int) -> str:
    return str(number % 10)


def _ends(thinned: Iterable[Thinned], grid: _Grid) -> dict[int, Span]:
    """The numbers of the curves, each where it ends or as near as there is room."""
    ends: dict[int, Span] = {}
    for curve, runs in thinned:
        if runs:
            row = grid.row(list(runs[-1].values())[-1].mean)
            free = [one for one in range(grid.height) if one not in ends]
            if free:
                nearest = min(free, key=lambda one: (abs(one - row), one))
                ends[nearest] = Span(f" {_digit(curve.number)}", curve.tone)
    return ends


# Lines


def _label(text: str, glyphs: Glyphs) -> Span:
    return Span(f"{text:>{LEFT - 2}} {glyphs.bar}", Tone.DIM)


Over = tuple[dict[int, Span], dict[int, Span]]
"""By row, and by column: what stands in cells that are free."""


def _over(grid: _Grid, marks: Marks, glyphs: Glyphs) -> Over:
    rows: dict[int, Span] = {}
    columns: dict[int, Span] = {}
    if marks.limit is not None and grid.low <= marks.limit <= grid.high:
        rows[grid.row(marks.limit)] = Span(glyphs.gap, Tone.WARN)
    column = None if marks.cursor is None else cell_of(marks.cursor, grid.axis)
    if column is not None:
        columns[column] = Span(glyphs.bar, Tone.TITLE)
    return rows, columns


def _row(cells: Sequence[Cell], row: int, over: Over) -> Line:
    return tuple(timeline.joined(list(_spans(cells, row, over))))


def _spans(cells: Sequence[Cell], row: int, over: Over) -> Iterator[Span]:
    rows, columns = over
    for place, cell in enumerate(cells):
        if cell.sign == BAND:
            yield columns.get(place, Span(cell.text, Tone.DIM))
        elif cell.sign:
            yield Span(cell.text, TONES[cell.sign - 1])
        else:
            yield columns.get(place) or rows.get(row) or timeline.BLANK


# The cursor


def cell_of(at: datetime, axis: Axis) -> int | None:
    """The cell that a moment falls into; None beyond the ends."""
    share = (at - axis.start) / (axis.end - axis.start)
    return min(axis.width - 1, int(share * axis.width)) if 0 <= share <= 1 else None


def point_at(curve: Curve, at: datetime, axis: Axis) -> Point | None:
    """The newest known value of the cell that the cursor stands in; None: there is none."""
    cell = (axis.end - axis.start).total_seconds() / axis.width
    column = int((at - axis.start).total_seconds() / cell)
    end = axis.start.timestamp() + (column + 1) * cell
    begin = end - max(cell, curve.seconds * APART)
    near = (one for one in reversed(curve.points) if begin <= one.at.timestamp() < end)
    return next((one for one in near if one.value is not None), None)
