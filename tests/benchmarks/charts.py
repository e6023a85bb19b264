"""How long a chart takes to draw: a week of three members, a sample each minute.

    python -m tests.benchmarks.charts [ROUNDS]

Everything from series to lines of text: made fewer, drawn by plotext, read back into cells.
"""

import math
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import plot
from mmsconsole.console.present.plot import Curve, Marks, axis_width
from mmsconsole.console.present.text import Page
from mmsconsole.console.present.timeline import Axis
from mmsconsole.monitoring.metrics import Unit
from mmsconsole.operations.monitoring_views import SeriesPoint
from tests.support.fake_data import NOW

WEEK = timedelta(days=7)
POINTS, MEMBERS = 10_080, 3
TITLE_AND_LEGEND = 8
SIZES = ((80, 24), (200, 50))


@dataclass(frozen=True, slots=True)
class Figure:
    width: int
    height: int
    signs: str
    band: bool
    milliseconds: float
    """The median, as do those that follow."""
    cpu: float
    """Of this, processor time: what a busy machine does not change much."""
    lines: int


def week(number: int, points: int = POINTS) -> Curve:
    """A wave of a day with a tremble, and an hour in which nothing is known."""
    step = WEEK / points

    def at(place: int) -> SeriesPoint:
        value = 120 * number + 80 * math.sin(place / points * 14 * math.pi) + place * 7919 % 41
        if points * 3 // 10 < place < points * 3 // 10 + points // 168:
            return SeriesPoint(NOW - WEEK + place * step, None, None, None)
        return SeriesPoint(NOW - WEEK + place * step, value, value * 0.9, value * 1.1)

    return Curve(number, step.total_seconds(), tuple(at(place) for place in range(points)))


def measured(rounds: int, points: int = POINTS) -> Iterator[Figure]:
    curves = [week(number, points) for number in range(1, MEMBERS + 1)]
    for width, height in SIZES:
        for glyphs, band in ((UNICODE, False), (UNICODE, True), (ASCII, False)):
            yield _figure(curves, Page(width, height - TITLE_AND_LEGEND, NOW, glyphs), band, rounds)


def _figure(curves: list[Curve], page: Page, band: bool, rounds: int) -> Figure:
    axis = Axis(NOW - WEEK, NOW, axis_width(page))
    marks = Marks(cursor=NOW - WEEK / 3, limit=400.0, band=band)
    times, cpu = [], []
    for _ in range(rounds):
        begun, used = time.perf_counter(), time.process_time()
        lines = plot.draw(curves, axis, Unit.PER_SECOND, marks, page)
        times.append(1000 * (time.perf_counter() - begun))
        cpu.append(1000 * (time.process_time() - used))
    return Figure(
        page.width, page.height + TITLE_AND_LEGEND, _name(page.glyphs), band,
        statistics.median(times), statistics.median(cpu), len(lines),
    )  # fmt: skip


def _name(glyphs: Glyphs) -> str:
    return "ascii" if glyphs is ASCII else "braille"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    print(f"a week of {MEMBERS} members, {POINTS} points each; median of {rounds} rounds")
    for one in measured(rounds):
        band = " with bands" if one.band else ""
        size = f"{one.width}x{one.height}"
        print(f"{size:>7} {one.signs:<8}{one.milliseconds:7.1f} ms, CPU {one.cpu:7.1f} ms{band}")


if __name__ == "__main__":
    main()
