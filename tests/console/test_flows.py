"""What a person does with the console, key by key, on a scene in memory."""

from pathlib import Path

import pytest

from mmsconsole.errors import (
    MissingPrivileges,
    NoEngine,
    SourceUnreachable,
)
from tests.support.console_driver import LARGE, SMALL, console
from tests.support.fake_operations import SCENES, rich_scene


async def test_enter_opens_the_deployment_and_escape_leads_back(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("j", "enter")
        assert "mms › catalogue" in driver.header
        driver.expect("initial sync", "transferring", "3m 26s left")

        await driver.press("escape")
        assert "catalogue" not in driver.header
        assert driver.line_with("▸").startswith("▸ catalogue")


@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 20)])
@pytest.mark.parametrize("key", ["2", "3", "R"])
async def test_the_deployment_stays_pinned_in_the_header_at_every_size(
    home: Path, size: tuple[int, int], key: str
) -> None:
    async with console(rich_scene(), home, size) as driver:
        await driver.press(key)
        assert driver.header.startswith(" mms › orders")


@pytest.mark.parametrize("size", [(20, 4), (40, 10), (300, 90)])
async def test_no_size_is_too_small_or_too_large_to_live_in(
    home: Path, size: tuple[int, int]
) -> None:
    async with console(rich_scene(), home, size) as driver:
        for key in (
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "enter",
            "escape",
            "R",
            "question_mark",
            "escape",
            "1",
            "a",
            "escape",
            "B",
        ):
            await driver.press(key)
            driver.well()


