"""The oplog browser as a value."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mmsconsole.console.oplog import (
    ROWS_MAX,
    Answer,
    Browser,
    Part,
    Request,
    behind,
    first_from,
    key_of,
    taken_in,
)
from mmsconsole.operations.oplog_views import OplogRate, OplogRow
from mmsconsole.operations.views import Window
from mmsconsole.optime import Optime


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def rows(first: int, last: int) -> tuple[OplogRow, ...]:
    return tuple(OplogRow("entry", Optime(t, 1)) for t in range(first, last + 1))


def seconds(browser: Browser) -> tuple[int, int, int]:
    return browser.rows[0].optime.t, browser.rows[-1].optime.t, len(browser.rows)


RATE = OplogRate(at(1000), 10.0, (1,) * 60, True, Window(Optime(1000, 1), Optime(1599, 1)))
BROWSER = Browser().with_rate(RATE)


def answered(part: Part, found: tuple[OplogRow, ...], **ends: Optime | None) -> Answer:
    return Answer(Request(part), found, ends.get("older"), ends.get("newer"))


def test_the_pointer_begins_at_the_end_and_moves_by_columns_within_what_is_stored() -> None:
    assert BROWSER.cursor == at(1599)
    assert BROWSER.moved(-1).cursor == at(1589)
    assert BROWSER.moved(-10).moved(1).cursor == at(1509)
    assert BROWSER.moved(5).cursor == at(1599)
    assert BROWSER.moved(-1000).cursor == at(1000)
    assert Browser().moved(1) == Browser()


def test_zooming_keeps_the_pointer_in_sight_and_ends_with_the_whole() -> None:
    closer = replace(BROWSER, cursor=at(1300)).stretch(closer=True)
    assert closer is not None
    first, last = (int(point.split(":")[0]) for point in closer)
    assert first < 1300 < last
    assert 280 < last - first < 310
    assert BROWSER.stretch(closer=False) == ("", "")
    assert Browser().stretch(closer=True) is None


def test_a_pointer_out_of_sight_moves_the_graph_and_one_in_sight_does_not() -> None:
    part = replace(BROWSER, rate=replace(RATE, start=at(1200), counts=(1,) * 20))
    assert replace(part, cursor=at(1300)).stretch(closer=None) is None
    moved = replace(part, cursor=at(1100)).stretch(closer=None)
    assert moved is not None
    assert moved[0] == "1100:0"


def test_pages_are_put_together_without_doubles_and_never_too_many() -> None:
    browser = taken_in(Browser(), answered(Part.LATEST, rows(500, 699), older=Optime(500, 1)))
    browser = taken_in(browser, answered(Part.NEWER, rows(699, 750)))
    assert seconds(browser) == (500, 750, 251)
    browser = taken_in(browser, answered(Part.OLDER, rows(100, 500), older=Optime(100, 1)))
    assert seconds(browser) == (100, 699, ROWS_MAX)
    assert behind(browser) == Optime(699, 1)
    browser = taken_in(browser, answered(Part.NEWER, rows(700, 900)))
    assert seconds(browser) == (301, 900, ROWS_MAX)
    assert browser.older == Optime(301, 1)


def test_what_is_behind_the_rows_is_where_reading_came_to() -> None:
    assert behind(Browser()) is None
    empty = taken_in(Browser(), answered(Part.AROUND, (), newer=Optime(7, 1)))
    assert behind(empty) == Optime(7, 1)
    gap = OplogRow("gap", Optime(5, 1), Optime(9, 1))
    assert behind(Browser(rows=(gap,))) == Optime(9, 1)


@pytest.mark.parametrize(("second", "found"), [(5, 5), (0, 1), (9, 9), (50, 9)])
def test_a_moment_stands_for_the_first_row_from_it_on(second: int, found: int) -> None:
    row = first_from(rows(1, 9), Optime(second, 0))
    assert row is not None
    assert row.optime.t == found


def test_rows_of_one_moment_are_told_apart() -> None:
    entry, gap = OplogRow("entry", Optime(5, 1)), OplogRow("gap", Optime(5, 1))
    assert key_of(entry) != key_of(gap)
    assert Browser(rows=(entry, gap)).row(key_of(gap)) == gap
