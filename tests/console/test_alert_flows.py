"""What a person does with alerts, rules, channels and maintenance, key by key."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.console.app import SCREENS
from mmsconsole.console.navigation import Place
from mmsconsole.errors import Refused
from mmsconsole.operations.alert_views import RuleWish
from tests.support import fake_alerts
from tests.support.console_driver import LARGE, ConsoleDriver, console
from tests.support.fake_data import NOW
from tests.support.fake_operations import FakeOperations, alerted_scene, empty_scene, rich_scene

BADGE = "✗ alerts: 2 open"
HOUR = timedelta(hours=1)


async def enter(driver: ConsoleDriver, text: str) -> None:
    """In place of what stands in the field."""
    await driver.burst("ctrl+u", *text, "enter")


def last_call(scene: FakeOperations, method: str) -> tuple[object, ...]:
    return next(call for call in reversed(scene.calls) if call[0] == method)


def open_alerts(scene: FakeOperations) -> int:
    return sum(scene.engine().alerts_open.values())


# -- the badge ---------------------------------------------------------------------------------


async def test_every_page_says_how_many_alerts_are_open(home: Path) -> None:
    scene = alerted_scene()
    scene.kept_alerts = scene.kept_alerts[:2]
    async with console(scene, home) as driver:
        for key in ("", "2", "3", "4", "5", "6", "7", "8", "9", "0", "L", "M", "A", "R"):
            await driver.press(*key)
            assert BADGE in driver.header, key


async def test_the_badge_goes_when_the_last_one_is_acknowledged(home: Path) -> None:
    scene = alerted_scene()
    scene.kept_alerts = scene.kept_alerts[:1]
    async with console(scene, home) as driver:
        assert "✗ alerts: 1 open" in driver.header
        scene.kept_alerts = [replace(scene.kept_alerts[0], state="acknowledged")]
        await driver.tick()
        assert "alerts:" not in driver.header


async def test_the_badge_costs_no_question_of_its_own(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("2")
        driver.scene.asked.clear()
        await driver.tick()
        assert not [asked for asked in driver.scene.asked if "alert" in asked]


# -- the list ----------------------------------------------------------------------------------


async def test_severity_and_state_are_told_by_a_sign_and_a_word(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A")
        assert "✗ error    ✗ open" in driver.line_with("▸ ")
        assert "▲ warning  ✗ open" in driver.line_with("payments")
        assert "✗ error    ■ ack" in driver.line_with("sessions")
        assert "✗ error    ○ held" in driver.line_with("the store default")
        driver.expect_not("snapshot of 05:59")
        await driver.press("z")
        assert "✓ closed" in driver.line_with("snapshot of 05:59")
        await driver.press("z")
        driver.expect_not("snapshot of 05:59")


async def test_where_nothing_is_wrong_the_page_says_what_watches(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("A")
        driver.expect("● No alerts. 32 rules watch 7 deployments.")
        await driver.press("enter", "a", "u", "c")
        assert "alerts" in driver.header


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kept_channels": []}, "No channel is set up, so nobody is told: see"),
        ({"running": False}, "No engine runs, so no rule is looked at and nobody is told"),
    ],
)
async def test_why_nobody_would_be_told_stands_above_the_list(
    home: Path, change: dict[str, object], said: str
) -> None:
    async with console(replace(alerted_scene(), **change), home) as driver:  # type: ignore[arg-type]
        await driver.press("A")
        driver.expect(said)


async def test_the_list_is_of_one_deployment_where_one_is_open(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("j", "j", "enter", "A")
        driver.expect("pay-2:27017 is 14 min behind")
        driver.expect_not("sessions", "DEPLOYMENT")


# -- acknowledging ---------------------------------------------------------------------------------


async def test_an_alert_is_acknowledged_for_a_time_with_a_note(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "j", "a")
        await enter(driver, "2 h")
        await enter(driver, "looking at its disk")
        expected = ("acknowledge_alert", "a-4099", NOW + timedelta(hours=2), "looking at its disk")
        assert last_call(driver.scene, "acknowledge_alert") == expected
        driver.expect("Acknowledged by anna until 14:04:30Z: looking at its disk.")
        assert "■ ack" in driver.line_with("payments")


async def test_an_alert_is_acknowledged_until_it_closes_by_enter_alone(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "a", "enter", "enter")
        assert last_call(driver.scene, "acknowledge_alert") == (
            "acknowledge_alert", "a-4101", None, "",
        )  # fmt: skip


async def test_a_time_that_will_not_do_is_told_while_it_is_typed(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "a")
        await enter(driver, "2")
        driver.expect("a number without its unit")
        await enter(driver, "2020-01-01")
        driver.expect("it has to lie ahead")
        await driver.press("escape")
        assert not [call for call in driver.scene.calls if call[0] == "acknowledge_alert"]


async def test_an_acknowledgement_is_taken_back(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "u")
        driver.expect("This alert is not acknowledged.")
        await driver.press("j", "j", "u")
        assert last_call(driver.scene, "unacknowledge_alert") == ("unacknowledge_alert", "a-4090")
        driver.expect("It is open again, and people are told.")


async def test_what_is_refused_is_told_with_its_reason(home: Path) -> None:
    scene = alerted_scene()
    scene.fail["acknowledge_alert"] = Refused("the alert is closed already", where="a-4101")
    async with console(scene, home) as driver:
        await driver.press("A", "a", "enter", "enter")
        driver.expect("a-4101: the alert is closed already.")


# -- the cause ---------------------------------------------------------------------------------


CAUSES = (
    ("backup agent down", "orders", "", "deployment", ""),
    ("snapshot failed", "orders", "", "snapshots", ""),
    ("host down", "orders", "orders-1:27017", "health", ""),
    ("job stuck", "orders", "j1", "jobs", ""),
    ("restore failed", "orders", "r-1", "restores", ""),
    ("store space", "", "default", "store", "default"),
    ("second copy behind", "orders", "offsite", "stores", ""),
    ("engine down", "", "engine-1", "overview", ""),
)


async def test_c_leads_to_where_the_cause_is_seen(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        for what, deployment, subject, view, item in CAUSES:
            made = fake_alerts.alert("a-1", deployment, what, "it", 5, subject=subject)
            driver.scene.kept_alerts = [made]
            await driver.press("1", "A")
            await driver.tick()
            await driver.press("c")
            place = driver.app.navigation.place
            assert (place.view, place.item) == (view, item), what


async def test_the_members_are_opened_with_the_cursor_on_the_one_that_is_meant(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        meant = driver.scene.health("orders").members[-1].host
        driver.scene.kept_alerts = [
            fake_alerts.alert("a-1", "orders", "host down", "it", 5, subject=meant)
        ]
        await driver.press("A", "c")
        assert driver.line_with("▸").startswith(f"▸ {meant}")


async def test_what_is_typed_takes_the_place_of_what_is_proposed(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "j", "a", *"2h", "enter", *"mine", "enter")
        (_, _, until, note) = last_call(driver.scene, "acknowledge_alert")
        assert (until, note) == (NOW + 2 * HOUR, "mine")


async def test_enter_opens_the_alert_and_enter_again_its_cause(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "enter")
        assert driver.app.navigation.place.item == "a-4101"
        driver.expect("Nothing is read from its source", "backup agent down", "history")
        await driver.press("enter")
        assert driver.app.navigation.place.view == "deployment"
        await driver.press("escape")
        assert driver.app.navigation.place.item == "a-4101"


async def test_the_alert_tells_who_was_told_and_what_failed(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "j", "enter")
        driver.expect("14 min", "pay-2:27017", "✓ sent", "▲ failed",
                      "events.pagerduty.com answered 503")  # fmt: skip
        await driver.press("a", "enter", "enter")
        driver.expect("by anna until it closes", "■ ack")


async def test_what_an_alert_says_can_not_steer_the_terminal(home: Path) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07[red]boo[/red]"
    hostile = fake_alerts.alert("a-1", "orders", "host down", evil, 5, subject=evil, note=evil,
                                state="acknowledged", acknowledged_by=evil)  # fmt: skip
    channel = replace(fake_alerts.channels()[0], name=evil, kind=evil, error=evil)
    muted = fake_alerts.rule("host down", note=evil, muted_by=evil, muted_until=NOW + HOUR,
                             channels=(evil,))  # fmt: skip
    windows = [fake_alerts.window("orders", note=evil, by=evil)]
    scene = replace(rich_scene(), kept_alerts=[hostile], kept_channels=[channel],
                    kept_rules=[muted], kept_windows=windows)  # fmt: skip
    async with console(scene, home, LARGE) as driver:
        for keys in (["A"], ["enter"], ["e"], ["n"]):
            await driver.press(*keys)
            assert "\x1b" not in driver.cells
            assert "\x07" not in driver.cells
        await driver.press("escape")


# -- rules -------------------------------------------------------------------------------------


async def test_a_limit_is_typed_with_its_unit(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.command("rules orders")
        assert driver.app.navigation.place == Place("rules", "orders")
        await driver.press("j", "j", "j", "j")
        assert "10 min" in driver.line_with("▸ replication lag")
        driver.expect("Threshold 10 min instead of 60 s.")
        await driver.press("enter")
        await enter(driver, "5 GB")
        driver.expect("not a time; write 90 s, 10 min")
        await enter(driver, "5 min")
        assert last_call(driver.scene, "set_alert_rule") == (
            "set_alert_rule", "replication lag", RuleWish(threshold="5 min"), "orders", "",
        )  # fmt: skip
        assert " 5 min " in driver.line_with("▸ replication lag")


async def test_delay_severity_and_switch_are_changed_by_keys(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "e", "f")
        await enter(driver, "10 min")
        assert last_call(driver.scene, "set_alert_rule")[2] == RuleWish(for_="10 min")
        await driver.press("s")
        assert last_call(driver.scene, "set_alert_rule")[2] == RuleWish(severity="info")
        await driver.press("o")
        assert last_call(driver.scene, "set_alert_rule")[2] == RuleWish(enabled=False)
        assert "○ off" in driver.line_with("▸ host down")
        await driver.press("enter")
        driver.expect("host down has no limit")


async def test_a_rule_is_muted_with_a_note_and_unmuted(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "e", "m")
        await enter(driver, "3 h")
        await enter(driver, "new network")
        assert last_call(driver.scene, "mute_alert_rule") == (
            "mute_alert_rule", "host down", NOW + timedelta(hours=3), "new network", None, "",
        )  # fmt: skip
        assert "■ muted" in driver.line_with("▸ host down")
        driver.expect("muted until 15:04:30Z by anna: new network")
        await driver.press("m")
        assert "● on" in driver.line_with("▸ host down")


async def test_a_rule_is_as_the_default_again(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "e", "j", "j", "j", "j", "i")
        driver.expect("It is as it was by default.")
        assert "60 s" in driver.line_with("▸ replication lag")
        await driver.press("G", "i")
        driver.expect("The rule is gone.")
        driver.expect_not("queue_total")


# -- channels and maintenance ------------------------------------------------------------------


async def test_a_channel_is_tested_and_what_becomes_of_it_is_shown(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("A", "n")
        assert "✓ sent" in driver.line_with("▸ mail")
        assert "▲ failed" in driver.line_with("pager")
        assert "· never used" in driver.line_with("chat")
        await driver.press("t")
        assert last_call(driver.scene, "test_channel") == ("test_channel", "mail")
        driver.expect("A test went through mail.", "✓ sent")
        await driver.press("j", "t")
        driver.expect("The test by pager did not go through: it answers 503.", "✗ given up")


async def test_where_no_channel_is_set_up_the_page_says_how(home: Path) -> None:
    async with console(replace(empty_scene(), kept_channels=[]), home) as driver:
        await driver.press("A", "n")
        driver.expect("No channel is set up", "[notify.mail]", "docs/alerts.md")
        await driver.press("t")
        assert not driver.scene.calls or driver.scene.calls[-1][0] != "test_channel"


async def test_maintenance_begins_and_ends_on_the_page_of_a_deployment(home: Path) -> None:
    async with console(alerted_scene(), home) as driver:
        await driver.press("enter", "w")
        await enter(driver, "90 min")
        await enter(driver, "new disks")
        assert last_call(driver.scene, "add_maintenance") == (
            "add_maintenance", "orders", None, NOW + timedelta(minutes=90), "new disks",
        )  # fmt: skip
        driver.expect("Nobody is told of orders until 2026-07-16 13:34:30Z.")
        await driver.press("A")
        driver.expect("Maintenance of orders until 13:34:30Z, by anna: new disks.")
        await driver.press("w")
        driver.expect("End the maintenance of orders?")
        await driver.press("l", "enter")
        assert last_call(driver.scene, "end_maintenance") == ("end_maintenance", "w-orders")
        driver.expect("People are told of alerts again.")


def test_there_are_screens_for_all_of_it() -> None:
    assert {"alerts", "alert", "rules", "channels"} <= set(SCREENS)
