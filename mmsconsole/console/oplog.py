"""The oplog browser as a value: what is shown of an oplog, and where. No screen, no engine."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mmsconsole.console.ports import Reading
from mmsconsole.console.present.timeline import Axis
from mmsconsole.operations.oplog_views import ENTRY, OplogPage, OplogQuery, OplogRate, OplogRow
from mmsconsole.operations.views import Window
from mmsconsole.oplog.filters import NOTHING, Filter
from mmsconsole.optime import Optime
from mmsconsole.task import Task

ROWS, ROWS_BEFORE, ROWS_MAX = 200, 20, 600
SCAN_BYTES = 200_000_000
"""So much oplog is read for one page at most; a rare kind of entry may need more, and says so."""
PAGE_CELLS = 10
ZOOM, NEARLY = 0.5, 0.9


class Part(StrEnum):
    """Of the oplog, to be read."""

    LATEST = "latest"
    OLDEST = "oldest"
    AROUND = "around"
    NEWER = "newer"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Browser:
    rows: tuple[OplogRow, ...] = ()
    """Oldest first."""
    rate: OplogRate | None = None
    cursor: datetime | None = None
    """Where the graph's pointer is; None: nothing was read yet."""
    typed: str = ""
    """The filter, as it was typed."""
    wanted: Filter = NOTHING
    searched: Optime | None = None
    """Where the last search has led: the next one goes on before it."""
    older: Optime | None = None
    """There may be more before it; None: there is not."""
    newer: Optime | None = None
    """All up to there was looked at; None: what comes behind the last row."""

    @property
    def axis(self) -> Axis | None:
        rate = self.rate
        if rate is None or not rate.counts:
            return None
        end = rate.start + timedelta(seconds=rate.seconds * (len(rate.counts) - 1))
        return Axis(rate.start, end, len(rate.counts))

    @property
    def stored(self) -> Window | None:
        return self.rate.stored if self.rate is not None else None

    def row(self, key: str) -> OplogRow | None:
        return next((row for row in self.rows if key_of(row) == key), None)

    def with_rate(self, rate: OplogRate) -> "Browser":
        cursor = self.cursor
        if cursor is None and rate.stored is not None:
            cursor = rate.stored.end.time
        return replace(self, rate=rate, cursor=cursor)

    def moved(self, columns: int) -> "Browser":
        """By columns of the graph, within what is stored."""
        if self.rate is None or self.stored is None or self.cursor is None:
            return self
        seconds = max(1, round(self.rate.seconds * abs(columns)))
        at = self.cursor + timedelta(seconds=seconds if columns > 0 else -seconds)
        first, last = self.stored.start.time, self.stored.end.time
        return replace(self, cursor=min(max(at, first), last))

    def stretch(self, closer: bool | None) -> tuple[str, str] | None:
        """The two points that the graph shall reach from and to; None: as it is. `closer`: zoom;
        None: only so that the pointer is in sight. Both empty: all there is.
        """
        axis, stored, cursor = self.axis, self.stored, self.cursor
        if axis is None or stored is None or cursor is None:
            return None
        if closer is None:
            length = timedelta(seconds=axis.seconds_per_cell)
            in_sight = axis.start <= cursor < axis.end + length
            return None if in_sight else points(axis.showing(cursor))
        zoomed = axis.zoomed(ZOOM if closer else 1 / ZOOM, cursor)
        if zoomed.end - zoomed.start >= NEARLY * (stored.end.time - stored.start.time):
            return "", ""
        return points(zoomed.showing(cursor))


def points(axis: Axis) -> tuple[str, str]:
    """The first and the last second of its columns."""
    first = max(0, int(axis.start.timestamp()))
    last = int(axis.end.timestamp() + axis.seconds_per_cell) - 1
    return f"{first}:0", f"{max(first, last)}:0"


def key_of(row: OplogRow) -> str:
    return f"{row.row}:{row.optime}"


def position_at(moment: datetime) -> Optime:
    """Before all entries of that second."""
    return Optime(int(moment.timestamp()), 0)


def time_of(row: OplogRow) -> datetime:
    return datetime.fromtimestamp(row.optime.t, UTC)


def first_from(rows: tuple[OplogRow, ...], at: Optime) -> OplogRow | None:
    """The row that stands for a moment: the first at or behind it, else the last one."""
    return next((row for row in rows if row.optime >= at), rows[-1] if rows else None)


# -- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    part: Part
    at: Optime | None = None
    """Of AROUND: the position; of NEWER and OLDER: where to go on."""


@dataclass(frozen=True, slots=True)
class Answer:
    request: Request
    rows: tuple[OplogRow, ...]
    """Oldest first."""
    older: Optime | None
    newer: Optime | None


def read(
    operations: Reading, name: str, request: Request, wanted: Filter, task: Task
) -> Answer:  # fmt: skip
    """Raises MmsError, Cancelled."""

    def page(*, after: Optime | None = None, before: Optime | None = None, limit: int = ROWS,
             back: bool = False) -> OplogPage:  # fmt: skip
        query = OplogQuery(after, before, back, wanted, limit, SCAN_BYTES)
        return operations.oplog(name, query, task=task)

    at = request.at
    if request.part in (Part.LATEST, Part.OLDER):
        back = page(before=at, back=True)
        return Answer(request, back.rows[::-1], back.goes_on, None)
    if request.part is Part.AROUND and at is not None:
        back = page(before=at, limit=ROWS_BEFORE, back=True)
        ahead = page(after=at.before)
        return Answer(request, back.rows[::-1] + ahead.rows, back.goes_on, ahead.goes_on)
    ahead = page(after=at)
    return Answer(request, ahead.rows, None, ahead.goes_on)


def taken_in(browser: Browser, answer: Answer) -> Browser:
    """With what was read; not more than ROWS_MAX rows, of the side that was asked for."""
    part = answer.request.part
    if part is Part.NEWER:
        rows = _joined(browser.rows, answer.rows)[-ROWS_MAX:]
        return replace(browser, rows=rows, older=_before(rows, browser.older), newer=answer.newer)
    if part is Part.OLDER:
        rows = _joined(answer.rows, browser.rows)[:ROWS_MAX]
        return replace(browser, rows=rows, older=answer.older, newer=None)
    return replace(
        browser, rows=_joined(answer.rows, ()), older=answer.older, newer=answer.newer
    )  # fmt: skip


def _joined(first: tuple[OplogRow, ...], second: tuple[OplogRow, ...]) -> tuple[OplogRow, ...]:
    return tuple({key_of(row): row for row in (*first, *second)}.values())


def _before(rows: tuple[OplogRow, ...], known: Optime | None) -> Optime | None:
    """Where to go on before these rows, whose first ones may have been left out."""
    if not rows or known is None:
        return known
    first = rows[0]
    return first.optime if first.row == ENTRY else first.optime.after


def behind(browser: Browser) -> Optime | None:
    """Where to go on behind the rows."""
    if browser.newer is not None or not browser.rows:
        return browser.newer
    last = browser.rows[-1]
    return last.until or last.optime
