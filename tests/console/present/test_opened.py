"""What is opened for reading and what is downloaded by links, as lines."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.console import opened as values
from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import links, opened
from mmsconsole.console.present.table import draw_header, draw_row
from mmsconsole.console.present.text import Page, cells, plain
from mmsconsole.console.present.words import remaining
from mmsconsole.metadata.links import LinkState
from mmsconsole.metadata.openings import OpeningState
from tests.support import fake_data as data
from tests.support import fake_opened as fakes
from tests.support.fake_data import NOW

EVIL = "\x1b[2J\x07\u202e" + "x" * 300
OPENINGS = [
    *fakes.openings().values(),
    fakes.opening(EVIL, EVIL, "failed", reason=EVIL, created_by=EVIL, snapshot=EVIL),
    fakes.opening("r-1", "orders", "closing", reason=EVIL),
]
LINKS = [*fakes.links().values(), fakes.link(EVIL, EVIL, "failed", reason=EVIL, created_by=EVIL)]
MAKING = [
    data.restore("r-1", EVIL, "queued", None, kind="open"),
    data.restore("r-2", "orders", "failed", None, kind="open", reason=EVIL),
    replace(data.restores()[0], kind="open"),
]


@pytest.fixture(params=[(80, UNICODE), (132, UNICODE), (80, ASCII)], ids=["80", "132", "ascii"])
def page(request: pytest.FixtureRequest) -> Page:
    width, glyphs = request.param
    assert isinstance(glyphs, Glyphs)
    return Page(width, 24, NOW, glyphs)


def test_every_row_has_its_cells_and_fits_its_page(page: Page) -> None:
    tables = [
        (opened.columns(page), [opened.row(one, page) for one in OPENINGS]),
        (opened.columns(page), [opened.making_row(one, page) for one in MAKING]),
        (opened.collection_columns(page),
         opened.collection_rows(fakes.COLLECTIONS, page)),
        (links.columns(page), [links.row(one, page) for one in LINKS]),
    ]  # fmt: skip
    for columns, rows in tables:
        assert cells(draw_header(columns, page)) <= page.width
        assert plain(draw_header(columns, page)).split()[-1] == columns[-1].title
        for row in rows:
            assert len(row.cells) == len(columns)
            drawn = draw_row(columns, row, page, cursor=False)
            assert cells(drawn) <= page.width
            assert plain(drawn).isprintable()


def test_every_detail_fits_below_its_table(page: Page) -> None:
    drawn = [
        *(opened.detail(one, page) for one in OPENINGS),
        *(opened.making_detail(one, page) for one in MAKING),
        *(links.detail(one, offer, page) for one in LINKS for offer in (None, fakes.OFFER)),
    ]
    for lines in drawn:
        assert len(lines) <= opened.DETAIL_LINES
        assert all(plain(line).isprintable() for line in lines)


def test_states_can_be_told_apart_without_colours() -> None:
    for glyphs in (UNICODE, ASCII):
        openings = [opened.mark(fakes.opening("r", "a", state), glyphs) for state in OpeningState]
        found = [links.mark(fakes.link("r", "a", state), glyphs) for state in LinkState]
        for marks in (openings, found):
            assert len({mark.word for mark in marks}) == len(marks)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "<1m"), (59, "<1m"), (61, "1m"), (3599, "59m"), (12_000, "3h 20m"), (90_000, "1d 1h")],
)
def test_the_time_that_is_left_counts_no_seconds(seconds: int, told: str) -> None:
    assert remaining(NOW + timedelta(seconds=seconds), NOW) == told


def test_only_what_is_wanted_open_has_time_left(page: Page) -> None:
    assert [opened.left(one, NOW) for one in OPENINGS[:4]] == ["3h 20m", "3h 20m", "-", "-"]
    assert [links.left(one, page) for one in LINKS[:4]] == ["23h", "-", "-", "-"]


@pytest.mark.parametrize("state", [state for state in LinkState if state not in ("ready",)])
def test_a_command_line_is_shown_while_the_link_can_be_used(state: str, page: Page) -> None:
    text = "\n".join(map(plain, links.draw(fakes.link("r", "a", state), fakes.OFFER, page)))
    assert ("curl" in text) == (state == "preparing")


def test_what_is_to_be_copied_begins_at_the_left_edge(page: Page) -> None:
    connection = fakes.Connection("r", "uri", "mongosh " + "x" * 300, fakes.PASSWORD)
    lines = [plain(line) for line in opened.connection_lines(connection, page.width)]
    assert "".join(line.removesuffix("\\") for line in lines[: lines.index("")]) == connection.shell


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "nan", "inf", "745"])
def test_hours_that_make_no_sense_are_told(text: str) -> None:
    assert values.hours_complaint(text)


@pytest.mark.parametrize("text", ["0.25", "24", "744"])
def test_hours_that_do(text: str) -> None:
    assert values.hours_complaint(text) == ""
    assert values.read_hours(text) == float(text)
