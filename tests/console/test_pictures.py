"""A picture of every screen at 80x24 and at 132x40.

A picture is taken only after the console was found well: running, without an exception and
without a failed worker. To look at what changed: pytest --snapshot-report.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mmsconsole.errors import OplogWindowTooShort
from tests.support.console_driver import LARGE, SMALL, ConsoleDriver, make_app
from tests.support.fake_opened import OFFER
from tests.support.fake_operations import SCENES, FakeOperations

Compare = Callable[..., bool]
Steps = Callable[[ConsoleDriver], Awaitable[None]]


def keys(*pressed: str) -> Steps:
    async def steps(driver: ConsoleDriver) -> None:
        await driver.press(*pressed)

    return steps


async def typing_a_uri(driver: ConsoleDriver) -> None:
    await driver.press("a")
    await driver.type("billing")
    await driver.press("enter")
    await driver.type("mongodb://backup:s3cret@db1")


async def refused(driver: ConsoleDriver) -> None:
    driver.scene.fail["start_backup"] = OplogWindowTooShort(
        "the source's oplog reaches back 40 minutes, 3 hours are asked for",
        where="staging",
        hint="enlarge it: replSetResizeOplog, or set backup.oplog_window_hours_min",
    )
    await driver.press("G", "b")


async def engine_goes(driver: ConsoleDriver) -> None:
    driver.scene.away = True
    driver.app.clock.sleep(75)
    await driver.tick()


async def a_command(driver: ConsoleDriver) -> None:
    await driver.press("colon")
    await driver.type("restore pay")


async def typing_a_wrong_value(driver: ConsoleDriver) -> None:
    await driver.press("7", "j", "j", "j", "j", "enter", "backspace")
    await driver.type("9d")
    await driver.settled()


async def a_link_just_made(driver: ConsoleDriver) -> None:
    driver.app.memory.offers["r-4390"] = OFFER
    await driver.press("L", "enter")


async def a_seed(driver: ConsoleDriver) -> None:
    await driver.press("5", "j", "enter", "s", "enter")
    await driver.type("db1:27017 db2:27017")
    await driver.press("enter")


VIEWS: dict[str, Steps] = {
    "overview": keys(),
    "deployment": keys("enter"),
    "deployment_syncing": keys("j", "enter"),
    "deployment_lagging": keys("j", "j", "enter"),
    "deployment_resync": keys("j", "j", "j", "j", "enter"),
    "deployment_unreachable": keys("j", "j", "j", "j", "j", "enter"),
    "snapshots": keys("3", "j", "j", "j"),
    "jobs": keys("4", "j", "j"),
    "restores": keys("5"),
    "restore_running": keys("5", "enter"),
    "restore_done": keys("5", "j", "enter"),
    "wizard_point": keys("R", "h", "h", "h"),
    "wizard_what": keys("R", "h", "enter"),
    "wizard_kind": keys("R", "h", "enter", "enter", "down"),
    "wizard_folder": keys("R", "h", "enter", "enter", "enter"),
    "wizard_ssh": keys("R", "h", "enter", "enter", "s", "enter", "down"),
    "wizard_live": keys("R", "h", "enter", "enter", "v", "enter", *"orders", "down", "down", "d"),
    "wizard_review": keys("R", "h", *["enter"] * 4),
    "wizard_link": keys("R", "h", "enter", "enter", "l", *["enter"] * 3),
    "add": typing_a_uri,
    "events": keys("6", "j", "j", "j", "j"),
    "snapshot": keys("3", "G", "enter"),
    "policy": keys("7"),
    "policy_edited": keys("7", "j", "j", "j", "j", "h", "h", "h"),
    "policy_of_group": keys("7", "tab", "j", "j", "j", "j", "j", "l", "l"),
    "stores": keys("8", "j"),
    "store": keys("8", "enter"),
    "oplog": keys("9"),
    "oplog_found": keys("9", "d", "d"),
    "oplog_entry": keys("9", "k", "enter"),
    "opened": keys("0"),
    "links": keys("L", "j"),
    "health": keys("M", "j"),
    "chart": keys("F", *["h"] * 9),
    "help": keys("question_mark"),
}

PARTS: dict[str, Steps] = {
    "palette": keys("ctrl+p"),
    "command": a_command,
    "question": keys("B"),
    "typed_question": keys("X"),
    "hold": keys("3", "j", "h"),
    "names": keys("R", "enter", "ctrl+o", "down", "space"),
    "typed_into_live": keys("R", "enter", "enter", "v", "enter", *"orders", *["enter"] * 2),
    "expire": keys("3", "j", "E"),
    "groom": keys("8", "O"),
    "policy_that_deletes": keys("7", "j", "j", "j", "j", "h", "h", "h", "S"),
    "policy_value_wrong": typing_a_wrong_value,
    "refused": refused,
    "engine_away": engine_goes,
    "opened_connect": keys("0", "c"),
    "opened_close": keys("0", "C"),
    "collections": keys("0", "enter"),
    "documents": keys("0", "enter", "j", "j", "enter", "slash"),
    "document": keys("0", "enter", "enter", "enter"),
    "link": a_link_just_made,
    "pinned_charts": keys("F", "i", "tab", "tab", "i", "v", "j"),
    "seed": a_seed,
}

TROUBLED: dict[str, Steps] = {
    "overview": keys(),
    "deployment": keys("enter"),
    "health": keys("M", "j"),
    "snapshots": keys("3", "j", "j"),
    "snapshot": keys("3", "j", "j", "j", "j", "enter"),
    "stores": keys("8"),
    "store": keys("8", "enter", "G"),
    "wizard_gap": keys("R", "pageup", "pageup", "h", "h", "enter"),
}

EMPTY: dict[str, Steps] = {
    "overview": keys(),
    "jobs": keys("4"),
    "restores": keys("5"),
    "events": keys("6"),
    "policy": keys("7"),
    "stores": keys("8"),
    "store": keys("8", "enter"),
}

ALERTED: dict[str, Steps] = {
    "overview": keys(),
    "alerts": keys("A", "j"),
    "alert": keys("A", "j", "enter"),
    "rules": keys("A", "e", "j", "j", "j", "j"),
}


@pytest.fixture
def picture(snap_compare: Compare, home: Path) -> Callable[..., None]:
    def take(
        scene: FakeOperations, steps: Steps, size: tuple[int, int] = SMALL, **options: Any
    ) -> None:
        app = make_app(scene, home, **options)

        async def pose(pilot: Pilot[str]) -> None:
            driver = ConsoleDriver(app, pilot)
            await driver.settled()
            await steps(driver)
            driver.well()

        assert snap_compare(app, terminal_size=size, run_before=pose)

    return take


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_at_80x24(view: str, picture: Callable[..., None]) -> None:
    picture(SCENES["rich"](), VIEWS[view], SMALL)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_at_132x40(view: str, picture: Callable[..., None]) -> None:
    picture(SCENES["rich"](), VIEWS[view], LARGE)


@pytest.mark.parametrize("part", PARTS)
def test_what_lies_over_a_view(part: str, picture: Callable[..., None]) -> None:
    picture(SCENES["rich"](), PARTS[part])


@pytest.mark.parametrize("view", EMPTY)
def test_an_empty_view_says_what_to_do_next(view: str, picture: Callable[..., None]) -> None:
    picture(SCENES["empty"](), EMPTY[view])


@pytest.mark.parametrize("view", TROUBLED)
def test_trouble_is_seen_at_80x24(view: str, picture: Callable[..., None]) -> None:
    picture(SCENES["troubled"](), TROUBLED[view])


@pytest.mark.parametrize("view", ALERTED)
def test_alerts_are_seen_at_80x24(view: str, picture: Callable[..., None]) -> None:
    picture(SCENES["alerted"](), ALERTED[view])


@pytest.mark.parametrize("view", ["snapshots", "store"])
def test_trouble_is_seen_in_ascii(view: str, picture: Callable[..., None]) -> None:
    picture(SCENES["troubled"](), TROUBLED[view], ascii="true")


@pytest.mark.parametrize("theme", ["light", "ansi16", "mono", "highcontrast"])
def test_every_theme(theme: str, picture: Callable[..., None]) -> None:
    picture(SCENES["rich"](), keys("enter"), theme=theme)


def test_ascii_alone(picture: Callable[..., None]) -> None:
    picture(SCENES["rich"](), keys("3"), ascii="true")


@pytest.mark.parametrize("view", ["overview", "snapshot", "policy", "store"])
def test_hostile_names_stay_in_their_cells(view: str, picture: Callable[..., None]) -> None:
    picture(SCENES["hostile"](), {"overview": keys(), **VIEWS}[view])
