"""The policy editor, key by key: step and type values, see what they keep, save, inherit."""

from pathlib import Path

import pytest

from mmsconsole.errors import NoEngine, Refused
from tests.support.console_driver import ConsoleDriver, console
from tests.support.fake_operations import SCENES, rich_scene

BASE_DAYS = ("j", "j", "j", "j")
DAILY = (*BASE_DAYS, "j")


def asked(driver: ConsoleDriver, method: str) -> list[tuple[object, ...]]:
    return [call for call in driver.scene.calls if call[0] == method]


async def test_values_say_where_they_come_from_and_what_they_mean(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        driver.expect("a snapshot every 6h", "inherited from the settings", "allowed: 0 (none by")
        assert driver.line_with("base_days").split()[1:3] == ["4", "here"]
        assert driver.line_with("weekly").split()[1:3] == ["6", "group"]
        await driver.burst(*BASE_DAYS)
        driver.expect("every snapshot, for 4 days", "decided here; i inherits 2 again")


async def test_what_would_go_is_shown_while_a_value_is_stepped(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        driver.expect("✓ nothing is deleted by it", "any second since 2026-07-15 11:59Z")
        await driver.burst(*BASE_DAYS, "h", "h", "h")
        driver.expect(
            "✗ 5 snapshots would go, 92 MB stored", "── 5 would go", "◔ 07-15 17:59  -07-16"
        )
        driver.expect("→ 1", "it was 4; u undoes this", "── orders ── 1 change, not saved")
        await driver.press("u")
        driver.expect("✓ nothing is deleted by it")
        driver.expect_not("not saved")
        assert asked(driver, "set_policy") == []


async def test_a_value_that_keeps_more_says_how_much_longer(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*DAILY, "l", "l")
        driver.expect("● 07-14 23:59  +08-14    base, daily", "+ later, - sooner")


async def test_a_change_that_deletes_wants_the_name_typed_beside_the_table(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*BASE_DAYS, "h", "h", "h")
        await driver.press("S")
        driver.expect(
            "base_days 4 becomes 1.", "This deletes 5 snapshots:", "Type orders to confirm"
        )
        driver.expect("✗ 07-13 11:59   07-14    base")
        await driver.press("escape")
        assert asked(driver, "set_policy") == []

        await driver.press("S")
        await driver.burst(*"orders", "enter")
        assert asked(driver, "set_policy") == [("set_policy", "orders", {"base_days": 1}, True)]
        driver.expect("The policy of orders is changed.", "expired already")
        driver.expect_not("not saved")


async def test_a_change_that_deletes_nothing_asks_simply(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*DAILY, "l")
        await driver.press("S")
        driver.expect("daily 7 becomes 15.", "Nothing is deleted by it.")
        await driver.press("enter")
        assert asked(driver, "set_policy") == []
        await driver.press("S", "right", "enter")
        assert asked(driver, "set_policy") == [("set_policy", "orders", {"daily": 15}, False)]
        assert driver.line_with("▸ daily ").split()[2:4] == ["15", "here"]


async def test_a_value_goes_back_to_what_is_inherited(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*BASE_DAYS, "i")
        assert driver.line_with("▸ base_days").split()[1:5] == ["base_days", "→", "2", "above"]
        await driver.press("S")
        driver.expect("base_days 4 becomes 2 (inherited).")
        await driver.burst(*"orders", "enter")
        assert asked(driver, "set_policy") == [("set_policy", "orders", {"base_days": None}, True)]
        assert driver.line_with("▸ base_days").split()[2:4] == ["2", "settings"]


async def test_a_typed_value_is_judged_at_each_sign(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*BASE_DAYS)
        await driver.press("enter", "backspace", "x")
        driver.expect("not a whole number; base_days is 1 to")
        await driver.press("enter")
        driver.expect("new value")  # it stays open
        await driver.press("backspace", "3")
        await driver.settled()
        driver.expect("→ 3", "every snapshot, for 3 days", "would go")
        await driver.press("enter")
        driver.expect_not("new value")
        driver.expect("1 change, not saved")


async def test_the_value_that_stands_there_is_no_change(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7", "enter", "enter")
        driver.expect_not("not saved", "new value")


async def test_escape_closes_the_field_with_the_value_before(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*BASE_DAYS)
        await driver.press("enter", "backspace", "1", "escape")
        driver.expect_not("new value", "not saved")
        assert "mms › orders › policy" in driver.header


async def test_values_that_do_not_go_together_are_told_and_not_saved(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*BASE_DAYS, "l", "l")
        driver.expect("base_days can not be 6", "1 to 5 with an interval of 360")
        await driver.press("S")
        assert not driver.asks
        assert asked(driver, "set_policy") == []


async def test_nothing_changed_is_nothing_to_save(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7", "S")
        driver.expect("Nothing is changed.")


async def test_changes_wait_where_they_were_left(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*DAILY, "l")
        await driver.press("3", "7")
        driver.expect("1 change, not saved", "→ 15")


async def test_a_change_of_somebody_else_comes_under_ours(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*DAILY, "l")
        driver.scene.policies.keys["orders"] |= {"weekly": 9}
        await driver.tick()
        assert driver.line_with("weekly").split()[1:3] == ["9", "here"]
        driver.expect("→ 15", "1 change, not saved")
        driver.scene.policies.keys["orders"] |= {"daily": 15}
        await driver.tick()
        driver.expect_not("not saved")


async def test_the_group_s_policy_is_a_tab_away_and_concerns_all(home: Path) -> None:
    scene = rich_scene()
    scene.kept_snapshots["payments"] = list(scene.kept_snapshots["orders"])
    async with console(scene, home) as driver:
        await driver.press("7", "tab")
        driver.expect("── group default", "orders any second since", "payments any second")
        await driver.burst(*BASE_DAYS, "h")
        await driver.press("S")
        driver.expect("This deletes", "payments base", "Type default to confirm:")
        await driver.burst(*"default", "enter")
        assert asked(driver, "set_policy") == [("set_policy", None, {"base_days": 1}, True)]
        await driver.press("tab")
        assert "mms › orders › policy" in driver.header


async def test_without_a_deployment_it_is_the_group_s(home: Path) -> None:
    async with console(SCENES["empty"](), home) as driver:
        await driver.command("policy")
        driver.expect("── group default", "no complete snapshot is there yet")


async def test_a_typed_command_names_its_deployment(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.command("policy payments")
        assert "mms › payments › policy" in driver.header


async def test_never_more_than_one_preview_is_asked_for_at_a_time(home: Path) -> None:
    """While the first is under way, values go on changing; of those between none is asked."""
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        await driver.burst(*BASE_DAYS)
        before = len(asked(driver, "preview_policy"))
        driver.scene.gate.clear()
        await driver.pilot.press("h")
        await driver.until(lambda: len(asked(driver, "preview_policy")) == before + 1)
        await driver.pilot.press("h", "h")
        driver.expect("→ 1", "── being looked")
        assert len(asked(driver, "preview_policy")) == before + 1

        driver.scene.gate.set()
        await driver.settled()
        later = asked(driver, "preview_policy")[before:]
        assert [call[2] for call in later] == [{"base_days": 3}, {"base_days": 1}]
        driver.expect("5 snapshots would go")


@pytest.mark.parametrize("error", [NoEngine("it is silent"), Refused("not now", hint="later")])
async def test_a_preview_that_can_not_be_made_is_told_in_its_place(
    home: Path, error: Exception
) -> None:
    scene = rich_scene()
    scene.fail["preview_policy"] = error  # type: ignore[assignment]
    async with console(scene, home) as driver:
        await driver.press("7")
        driver.expect(error.what)  # type: ignore[attr-defined]
        driver.expect("interval_minutes")


async def test_what_has_become_a_deletion_meanwhile_is_refused_and_kept(home: Path) -> None:
    scene = rich_scene()
    scene.fail["set_policy"] = Refused("this would delete 1 snapshot", where="orders")
    async with console(scene, home) as driver:
        await driver.press("7")
        await driver.burst(*DAILY, "l")
        await driver.press("S", "right", "enter")
        driver.expect("orders: this would delete 1 snapshot.", "1 change, not saved")


async def test_pages_are_of_what_is_kept_and_steps_of_the_keys(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("7")
        driver.expect("● 07-16 12:04")
        await driver.press("enter", "escape", "G")
        assert driver.line_with("▸").startswith("▸ full_read_days")
        await driver.press("pagedown")
        assert driver.line_with("▸").startswith("▸ full_read_days")
