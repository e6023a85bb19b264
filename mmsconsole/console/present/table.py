"""Tables as lines: columns that share the width, rows that are known by a key."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmsconsole.console.present.text import Line, Page, Span, Tone, fit, line

BETWEEN = 2


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    grow: int = 0
    """Its share of the room that is left over; 0: it keeps its width."""
    right: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    """Stands for the same thing as long as it is shown: the cursor holds on to it."""
    cells: tuple[Line, ...]


def widths(columns: Sequence[Column], width: int) -> list[int]:
    """Cells of each column; what does not fit at the right is left out (0)."""
    shares = sum(column.grow for column in columns)
    spare = width - sum(column.width + BETWEEN for column in columns)
    found: list[int] = []
    used = 0
    for column in columns:
        wanted = column.width
        if spare > 0 and column.grow:
            wanted += spare * column.grow // shares
        wanted = min(wanted, max(0, width - used - BETWEEN))
        found.append(wanted if wanted >= min(column.width, 4) else 0)
        used += found[-1] + BETWEEN if found[-1] else 0
    return found


def draw_header(columns: Sequence[Column], page: Page) -> Line:
    titles = tuple((Span(column.title, Tone.DIM),) for column in columns)
    return _draw(columns, titles, page, " " * BETWEEN)


def draw_row(columns: Sequence[Column], row: Row, page: Page, *, cursor: bool) -> Line:
    """The row under the cursor is one span of one tone: its words and signs stay."""
    drawn = _draw(columns, row.cells, page, page.glyphs.here + " " if cursor else " " * BETWEEN)
    if not cursor:
        return drawn
    return tuple(Span(span.text, Tone.CURSOR) for span in fit(drawn, page.width, ""))


def _draw(columns: Sequence[Column], texts: Sequence[Line], page: Page, lead: str) -> Line:
    drawn = line(lead)
    first = True
    for column, text, width in zip(columns, texts, widths(columns, page.width - 1), strict=True):
        if width:
            between = "" if first else " " * BETWEEN
            cell = fit(text, width, page.glyphs.ellipsis, right=column.right)
            drawn = line(drawn, between, cell)
            first = False
    return drawn


def scrolled(top: int, cursor: int, count: int, height: int) -> int:
    """The first row to show so that the cursor is in sight and no room is wasted."""
    top = min(top, cursor, max(0, count - height))
    return max(top, cursor - height + 1, 0)
