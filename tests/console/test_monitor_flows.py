"""The pages of monitoring, driven by their keys."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.console.charts import chart_place
from mmsconsole.console.screens.chart import ChartScreen
from mmsconsole.errors import MetadataError
from tests.support.console_driver import LARGE, ConsoleDriver, console
from tests.support.fake_data import NOW
from tests.support.fake_operations import hostile_scene, rich_scene, troubled_scene

FIRST, SECOND, THIRD = "orders-1:27017", "orders-2:27017", "orders-3:27017"


def chart_of(driver: ConsoleDriver) -> ChartScreen:
    assert isinstance(driver.app.screen, ChartScreen)
    return driver.app.screen


# Members


async def test_health_shows_roles_lag_elections_and_what_our_polls_cost(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("M")
        driver.expect("3 of 3 members answer", f"primary {FIRST}", "term 7", "of our CPU")
        assert "PRIMARY" in driver.line_with(f"▸ {FIRST}")
        assert "SECONDARY" in driver.line_with(f"  {SECOND}")
        await driver.press("j")
        driver.expect(f"── {SECOND}", "requests", f"followed by {THIRD}")


async def test_a_member_that_is_dead_is_told_and_the_others_go_on(home: Path) -> None:
    async with console(troubled_scene(), home) as driver:
        await driver.press("M", "j")
        assert "✗ no answer" in driver.line_with(f"▸ {SECOND}")
        assert "14m" in driver.line_with(f"▸ {SECOND}")
        assert "● PRIMARY" in driver.line_with(f"  {FIRST}         ")
        assert "▲ locked" in driver.line_with(f"  {THIRD}")
        driver.expect("Connection refused (since 2026-07-16 11:50:30Z).", "4 warnings")


async def test_enter_on_a_member_opens_its_charts_alone(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("M", "j", "enter")
        driver.expect("Replication lag", "2 not drawn")
        assert "hidden" in driver.line_with(f"1 {FIRST}")
        await driver.press("escape")
        driver.expect("3 of 3 members answer")


async def test_where_nothing_is_known_yet_it_is_said_why(home: Path) -> None:
    scene = replace(rich_scene(), kept_members={}, monitoring_empty="monitoring is off")
    async with console(scene, home) as driver:
        for key in "MFNI":
            await driver.press(key)
            driver.expect("Nothing is known of its members.", "Monitoring is off.")


async def test_while_the_engine_is_away_the_chart_stays_and_asks_nothing(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F")
        driver.scene.away = True
        driver.app.clock.sleep(75)
        await driver.tick()
        asked = driver.scene.asked.count("metric_series")
        driver.app.clock.sleep(75)
        await driver.tick()
        driver.expect("THE ENGINE IS AWAY", "Opcounters: insert", FIRST)
        assert driver.scene.asked.count("metric_series") == asked


# One chart


async def test_the_cursor_tells_the_values_under_it_and_end_follows_again(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F")
        driver.expect("1h up to now", "newest values")
        newest = driver.line_with(f"1 {FIRST}")
        await driver.press(*["h"] * 20, "left")
        driver.expect("at 2026-07-16 11:4")
        assert driver.line_with(f"1 {FIRST}") != newest
        await driver.press("l", "right")
        driver.expect("at 2026-07-16 11:4")
        await driver.press("end")
        assert driver.line_with(f"1 {FIRST}") == newest


async def test_a_gap_of_a_member_has_no_value_and_the_others_have(home: Path) -> None:
    """orders-2 was silent from 06:24 to 07:04."""
    async with console(rich_scene(), home) as driver:
        await driver.press("F", "t", "ctrl+u")
        await driver.type("2026-07-16T06:40:00Z")
        await driver.press("enter")
        driver.expect("at 2026-07-16 06:40:00Z", "1h: 2026-07-16 06:10 → 07-16 07:10Z")
        assert "nothing is known" in driver.line_with(f"2 {SECOND}")
        assert "/s" in driver.line_with(f"1 {FIRST}")


async def test_it_is_zoomed_and_paged_and_what_is_shown_is_read_again(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F", "minus")
        driver.expect("3h up to now")
        await driver.press("plus", "left_square_bracket")
        driver.expect("1h: 2026-07-16 10:35 → 07-16 11:35Z")
        await driver.press("right_square_bracket")
        driver.expect("1h up to now")
        assert driver.scene.asked.count("metric_series") == 5


async def test_members_are_hidden_and_shown_one_by_one_or_all_but_one(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F", "j", "space")
        assert "hidden" in driver.line_with(f"▸ 2 {SECOND}")
        driver.expect("1 not drawn")
        await driver.press("space", "k", "o")
        driver.expect("2 not drawn")
        assert "/s" in driver.line_with(f"▸ 1 {FIRST}")
        await driver.press("o")
        driver.expect_not("not drawn")


async def test_a_metric_is_found_by_typing_and_stepped_to(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F", "slash")
        await driver.type("cache fill dirty")
        await driver.press("enter")
        driver.expect("Cache fill: dirty  percent")
        await driver.press("shift+tab")
        driver.expect("Cache fill: used")
        await driver.press("tab", "slash", "escape")
        driver.expect("Cache fill: dirty")
        await driver.command("metric")
        driver.expect("find a metric")


async def test_it_is_read_again_only_when_there_can_be_a_new_point(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F")
        await driver.tick()
        assert driver.scene.asked.count("metric_series") == 1
        driver.app.clock.sleep(15)
        await driver.tick()
        assert driver.scene.asked.count("metric_series") == 2
        await driver.press("r")
        assert driver.scene.asked.count("metric_series") == 3
        await driver.press("left_square_bracket")
        driver.app.clock.sleep(300)
        await driver.tick()
        assert driver.scene.asked.count("metric_series") == 4, "what lies back is read once"


async def test_curves_are_drawn_anew_only_when_something_of_them_differs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F")
        drawn = chart_of(driver)._curves
        before = drawn["opcounters_insert"]
        await driver.tick()
        await driver.press("j")
        assert drawn["opcounters_insert"] is before
        await driver.press("space")
        assert drawn["opcounters_insert"] is not before


async def test_a_place_opens_a_chart_at_a_moment_with_the_alert_s_limit(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        at = NOW - timedelta(hours=9)
        place = chart_place("orders", "cache_used_percent", at=at, member=THIRD, limit=5.0)
        driver.app.navigation.go(place)
        await driver.settled()
        driver.expect("Cache fill: used", "limit 5%", "at 2026-07-16 03:04:30Z", "2 not drawn")
        assert "%" in driver.line_with(f"3 {THIRD}")


async def test_a_reading_that_fails_is_told_and_the_page_stays(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        driver.scene.fail["metric_series"] = MetadataError("the samples can not be read")
        await driver.press("F")
        driver.expect("The samples can not be read.", "Opcounters: insert")


async def test_what_is_shown_is_written_to_a_file(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    async with console(rich_scene(), home, LARGE) as driver:
        await driver.press("F", "j", "space", "w", "ctrl+u")
        await driver.type(str(tmp_path / "no" / "chart.csv"))
        driver.expect("there is no folder")
        await driver.press("ctrl+u")
        await driver.type(str(path))
        await driver.press("enter")
        await driver.settled()
        driver.expect("points.")
    rows = path.read_text().splitlines()
    assert rows[0].startswith("time,deployment,member,")
    assert any(f",{FIRST},," in row for row in rows)
    assert not any(SECOND in row for row in rows), "a hidden line is not written"


# Pinned


async def test_charts_are_pinned_shown_together_moved_together_and_remembered(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("F", "v")
        driver.expect("No chart is pinned.")
        await driver.press("v", "i", "tab", "tab", "i")
        driver.expect("is pinned: v shows")
        await driver.press("escape", "F", "v")
        driver.expect("Opcounters: insert", "Opcounters: update")
        await driver.press("minus")
        assert driver.text.count("3h up to now") == 2
        await driver.press("j", "enter")
        driver.expect("Opcounters: update", "3h up to now")
        await driver.press("v", "k", "i")
        driver.expect_not("Opcounters: insert")
        await driver.press("escape")
        assert "pinned" not in driver.header


# What runs now


async def test_what_runs_is_filtered_sorted_and_looked_at_whole(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("N")
        driver.expect("3 operations, by time", "COLLSCAN")
        assert "42s" in driver.line_with("▸ ")
        await driver.press("s")
        driver.expect("by namespace")
        await driver.press("slash")
        await driver.type("STOCK update")
        await driver.press("enter")
        driver.expect("only STOCK update", "shop.stock", "waits for a lock")
        driver.expect_not("COLLSCAN")
        await driver.press("enter")
        driver.expect("update stock q={_id: 7}", "client")
        await driver.press("escape", "slash", "ctrl+u", "enter")
        driver.expect("COLLSCAN")


async def test_busy_collections_stand_beside_and_lead_to_the_chart(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("N", "tab")
        driver.expect("3 busy collections", "312 ms of each")
        await driver.press("s", "s")
        driver.expect("by writes")
        await driver.press("tab", "tab", "enter")
        driver.expect("Operation execution time: reads")


async def test_a_page_that_is_paused_asks_nothing(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("N", "p")
        asked = len(driver.scene.asked)
        await driver.tick()
        assert len(driver.scene.asked) == asked
        driver.expect("PAUSED")


# Machines


async def test_machines_show_how_busy_and_how_full_they_are(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("I")
        driver.expect("orders-1", "DISK FULL", "data's disk", "operating system Ubuntu 22.04")
        await driver.press("j", "enter")
        driver.expect("Host CPU: busy  percent", "2 not drawn")


async def test_a_disk_that_is_nearly_full_is_told_in_words(home: Path) -> None:
    scene = rich_scene()
    members = scene.kept_members["orders"]
    full = replace(members[1], values=members[1].values | {"host_disk_used_percent": 93.0})
    scene.kept_members["orders"] = [members[0], full, members[2]]
    async with console(scene, home) as driver:
        await driver.press("I")
        driver.expect("A disk is nearly full: orders-2.")
        assert "93% ▲" in driver.line_with("  orders-2")


async def test_each_page_is_reached_by_its_word_and_a_deployment(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        for word in ("health", "chart", "top", "host"):
            await driver.command(f"{word} orders")
            assert driver.header.startswith(f" mms › orders › {word}")


async def test_hostile_names_of_members_and_operations_stay_harmless(home: Path) -> None:
    async with console(hostile_scene(), home) as driver:
        for keys in ("M", "F", "i v", "N", "enter", "escape tab", "I"):
            await driver.press(*keys.split())
            driver.expect("owned")
            assert driver.cells.isprintable()


@pytest.mark.parametrize("options", [{"ascii": "true"}, {"theme": "mono"}])
async def test_a_chart_can_be_read_without_colours_and_in_ascii(
    home: Path, options: dict[str, str]
) -> None:
    async with console(rich_scene(), home, **options) as driver:
        await driver.press("F", "h")
        ends = [line_[-1] for line_ in driver.text.splitlines()[3:18] if line_[-1:].isdigit()]
        assert sorted(ends) == ["1", "2", "3"]
        assert driver.cells.isascii() == ("ascii" in options)


async def test_what_is_typed_behind_the_key_for_a_metric_goes_to_its_list(home: Path) -> None:
    """Also before the page has come: at a slow link, or from somebody who knows what he wants."""
    async with console(rich_scene(), home) as driver:
        await driver.burst("F", "slash", *"lag", "enter")
        driver.expect("Replication lag")