async def test_a_terminal_that_changes_its_size_is_drawn_anew(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3")
        await driver.pilot.resize_terminal(*LARGE)
        await driver.settled()
        driver.expect("TOOK")
        await driver.pilot.resize_terminal(*SMALL)
        await driver.settled()
        driver.expect_not("TOOK")


async def test_over_ssh_nothing_is_animated(home: Path) -> None:
    environ = {"TERM": "xterm", "SSH_TTY": "/dev/pts/1"}
    async with console(rich_scene(), home, environ=environ) as driver:
        assert driver.app.animation_level == "none"


async def test_starting_a_backup_asks_nothing_and_says_what_came_of_it(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("G", "b")
        assert ("start_backup", "staging") in driver.scene.calls
        driver.expect("✓ The backup of staging is started.")
        assert "starting" in driver.line_with("▸ staging")


async def test_stopping_a_backup_asks_first_and_enter_alone_does_nothing(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("B")
        assert driver.asks
        await driver.press("enter")
        assert not driver.asks
        assert driver.scene.calls == []

        await driver.press("B", "right", "enter")
        assert driver.scene.calls == [("stop_backup", "orders")]
        assert "stopped" in driver.line_with("▸ orders")


@pytest.mark.parametrize(
    ("key", "call", "says"),
    [
        ("V", "validate_head", "The head of orders is to be validated"),
        ("H", "rebuild_head", "The head of orders is being rebuilt."),
    ],
)
async def test_a_head_is_validated_and_rebuilt_after_a_question(
    home: Path, key: str, call: str, says: str
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("2", key)
        assert driver.asks
        await driver.press("enter")
        assert driver.scene.calls == []

        await driver.press(key, "right", "enter")
        assert driver.scene.calls == [(call, "orders")]
        driver.expect(says)


async def test_escape_answers_no_question(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("B", "right", "escape")
        assert not driver.asks
        assert driver.scene.calls == []


async def test_a_snapshot_is_deleted_only_when_the_name_is_typed(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "D")
        await driver.type("order")
        await driver.press("enter")
        driver.expect("that is not it")
        assert driver.scene.calls == []

        await driver.press("s", "enter")
        chosen = driver.scene.calls[0]
        assert chosen[0] == "delete_snapshot"
        driver.expect("The snapshot of 2026-07-16 05:59:57Z is being deleted.")
        assert "deleting" in driver.line_with("▸ 2026-07-16 05:59:57Z")


async def test_removing_says_what_will_be_deleted_and_wants_the_name(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("enter", "X")
        driver.expect("14 snapshots", "5.0 GB of stored oplog", "1 restore under way")
        await driver.type("orders")
        await driver.press("enter")

        assert ("remove_deployment", "orders", True) in driver.scene.calls
        assert "orders" not in driver.header
        driver.expect("orders is removed")


async def test_a_job_is_cancelled_after_a_question(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("4", "j", "j", "C")
        driver.expect("Cancel the initial sync of catalogue?", "the backup is stopped")
        await driver.press("right", "enter")
        assert driver.scene.calls == [("cancel_job", "j3")]
        assert "cancelling" in driver.line_with("▸ initial sync")


async def test_an_ended_job_is_not_asked_about(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("4", "G", "C")
        assert not driver.asks
        driver.expect("This restore is cancelled already.")


async def test_a_restore_is_followed_and_cancelled(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("5", "enter", "C", "right", "enter")
        assert driver.scene.calls == [("cancel_restore", "r-4411")]
        driver.expect("○ cancelled")


async def test_nothing_to_restore_is_said(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("G", "R")
        driver.expect("No snapshot yet.")


async def test_a_deployment_is_added_and_its_password_is_never_shown(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("a")
        await driver.type("billing")
        await driver.press("enter")
        for char in "mongodb://backup:s3cret@db1:27017":
            await driver.type(char)
            driver.expect_not("s3", "cret")
        driver.expect("mongodb://backup:******@db1:27017")

        await driver.press("enter")
        assert ("add_deployment", "billing") in driver.scene.calls
        assert "mms › billing" in driver.header
        driver.expect("billing is added; press b to start its backup.")


async def test_an_empty_form_is_not_sent(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("a", "enter", "enter")
        driver.expect("Both a name and a URI are needed.")
        assert driver.scene.calls == []


@pytest.mark.parametrize(
    "error",
    [
        SourceUnreachable("no member answers", where="staging", hint="look at the network"),
        MissingPrivileges("find on local.oplog.rs is not allowed", where="staging"),
        NoEngine("the engine does not answer"),
    ],
    ids=lambda error: error.code,
)
async def test_every_refusal_is_a_message_with_its_hint(home: Path, error: Exception) -> None:
    scene = rich_scene()
    scene.fail["start_backup"] = error  # type: ignore[assignment]
    async with console(scene, home) as driver:
        await driver.press("G", "b")
        driver.expect(error.what[1:], error.hint[1:20])  # type: ignore[attr-defined]
        await driver.press("r")
        driver.expect_not(error.what[1:])  # type: ignore[attr-defined]


async def test_an_engine_that_goes_leaves_the_data_and_comes_back_by_itself(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        driver.scene.away = True
        driver.app.clock.sleep(40)
        await driver.tick()
        driver.expect("THE ENGINE IS AWAY for 40s", "orders", "payments")

        driver.app.clock.sleep(20)
        await driver.tick()
        driver.expect("THE ENGINE IS AWAY for 1m")

        driver.scene.away = False
        await driver.tick()
        driver.expect_not("AWAY")


async def test_an_engine_that_is_silent_is_away_although_its_database_answers(home: Path) -> None:
    scene = rich_scene()
    scene.running = False
    async with console(scene, home) as driver:
        driver.expect("THE ENGINE IS AWAY", "mmsconsole engine", "✗ no engine")


async def test_what_is_not_an_absence_is_told_as_it_is(home: Path) -> None:
    scene = rich_scene()
    async with console(scene, home) as driver:
        scene.fail["deployments"] = MissingPrivileges("not allowed to list")
        await driver.tick()
        driver.expect("not allowed to list")
        driver.expect_not("AWAY")


async def test_a_deployment_that_somebody_removed_is_said_so(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("enter")
        del driver.scene.views["orders"]
        await driver.tick()
        driver.expect("there is no deployment 'orders'")
        await driver.press("escape")
        driver.expect_not("there is no deployment")


async def test_the_cursor_stays_on_its_row_when_rows_come_and_go(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("j", "j")
        del driver.scene.views["orders"]
        await driver.tick()
        assert driver.line_with("▸").startswith("▸ payments")
        del driver.scene.views["payments"]
        await driver.tick()
        assert driver.line_with("▸").startswith("▸ archive-2019")


async def test_a_page_that_is_opened_while_the_console_stands_still_is_not_blank(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("p", "2")
        assert "any second" in driver.text
        driver.scene.asked.clear()
        await driver.tick()
        assert driver.scene.asked == []


async def test_a_paused_console_stands_still(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("p")
        driver.expect("PAUSED")
        before = driver.text
        del driver.scene.views["orders"]
        await driver.tick()
        assert driver.text == before
        await driver.press("p")
        await driver.tick()
        driver.expect_not("▸ orders")


async def test_only_the_view_in_sight_asks(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("6")
        driver.scene.asked.clear()
        await driver.tick()
        assert set(driver.scene.asked) == {"engine", "events"}

        await driver.press("question_mark")
        driver.scene.asked.clear()
        await driver.tick()
        assert driver.scene.asked == []


async def test_help_begins_with_what_works_on_the_page(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F", "question_mark")
        driver.expect("On this page", "Zoom into the chart", "Pin the chart", "Write what is shown")
        await driver.press("escape", "2", "question_mark")
        driver.expect("On this page", "Nobody is told for a while", "Stop the backup")
        driver.expect_not("Zoom into the chart")


async def test_digits_change_between_views_of_the_same_deployment(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("2", "3", "4")
        assert "mms › orders › jobs" in driver.header
        driver.expect_not("catalogue")
        await driver.press("escape")
        assert "orders" not in driver.header


async def test_minus_goes_to_the_view_before(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("2", "3", "minus")
        driver.expect("── lag")
        await driver.press("minus")
        driver.expect("DATA AS OF")


async def test_a_typed_command_names_its_deployment(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.command("snapshots payments")
        assert "mms › payments › snapshots" in driver.header


async def test_a_wrong_command_proposes_the_nearest(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.command("snapshot")
        driver.expect("There is no command 'snapshot'.", ":snapshots")
        assert driver.header.startswith(" mms  ")


async def test_escape_closes_the_command_line_and_nothing_else(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("enter", "colon", "escape")
        assert "mms › orders" in driver.header
        driver.expect("? help")


async def test_the_palette_finds_an_action_by_its_words(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("ctrl+p")
        await driver.type("snap axis")
        await driver.press("enter")
        assert "mms › orders › snapshots" in driver.header


async def test_themes_change_and_an_unknown_one_is_told(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.command("theme light")
        assert driver.app.theme == "mms-light"
        await driver.command("theme neon")
        driver.expect("There is no theme 'neon'.", "ansi16", "highcontrast")
        assert driver.app.theme == "mms-light"


async def test_q_leaves_at_once_where_the_engine_is_not_ours(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("q")
        assert driver.app.return_value == "leave"


@pytest.mark.parametrize(
    ("keys", "answer"), [(("enter",), "leave"), (("right", "enter"), "stop"), (("escape",), None)]
)
async def test_q_asks_whether_to_leave_an_engine_of_ours_running(
    home: Path, keys: tuple[str, ...], answer: str | None
) -> None:
    async with console(rich_scene(), home, started_engine=True) as driver:
        await driver.press("q")
        driver.expect("Leave the engine running?")
        for key in keys:
            await driver.pilot.press(key)
        await driver.pilot.pause()
        await driver.until(lambda: driver.app.return_value == answer)


@pytest.mark.parametrize("keys", ["", "2", "3", "3 j enter", "3 j D", "4", "6", "7", "8", "R"])
async def test_hostile_names_reach_no_terminal(home: Path, keys: str) -> None:
    async with console(SCENES["hostile"](), home) as driver:
        await driver.press(*keys.split())
        harmful = {chr(code) for code in (*range(32), *range(127, 160), 0x202E)}
        assert not set(driver.cells) & harmful


async def test_what_takes_long_does_not_stop_the_keys(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        driver.scene.gate.clear()
        await driver.pilot.press("G", "b")
        await driver.expect_soon("Starting the backup of staging")
        await driver.pilot.press("6")
        await driver.expect_soon("WHAT")
        driver.scene.gate.set()
        await driver.settled()
        driver.expect("The backup of staging is started.")
