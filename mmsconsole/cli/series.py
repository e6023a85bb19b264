"""Series of a metric for people and for spreadsheets: drawn, as lines, or as CSV."""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from itertools import zip_longest
from shutil import get_terminal_size
from typing import Any

from mmsconsole.cli.documents import rfc3339
from mmsconsole.cli.shell import Shell, plain
from mmsconsole.console.glyphs import Glyphs, choose_glyphs
from mmsconsole.console.present.measures import measure
from mmsconsole.console.present.words import duration, moment
from mmsconsole.operations.monitoring_views import LatestView, SeriesView

CELLS_MIN, CELLS_MAX = 16, 120
SUBJECT_CELLS_MAX = 40


@dataclass(frozen=True, slots=True)
class PointRow:
    """One point of one series; none stands where nothing is known."""

    at: datetime
    metric: str
    member: str
    part: str
    unit: str
    value: float
    low: float
    high: float


def rows_of(found: Iterable[SeriesView]) -> list[PointRow]:
    return [
        PointRow(
            point.at, one.metric, one.member, one.part, one.unit, point.value,
            point.value if point.low is None else point.low,
            point.value if point.high is None else point.high,
        )
        for one in found for point in one.points if point.value is not None
    ]  # fmt: skip


def csv_of(rows: Sequence[Any]) -> str:
    """RFC 4180 with plain numbers, times in UTC: PointRows, or LatestViews."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if rows and isinstance(rows[0], LatestView):
        writer.writerow(("metric", "member", "unit", "value"))
        for row in rows:
            for member, value in sorted(row.values.items()):
                writer.writerow((row.metric.name, _cell(member), row.metric.unit, value))
        return out.getvalue()
    writer.writerow(("time", "metric", "member", "part", "unit", "value", "low", "high"))
    for row in rows:
        writer.writerow((
            rfc3339(row.at), row.metric, _cell(row.member), _cell(row.part), row.unit, row.value,
            row.low, row.high,
        ))  # fmt: skip
    return out.getvalue()


def _cell(text: str) -> str:
    """Names come from outside: what a spreadsheet would take for a formula is a text."""
    return f"'{plain(text)}" if text[:1] in "=+-@" and text else plain(text)


def drawn(found: Sequence[SeriesView], shell: Shell) -> str:
    """A line for each series, all of one metric on one scale."""
    tree = shell.settings().tree
    glyphs = choose_glyphs(
        tree.console.ascii, shell.stdout.encoding or "", shell.environ.get("TERM", "")
    )
    return drawn_with(found, glyphs, get_terminal_size().columns)


def drawn_with(found: Sequence[SeriesView], glyphs: Glyphs, columns: int) -> str:
    lines: list[str] = []
    for metric in dict.fromkeys(one.metric for one in found):
        lines += _chart([one for one in found if one.metric == metric], glyphs, columns)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _chart(found: Sequence[SeriesView], glyphs: Glyphs, columns: int) -> list[str]:
    first = found[0]
    names = [_subject(one) for one in found]
    widest = max(map(len, names))
    told = [_told(one) for one in found]
    cells = columns - widest - max(map(len, told)) - 4
    cells = max(CELLS_MIN, min(CELLS_MAX, cells))
    values = [point.value for one in found for point in one.points if point.value is not None]
    most = max(values, default=0.0)
    when = f"{first.metric}, {moment(first.since)} to {moment(first.until)}"
    how = f"a point is {duration(first.seconds)}, up to {measure(most, first.unit)}"
    title = f"{when}, {how}"
    return [
        *([title] if len(title) <= columns else [f"{when},", how]),
        *(
            f"{name:<{widest}}  {sparkline(one, cells, most, glyphs)}  {words}"
            for name, one, words in zip(names, found, told, strict=True)
        ),
    ]


def _subject(one: SeriesView) -> str:
    name = plain(f"{one.member}/{one.part}" if one.part else one.member)
    return name if len(name) <= SUBJECT_CELLS_MAX else f"...{name[3 - SUBJECT_CELLS_MAX :]}"


def _told(one: SeriesView) -> str:
    known = [point.value for point in one.points if point.value is not None]
    if not known:
        return "nothing is known"
    least, most = measure(min(known), one.unit), measure(max(known), one.unit)
    return f"{least} to {most}, last {measure(known[-1], one.unit)}"


def sparkline(one: SeriesView, cells: int, most: float, glyphs: Glyphs) -> str:
    """The highest value of each cell's stretch; a dash where nothing is known."""
    tops = tops_of(one, cells)
    steps = glyphs.columns[1:]
    last = len(steps) - 1
    return "".join(
        glyphs.gap if top is None else steps[round(min(1.0, top / most) * last) if most > 0 else 0]
        for top in tops
    )


def tops_of(one: SeriesView, cells: int) -> list[float | None]:
    """A point holds until the next one; before a gap, for as long as it stands for."""
    tops: list[float | None] = [None] * cells
    each = (one.until - one.since).total_seconds() / cells
    for point, after in zip_longest(one.points, one.points[1:]):
        if point.value is None:
            continue
        begin = (point.at - one.since).total_seconds()
        goes_on = after is not None and after.value is not None
        end = (after.at - one.since).total_seconds() if goes_on else begin + one.seconds
        for cell in range(max(0, int(begin / each)), min(cells, math.ceil(end / each))):
            top = tops[cell]
            tops[cell] = point.value if top is None else max(point.value, top)
    return tops
