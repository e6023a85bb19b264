"""The registry is the only list of what can be done, and everything is made of it."""

import itertools
from pathlib import Path

import pytest
from textual.binding import Binding

from mmsconsole.console import actions, command
from mmsconsole.console.actions import REGISTRY, actions_in
from mmsconsole.console.app import SCREENS
from mmsconsole.console.glyphs import ASCII, UNICODE, key_name
from mmsconsole.console.present import help as help_text
from mmsconsole.console.present.text import Page, plain
from tests.support import console_keys
from tests.support.console_driver import console
from tests.support.fake_data import NOW
from tests.support.fake_operations import alerted_scene, rich_scene

PLACES = {"2": "deployment", "3": "snapshots", "4": "jobs", "5": "restores", "6": "events",
          "7": "policy", "8": "stores", "9": "oplog", "9 enter": "entry",
          "3 enter": "snapshot", "8 enter": "store",
          "0": "opened", "0 enter": "collections", "0 enter j j enter": "documents",
          "0 enter j j enter enter": "document", "L": "links", "L enter": "link",
          "A": "alerts", "A e": "rules", "A n": "channels",
          "M": "health", "F": "chart", "F v": "pinned", "N": "top", "I": "host",
          "R": "wizard", "a": "add", "": "overview"}  # fmt: skip


def test_ids_are_unique() -> None:
    ids = [action.id for action in REGISTRY]
    assert len(ids) == len(set(ids))


def test_a_command_word_means_one_thing() -> None:
    words = command.all_words()
    assert len(words) == len(set(words))


@pytest.mark.parametrize("view", [*actions.VIEWS, *actions.ELSEWHERE])
def test_a_key_means_one_thing_in_a_view(view: str) -> None:
    keys = [key for action in actions_in(view) for key in action.keys]
    assert len(keys) == len(set(keys))


def test_escape_only_ever_means_back() -> None:
    """On a slow link an arrow key can fall apart into escape and a rest."""
    assert {action.id for action in REGISTRY if "escape" in action.keys} == {"go.back"}


def test_what_is_dangerous_is_a_capital_letter() -> None:
    for action in REGISTRY:
        if action.dangerous:
            assert action.keys[0].isupper(), action.id


def test_there_is_a_screen_for_every_view_and_its_keys_are_the_registry() -> None:
    assert set(SCREENS) == set(actions.VIEWS)
    for view, screen in SCREENS.items():
        bound = {binding.key for binding in screen.BINDINGS if isinstance(binding, Binding)}
        assert bound >= {key for action in actions_in(view) for key in action.keys}


@pytest.mark.parametrize("key", PLACES)
async def test_every_action_of_a_view_has_something_that_does_it(home: Path, key: str) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*key.split())
        screen = driver.app.screen
        assert PLACES[key] == screen.VIEW  # type: ignore[attr-defined]
        wanted = {action.id for action in actions_in(PLACES[key])}
        assert wanted <= set(screen.handlers())  # type: ignore[attr-defined]


async def test_every_action_of_one_alert_has_something_that_does_it(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "enter")
        wanted = {action.id for action in actions_in(actions.ALERT)}
        assert wanted <= set(driver.app.screen.handlers())  # type: ignore[attr-defined]


async def test_every_action_of_one_restore_has_something_that_does_it(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("5", "enter")
        wanted = {action.id for action in actions_in(actions.RESTORE)}
        assert wanted <= set(driver.app.screen.handlers())  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "glyphs"), itertools.product((80, 132), (UNICODE, ASCII)))
def test_help_has_every_action_with_its_keys(width: int, glyphs: object) -> None:
    page = Page(width, 24, NOW, glyphs)  # type: ignore[arg-type]
    text = "\n".join(plain(line) for line in help_text.draw(actions.OVERVIEW, page))
    for action in REGISTRY:
        assert action.help[:24] in text
        assert key_name(action.keys[0], page.glyphs) in text


async def test_help_scrolls_to_its_end_at_24_lines(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("question_mark")
        driver.expect_not("Leave the console")
        await driver.press("G")
        driver.expect("Leave the console")
        await driver.press("escape")
        driver.expect("DEPLOYMENT")


def test_the_footer_shows_the_most_useful_first_and_no_way_back_at_the_root() -> None:
    shown = [action.id for action in actions.footer_actions(actions.OVERVIEW, root=True)]
    assert shown[0] == "item.open"
    assert "go.back" not in shown
    deeper = actions.footer_actions(actions.DEPLOYMENT, root=False)
    assert "go.back" in [action.id for action in deeper]


def test_the_documented_keys_are_those_of_the_registry() -> None:
    """To mend it: python -m tests.support.console_keys"""
    assert console_keys.KEPT.documented() == console_keys.table()
