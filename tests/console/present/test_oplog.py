"""The oplog browser's lines."""

from dataclasses import replace

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE
from mmsconsole.console.oplog import Browser
from mmsconsole.console.present import oplog
from mmsconsole.console.present.table import draw_row
from mmsconsole.console.present.text import Page, Tone, cells, plain
from mmsconsole.operations.oplog_browser import row_of
from mmsconsole.operations.oplog_views import OplogEntryView, OplogRow
from mmsconsole.oplog.destruction import Destruction
from mmsconsole.optime import Optime
from tests.support import fake_data as data
from tests.support import oplog_entries as made
from tests.support.fake_data import NOW
from tests.support.fake_oplog import entry, oplog_of_a_day

SMALL, WIDE = Page(80, 24, NOW, UNICODE), Page(132, 40, NOW, UNICODE)
AT = int(NOW.timestamp())
DROP = row_of(entry(AT, 3, made.command(0, {"drop": "x\x1b[2J"}, db="shop")))


def browser(page: Page) -> Browser:
    rate = oplog_of_a_day().rate(oplog.graph_width(page), "", "")
    return Browser().with_rate(rate)


@pytest.mark.parametrize("page", [SMALL, WIDE, replace(SMALL, glyphs=ASCII)])
def test_the_graph_fits_and_has_its_pointer_under_the_newest_column(page: Page) -> None:
    lines = oplog.graph(browser(page), data.in_sync("orders"), page)
    assert all(cells(line) <= page.width for line in lines)
    assert len(lines) == (7 if page.width == 80 else 10)
    pointer = plain(lines[-1])
    assert pointer.rstrip().endswith(page.glyphs.pointer)
    assert "2026-07-16 12:04:20Z" in pointer


def test_a_rate_that_is_not_exact_says_so() -> None:
    rough = browser(SMALL)
    assert rough.rate is not None
    rough = replace(rough, rate=replace(rough.rate, exact=False))
    assert plain(oplog.graph(rough, None, SMALL)[2]).startswith(" ~")


def test_without_an_oplog_there_is_no_graph() -> None:
    assert oplog.graph(Browser(), None, SMALL) == []


@pytest.mark.parametrize("page", [SMALL, WIDE])
def test_a_row_steers_no_terminal_and_tells_what_is_gone_in_its_tone(page: Page) -> None:
    row = oplog.row(DROP, page)
    assert "\x1b" not in plain(draw_row(oplog.columns(page), row, page, cursor=False))
    assert any(span.tone == Tone.BAD for cell in row.cells for span in cell)
    assert len(row.cells) == len(oplog.columns(page))


def test_an_id_that_has_its_column_is_not_told_twice() -> None:
    told = row_of(entry(AT, 1, made.insert(0, {"_id": 5, "a": 1})))
    assert plain(oplog.row(told, SMALL).cells[-1]) == "{a: 1}"


@pytest.mark.parametrize("kind", ["gap", "damaged", "beginning"])
def test_what_is_not_there_is_a_row_with_its_reason(kind: str) -> None:
    told = OplogRow(kind, Optime(AT, 1), Optime(AT + 60, 1), change="because of a resync")
    text = plain(draw_row(oplog.columns(SMALL), oplog.row(told, SMALL), SMALL, cursor=False))
    assert kind in text
    lines = [plain(line) for line in oplog.detail(told, SMALL)]
    assert "Because of a resync." in lines[1]


def test_a_moment_is_shown_as_time_and_as_optime() -> None:
    text = "\n".join(plain(line) for line in oplog.detail(DROP, SMALL))
    assert f"2026-07-16 12:04:30Z ({AT}:3)" in text
    one = Destruction("drop", "shop.x", Optime(AT, 3), Optime(AT, 3), 1)
    assert f"2026-07-16 12:04:30Z ({AT}:3)" in oplog.found_sentence(one)
    many = Destruction("delete", "shop.x", Optime(AT, 3), Optime(AT + 9, 3), 70)
    assert "70 deletes of shop.x from" in oplog.found_sentence(many)
    assert "until 2026-07-16 12:04:39Z" in oplog.found_sentence(many)


def test_an_entry_is_shown_whole_with_its_indent_however_long_a_line_is() -> None:
    view = OplogEntryView(DROP, ("{", '  "a": "' + "x" * 300 + '"', "}", "\x1b[2J"))
    lines = oplog.entry_lines(view, SMALL)
    assert all(cells(line) <= 80 for line in lines)
    text = "\n".join(plain(line) for line in lines)
    assert '\n   "a": "xxx' in text
    assert "\x1b" not in text
    assert sum(line.count("x") for line in text.splitlines()) >= 300
