"""Columns that share the width, and the row under the cursor."""

import pytest

from mmsconsole.console.glyphs import UNICODE
from mmsconsole.console.present import events, jobs, overview, restores, snapshots
from mmsconsole.console.present.table import (
    Column,
    Row,
    draw_header,
    draw_row,
    scrolled,
    widths,
)
from mmsconsole.console.present.text import Page, Span, Tone, cells, plain
from tests.support.fake_data import NOW

COLUMNS = (Column("NAME", 8, grow=1), Column("LAG", 5, right=True))
ROW = Row("k", ((Span("orders"),), (Span("2s"),)))


def page(width: int) -> Page:
    return Page(width, 10, NOW, UNICODE)


def test_what_is_left_over_goes_to_the_columns_that_grow() -> None:
    assert widths(COLUMNS, 40) == [31, 5]


def test_what_does_not_fit_is_left_out_at_the_right() -> None:
    assert widths(COLUMNS, 12) == [8, 0]


def test_a_row_is_aligned_with_its_header() -> None:
    header, row = (
        plain(draw_header(COLUMNS, page(30))),
        plain(draw_row(COLUMNS, ROW, page(30), cursor=False)),
    )
    assert header.index("NAME") == row.index("orders")
    assert header.rindex("G") == row.rindex("s")


def test_the_cursor_is_a_sign_and_a_tone_over_the_whole_width() -> None:
    drawn = draw_row(COLUMNS, ROW, page(30), cursor=True)
    assert plain(drawn).startswith("▸ orders")
    assert cells(drawn) == 30
    assert {span.tone for span in drawn} == {Tone.CURSOR}


@pytest.mark.parametrize("width", [80, 132])
@pytest.mark.parametrize(
    "columns",
    [overview.columns, snapshots.columns, jobs.columns, restores.columns,
     lambda page: events.columns(page, names=True), lambda page: events.columns(page, names=False)],
)  # fmt: skip
def test_every_table_shows_all_its_columns_at_both_sizes(columns: object, width: int) -> None:
    shown = columns(page(width))  # type: ignore[operator]
    assert all(widths(shown, width - 1))
    assert cells(draw_header(shown, page(width))) <= width


@pytest.mark.parametrize(
    ("top", "cursor", "count", "height", "expected"),
    [(0, 0, 5, 10, 0), (0, 9, 20, 5, 5), (5, 6, 20, 5, 5), (5, 2, 20, 5, 2), (15, 16, 17, 5, 12)],
)
def test_scrolling_keeps_the_cursor_in_sight_and_wastes_no_room(
    top: int, cursor: int, count: int, height: int, expected: int
) -> None:
    assert scrolled(top, cursor, count, height) == expected
