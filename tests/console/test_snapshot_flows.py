"""What a person does with snapshots, key by key: look at one, hold, release, expire, verify."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmsconsole.errors import Refused
from tests.support.console_driver import console
from tests.support.fake_data import NOW
from tests.support.fake_operations import SCENES, rich_scene

NEWEST = "6591c4f1a2b3"
"""Under the cursor after 3, j."""
HELD = "659bc4f1a2b3"


async def test_enter_opens_one_with_all_that_is_known_of_it(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "j", "enter")
        assert "mms › orders › snapshots › snapshot 6592c4f1a2b3" in driver.header
        driver.expect("data as of", "1.2 GB in 57 files, 14 MB new", "by schedule", "── events")
        driver.expect("kept, no end is known, for base, daily, oplog window, last")
        driver.expect("verified 2026-07-16 00:21:00Z: restored for real")
        await driver.press("escape")
        assert driver.line_with("▸").startswith("▸ 2026-07-15 23:59:57Z")


async def test_the_list_says_held_verified_and_until_when_and_why(home: Path) -> None:
    async with console(SCENES["troubled"](), home, (132, 40)) as driver:
        await driver.press("3")
        assert "● complete  ✓ good 07-13  ■ held" in driver.line_with("2026-07-13 17:59:57Z")
        assert "✗ bad       ✗ bad 07-15" in driver.line_with("2026-07-15 11:59:57Z")
        driver.expect("⊘ deleting", "▲ in doubt", "✗ invalid", "not yet", "base, daily")


async def test_a_hold_wants_its_reason(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "h", "enter")
        driver.expect("a reason is 1 to 200 characters in one line")
        assert driver.scene.calls == []

        await driver.burst(*"before the migration", "enter")
        assert driver.scene.calls == [("hold_snapshot", NEWEST, "before the migration")]
        driver.expect("The snapshot of 2026-07-16 05:59:57Z is held.")
        assert "■ held" in driver.line_with("▸ 2026-07-16 05:59:57Z")


async def test_escape_holds_nothing(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "h", "x", "escape")
        assert driver.scene.calls == []
        driver.expect("DATA AS OF")


async def test_a_release_says_what_becomes_of_it_first(home: Path) -> None:
    async with console(rich_scene(), home, (132, 40)) as driver:
        await driver.press("3")
        await driver.burst(*["j"] * 11)
        await driver.press("H")
        driver.expect("It is held: audit of July, ask anna.", "Without that it is kept for base")
        await driver.press("enter")
        assert driver.scene.calls == []
        await driver.press("H", "right", "enter")
        assert driver.scene.calls == [("release_snapshot", HELD)]


async def test_what_is_not_held_is_not_released(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "H")
        driver.expect("This snapshot is not held.")
        assert not driver.asks


async def test_a_date_is_judged_while_it_is_typed_and_said_again_before_it_counts(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "j", "j", "E")
        driver.expect("It is kept for base, oplog window now.")
        await driver.burst(*"2026-07-01")
        driver.expect("the date has to lie ahead")
        await driver.burst(*["backspace"] * 5)
        await driver.burst(*"08-01", "enter")
        driver.expect("Let it expire at 2026-08-01 00:00:00Z?", "it stays all the")
        assert driver.scene.calls == []
        await driver.press("right", "enter")
        expected = datetime(2026, 8, 1, tzinfo=UTC)
        assert driver.scene.calls == [("expire_snapshot", "6593c4f1a2b3", expected)]


async def test_what_expires_now_wants_the_name_or_the_id_typed(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "E")
        await driver.burst(*"now")
        await driver.press("enter", "enter")
        driver.expect("that is not it")
        assert driver.scene.calls == []
        await driver.burst(*NEWEST, "enter")
        assert driver.scene.calls == [("expire_snapshot", NEWEST, None)]


async def test_a_deletion_says_what_stands_on_it_and_takes_the_id_too(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "enter", "D")
        driver.expect("It is the newest good one that there is.", f"Type orders or {NEWEST}")
        await driver.burst(*NEWEST, "enter")
        assert driver.scene.calls == [("delete_snapshot", NEWEST)]
        driver.expect("⊘ deleting", "no longer: anna asked for it")


async def test_a_name_that_can_not_be_typed_is_not_asked_for(home: Path) -> None:
    async with console(SCENES["hostile"](), home) as driver:
        await driver.press("3", "j", "D")
        driver.expect(f"Type {NEWEST} to confirm:")


async def test_a_verification_is_asked_for_followed_and_cancelled(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "enter", "v")
        assert driver.scene.calls == [("verify_snapshot", NEWEST)]
        driver.expect("── verification of orders ── queued")
        await driver.press("C", "right", "enter")
        assert driver.scene.calls[-1] == ("cancel_job", "j-new")
        driver.expect("The verification of orders is being cancelled.")


async def test_a_moment_of_the_window_is_verified(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "m")
        assert driver.scene.calls == [("verify_moment", "orders")]
        driver.expect("A moment of orders is to be restored and compared")


@pytest.mark.parametrize(
    ("method", "keys"),
    [
        ("hold_snapshot", ["h", "x", "enter"]),
        ("release_snapshot", ["H", "right", "enter"]),
        ("expire_snapshot", ["E", "9", "d", "enter", "right", "enter"]),
        ("delete_snapshot", ["D", *"orders", "enter"]),
        ("verify_snapshot", ["v"]),
    ],
)
async def test_every_refusal_is_told_with_its_hint(
    home: Path, method: str, keys: list[str]
) -> None:
    scene = rich_scene()
    scene.kept_snapshots["orders"][-2] = replace(
        scene.kept_snapshots["orders"][-2], hold="" if method != "release_snapshot" else "x"
    )
    scene.fail[method] = Refused("a restore works with it", where=NEWEST, hint="wait for it")
    async with console(scene, home) as driver:
        await driver.press("3", "j", *keys)
        assert driver.scene.calls[0][:2] == (method, NEWEST)
        driver.expect(f"{NEWEST}: a restore works with it.", "Wait for it.")


async def test_the_axis_shows_less_and_all_of_it_again(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3")
        driver.expect("07-14  ")
        await driver.press("z")
        driver.expect_not("07-14  ")
        await driver.press("G")
        assert driver.line_with("▲").strip("▲ ") == "2026-07-13 05:59:57Z"  # it follows
        await driver.press("z")
        driver.expect("07-14  ")


async def test_a_restore_begins_from_the_snapshot_that_is_looked_at(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "j", "enter", "R")
        driver.expect("the snapshot of 2026-07-15 23:59:57Z, as it is")


async def test_a_snapshot_that_has_gone_meanwhile_is_said_so(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "enter")
        driver.scene.kept_snapshots["orders"] = []
        await driver.tick()
        driver.expect("there is no such snapshot", "data as of")
        assert driver.app.clock.now() == NOW
