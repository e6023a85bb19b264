"""Header, footer, banner and notice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.console.actions import DEPLOYMENT, OVERVIEW, action_of, footer_actions
from mmsconsole.console.glyphs import UNICODE
from mmsconsole.console.navigation import TABS, Place
from mmsconsole.console.present import frame
from mmsconsole.console.present.text import Page, Span, Tone, cells, plain
from mmsconsole.console.watch import Watch
from mmsconsole.errors import MetadataError, MmsError, NoEngine, NotFound, Refused
from tests.support import fake_data as data
from tests.support.fake_data import NOW

PAGE = Page(80, 24, NOW, UNICODE)
STATE = (Span("● in sync"),)


def test_the_deployment_s_name_is_the_last_to_be_cut() -> None:
    for width in (30, 40, 80, 132):
        narrow = Page(width, 24, NOW, UNICODE)
        drawn = plain(frame.header("orders", ("snapshots", "new restore"), STATE, narrow))
        assert cells(frame.header("orders", (), STATE, narrow)) == width
        assert drawn.startswith(" mms › orders")
        assert drawn.endswith("● in sync ")


def test_the_footer_keeps_help_and_quit_when_room_is_short() -> None:
    for width in (40, 60, 80):
        narrow = Page(width, 24, NOW, UNICODE)
        drawn = frame.footer(footer_actions(OVERVIEW, root=True), "", narrow)
        assert cells(drawn) == width
        assert "? help" in plain(drawn)
        assert "q quit" in plain(drawn)


@pytest.mark.parametrize("here", [OVERVIEW, DEPLOYMENT])
@pytest.mark.parametrize("width", [60, 80, 132, 200])
def test_a_page_to_begin_with_names_the_key_of_every_other_page(here: str, width: int) -> None:
    page = Page(width, 24, NOW, UNICODE)
    more = frame.more_tabs(here, page)
    shown = " ".join(plain(each) for each in (frame.tabs(Place(here), page), *more))
    assert all(cells(each) <= width for each in more)
    wanted = [action_of(f"view.{view}") for view in TABS]
    if width >= 80:
        assert all(f" {one.keys[0]} {one.label}" in shown for one in wanted)
    assert bool(more) == (width < 200)
    assert all(f"{key} " in shown for key in "AMF")


def test_all_is_well_needs_no_banner() -> None:
    assert frame.banner(Watch(), PAGE) == []
    assert frame.banner(Watch().answered(NOW, data.ENGINE), PAGE) == []


@pytest.mark.parametrize("error", [NoEngine("gone"), MetadataError("does not answer")])
def test_an_engine_that_is_away_is_told_with_its_age(error: MmsError) -> None:
    watch = Watch().answered(NOW - timedelta(seconds=90), data.ENGINE).failed(error)
    first, second = (plain(each) for each in frame.banner(watch, PAGE))
    assert "THE ENGINE IS AWAY for 1m 30s; what is shown is of 12:03:00Z" in first
    assert "comes back by itself, or start one with: mmsconsole engine" in second
    assert cells(frame.banner(watch, PAGE)[0]) == 80


def test_an_engine_that_never_answered_has_no_age() -> None:
    assert "for" not in plain(frame.banner(Watch().failed(NoEngine("gone")), PAGE)[0])


def test_an_engine_without_a_heartbeat_is_away_since_it_was_seen() -> None:
    silent = replace(data.ENGINE, running=False, seen_at=NOW - timedelta(minutes=5))
    drawn = frame.banner(Watch().answered(NOW, silent), PAGE)
    assert "AWAY for 5m" in plain(drawn[0])


def test_another_trouble_is_told_in_its_own_words() -> None:
    error = NotFound("there is no deployment 'x'", hint="look at the overview")
    first, second = (plain(each) for each in frame.banner(Watch().failed(error), PAGE))
    assert "there is no deployment 'x'" in first
    assert "look at the overview" in second
    assert "AWAY" not in first


def test_of_an_empty_page_nothing_is_said_to_be_shown() -> None:
    watch = Watch().answered(NOW, data.ENGINE).failed(NotFound("it is not there"))
    assert "what is shown" in plain(frame.banner(watch, PAGE)[0])
    assert "what is shown" not in plain(frame.banner(watch, PAGE, empty=True)[0])


def test_an_answer_ends_the_trouble() -> None:
    watch = Watch().failed(NoEngine("gone")).answered(NOW, data.ENGINE)
    assert frame.banner(watch, PAGE) == []


def test_a_notice_is_never_higher_than_three_lines() -> None:
    drawn = frame.notice("✗", Tone.BAD, "long " * 100, "hint " * 100, PAGE)
    assert len(drawn) == frame.NOTICE_LINES_MAX
    assert all(cells(each) <= 80 for each in drawn)


def test_an_error_keeps_the_spelling_of_what_it_is_about() -> None:
    assert frame.error_text(Refused("no room", where="orders")) == "orders: no room."
    assert frame.error_text(Refused("no room")) == "No room."
