"""What a person does in the oplog browser, key by key, on a scene in memory."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.errors import ObjectCorrupt, StorageUnreachable
from mmsconsole.operations.oplog_views import OplogPage, OplogQuery, OplogRow
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.support.console_driver import console
from tests.support.fake_operations import FakeOperations, rich_scene
from tests.support.fake_oplog import FakeOplog, entry
from tests.support.oplog_entries import insert

DROP = "1784201970:3"
BURST = "1784200830:5"


def asked(scene: FakeOperations) -> list[OplogQuery]:
    return [call[1] for call in scene.calls if call[0] == "oplog"]  # type: ignore[misc]


async def test_the_newest_entries_are_shown_and_nothing_is_read_twice(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("9")
        assert "12:04:20" in driver.line_with("▸ ")
        driver.expect("/s", "any second", "2026-07-16 12:04:20Z (1784203460:2)")
        before = len(driver.scene.calls)
        await driver.tick()
        await driver.press("k", "k")
        assert len(driver.scene.calls) == before
        await driver.press("escape", "9")
        assert len(driver.scene.calls) == before
        assert "12:03:20" in driver.line_with("▸ ")


async def test_an_accident_is_found_backwards_and_the_wizard_opens_with_exactly_that_moment(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("9", "d")
        driver.expect("drop of shop.sessions", "with 4812 documents", f"({DROP})")
        assert "drop" in driver.line_with("▸ ")
        await driver.press("d")
        driver.expect("60 deletes of shop.carts", f"({BURST})")
        await driver.press("d")
        driver.expect("Nothing was dropped before here")

        await driver.press("R")
        driver.expect(f"before:{BURST}", "everything before the entry of 2026-07-16 11:20:30Z",
                      "that entry itself is left out")  # fmt: skip
        await driver.press("enter", "enter", "enter", "enter")
        plans = [call for call in driver.scene.calls if call[0] == "plan_restore"]
        assert plans[0][1:4] == ("orders", None, f"before:{BURST}")


async def test_a_filter_shows_only_what_was_asked_for(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("9", "slash")
        await driver.type("op=drop")
        await driver.press("enter")
        driver.expect("only op=drop, 2 rows", "shop.sessions")
        driver.expect_not("shop.orders")
        await driver.press("slash")
        await driver.type(" =x")
        await driver.press("enter")
        driver.expect("a value without the name of its field")
        await driver.press("escape")
        driver.expect("only op=drop")
        await driver.press("slash", "ctrl+u", "enter")
        driver.expect("shop.orders")


async def test_a_filter_that_nothing_fits_says_so(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        driver.scene.kept_oplog = FakeOplog((entry(1784200000, 1, insert(1, {"_id": 1})),))
        await driver.press("9", "slash")
        await driver.type("op=drop")
        await driver.press("enter")
        driver.expect("beginning")


async def test_more_is_read_at_either_end(home: Path) -> None:
    async with console(rich_scene(), home, (80, 90)) as driver:
        await driver.press("9")
        driver.expect("200 rows")
        await driver.press("g")
        assert "beginning" not in driver.line_with("▸ ")
        assert "10:34:30" in driver.line_with("▸ ")
        await driver.press(*["pagedown"] * 4)
        assert asked(driver.scene)[-1].after is not None
        driver.expect("400 rows")
        await driver.press("G")
        assert "12:04:20" in driver.line_with("▸ ")


async def test_the_graph_is_moved_along_and_the_rows_follow(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("9", "left_square_bracket", "h", "l")
        assert "11:50:43Z" in driver.line_with("▲")
        assert "11:50:54" in driver.line_with("▸ ")
        await driver.press("plus")
        assert driver.scene.calls[-1][0] == "oplog_rate"
        first, last = (int(str(point).split(":")[0]) for point in driver.scene.calls[-1][1:])
        assert 2600 < last - first < 2800
        await driver.press("minus")
        assert driver.scene.calls[-1] == ("oplog_rate", "", "")


async def test_one_entry_is_opened_whole_and_restored_before(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("9", "d", "enter")
        driver.expect("as extended JSON", '"drop": "sessions"')
        assert "entry 1784201970:3" in driver.header
        assert driver.scene.asked.count("oplog_entry") == 1
        await driver.tick()
        assert driver.scene.asked.count("oplog_entry") == 1
        await driver.press("R")
        driver.expect(f"before:{DROP}")
        await driver.press("escape", "escape")
        assert "drop" in driver.line_with("▸ ")


async def test_a_transaction_is_unfolded(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("9", "slash")
        await driver.type("op=transaction")
        await driver.press("enter")
        driver.expect("4 operations: insert shop.orders 3, update shop.goods")
        await driver.press("enter")
        driver.expect("inside", "set stock: 4")


class SlowOperations(FakeOperations):
    """Reads until it is cancelled, once it was told to."""

    slow = False
    begun: threading.Event

    def oplog(
        self, name: str, query: OplogQuery | None = None, *, task: Task | None = None
    ) -> OplogPage:
        if not self.slow or task is None:
            return super().oplog(name, query, task=task)
        task.report("reading", 34_000_000, 120_000_000)
        self.begun.set()
        task.cancellation.event.wait(60)
        task.check()
        raise AssertionError("never cancelled")


async def test_reading_shows_how_far_it_is_and_escape_stops_it_and_nothing_else(
    home: Path,
) -> None:
    rich = rich_scene()
    scene = SlowOperations(views=rich.views, kept_oplog=rich.kept_oplog)
    scene.begun = threading.Event()
    async with console(scene, home) as driver:
        await driver.press("9")
        scene.slow = True
        await driver.pilot.press("g")
        await driver.until(scene.begun.is_set)
        await driver.expect_soon("reading the oplog")
        await driver.expect_soon("34 MB of 120 MB")
        await driver.press("escape")
        driver.expect("Stopped.", "12:04:20")
        assert "oplog" in driver.header
        scene.slow = False
        await driver.press("escape")
        assert "oplog" not in driver.header


async def test_where_nothing_is_stored_there_is_nothing_to_open_or_to_restore(
    home: Path,
) -> None:
    gap = OplogRow("gap", Optime(1784203470, 1), None, change="the source's oplog went on")
    async with console(rich_scene(), home) as driver:
        driver.scene.kept_oplog = replace(driver.scene.kept_oplog, missing=(gap,))
        await driver.press("9")
        driver.expect("▲ gap", "2026-07-16 12:04:30Z to now", "The source's oplog went on.")
        for key in ("enter", "R"):
            await driver.press("j", key)
            driver.expect("There is no entry here.")


async def test_without_an_oplog_the_page_says_what_to_do(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        driver.scene.kept_oplog = FakeOplog()
        await driver.press("9")
        driver.expect("No oplog is stored yet.")
        await driver.press("d")
        driver.expect("Nothing was dropped before here")
        await driver.press("R")
        driver.expect("There is no entry here.")


@pytest.mark.parametrize(
    ("method", "keys"), [("oplog", "9"), ("oplog_rate", "9"), ("oplog_search", "9 d")]
)
async def test_a_store_that_is_away_is_told_and_the_page_lives_on(
    home: Path, method: str, keys: str
) -> None:
    async with console(rich_scene(), home) as driver:
        driver.scene.fail[method] = StorageUnreachable("no answer", where="s3://b", hint="look")
        await driver.press(*keys.split())
        driver.expect("s3://b: no answer.")
        driver.scene.fail.clear()
        await driver.press("r", "G")
        driver.expect("12:04:20", "any second")


async def test_an_entry_that_can_not_be_read_is_told(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("9")
        driver.scene.fail["oplog_entry"] = ObjectCorrupt("bytes differ from their sha256")
        await driver.press("enter")
        driver.expect("bytes differ from their sha256")


async def test_a_stretch_without_entries_is_passed_on_the_graph(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        early, late = (entry(at, 1, insert(1, {"_id": at})) for at in (1784200000, 1784203000))
        driver.scene.kept_oplog = FakeOplog((early, late))
        await driver.press("9", *"h" * 3)
        assert "12:04:20" not in driver.text
        assert driver.line_with("▲") != ""
        await driver.press(*["left_square_bracket"] * 7)
        assert "11:06:40" in driver.line_with("▸ ")
