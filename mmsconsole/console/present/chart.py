"""The history of the lag as columns, one per stretch of time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mmsconsole.console.present.text import Line, Page, Span, Tone, edges, line
from mmsconsole.console.present.words import duration
from mmsconsole.operations.views import LagPoint

SCALES = (10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 86400)
"""Upper ends of the scale in seconds. Fixed, so that a lag of 2 s never looks like trouble."""


def buckets(
    points: Sequence[LagPoint], now: datetime, span: timedelta, count: int
) -> list[int | None]:
    """The greatest lag in each of `count` stretches up to now; None where nothing was measured.

    The stretches begin at whole multiples of their length, so the picture stands still until
    the next one begins.
    """
    seconds = max(1, int(span.total_seconds()) // max(1, count))
    last = int(now.timestamp()) // seconds
    found: list[int | None] = [None] * count
    for point in points:
        place = int(point.at.timestamp()) // seconds - last + count - 1
        if 0 <= place < count:
            found[place] = max(found[place] or 0, point.lag_seconds)
    return found


def scale(values: Sequence[int | None]) -> int:
    highest = max((value for value in values if value is not None), default=0)
    return next((top for top in SCALES if highest <= top), highest)


def columns(
    values: Sequence[int | None], height: int, top: int, page: Page, tone: Tone | None = None
) -> list[Line]:
    """`height` lines, the highest first; any measured value shows at least a trace. Without a
    `tone` a value is judged as a lag.
    """
    steps = page.glyphs.columns
    per_cell = len(steps) - 1
    filled = [
        None if value is None else max(1, round(value / top * height * per_cell))
        for value in values
    ]
    lines: list[Line] = []
    for row in reversed(range(height)):
        signs = [_cell(fill, row, steps, per_cell) for fill in filled]
        lines.append(
            line(*(Span(sign, tone or _tone(v)) for sign, v in zip(signs, values, strict=True)))
        )
    return lines


def _cell(fill: int | None, row: int, steps: str, per_cell: int) -> str:
    return " " if fill is None else steps[min(per_cell, max(0, fill - row * per_cell))]


def _tone(value: int | None) -> Tone:
    return Tone.WARN if value is not None and value > 60 else Tone.GOOD


def lag_chart(points: Sequence[LagPoint], span: timedelta, height: int, page: Page) -> list[Line]:
    """Scale at the left, time below: `height` lines of columns and one for the times."""
    left = 8
    width = max(1, page.width - left - 2)
    values = buckets(points, page.now, span, width)
    top = scale(values)
    drawn = columns(values, height, top, page)
    labels = [duration(top), *[""] * (height - 2), "0s"] if height > 1 else [duration(top)]
    bar = page.glyphs.bar
    lines = [
        line(Span(f"{label:>{left - 1}}{bar}", Tone.DIM), columns_)
        for label, columns_ in zip(labels, drawn, strict=True)
    ]
    ends = edges((Span(f"{duration(span.total_seconds())} ago"),), (Span("now"),), width, "")
    return [*lines, line(" " * left, *(Span(span_.text, Tone.DIM) for span_ in ends))]
