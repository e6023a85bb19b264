"""What a person does with opened snapshots, links and seeds, key by key, on a scene in memory."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from mmsconsole.console.navigation import Place
from mmsconsole.errors import Refused, SourceUnreachable
from mmsconsole.operations.opening_views import FoundDocuments
from mmsconsole.operations.openings import Question
from mmsconsole.task import Task
from tests.support import fake_data as data
from tests.support import fake_opened
from tests.support.console_driver import ConsoleDriver, console
from tests.support.fake_operations import FakeOperations, empty_scene, rich_scene

NEWEST = "6591c4f1a2b3"
COLLECTIONS = Place("collections", "orders", "r-4401")
ORDERS = Place("documents", "orders", "r-4401 shop.orders")
DONE = Place("restore", "orders", "r-4410")


async def at(driver: ConsoleDriver, place: Place, *keys: str) -> None:
    driver.app.navigation.go(place)
    await driver.settled()
    await driver.press(*keys)


async def enter(driver: ConsoleDriver, text: str) -> None:
    """In place of what stands in the field."""
    await driver.burst("ctrl+u", *text, "enter")


def questions(scene: FakeOperations) -> list[Question]:
    return [call[2] for call in scene.calls if call[0] == "find_opened"]  # type: ignore[misc]


# -- the list ----------------------------------------------------------------------------------


async def test_what_is_open_is_shown_of_all_deployments(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("2", "0")
        assert "1784181870:1   ● open       3h 20m" in driver.line_with("▸ orders")
        driver.expect("2026-07-16 06:04:30Z", "payments", "◐ starting", "○ closed",
                      "127.0.0.1:27700  read-only, until 2026-07-16 15:24:30Z")  # fmt: skip
        await driver.press("j", "j")
        driver.expect("None of the ports 27700 to 27719 is free; close another one first.")
        await driver.press("enter")
        driver.expect("It is failed, not open.")


async def test_where_nothing_is_open_the_page_says_how_to_open_something(home: Path) -> None:
    async with console(empty_scene(), home) as driver:
        await driver.press("0")
        driver.expect("Nothing is open for reading.", "o opens a moment")
        await driver.press("c", "C")
        driver.expect("Nothing is open here.")
        assert not driver.asks


async def test_a_snapshot_is_opened_for_as_long_as_is_typed(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "o")
        await enter(driver, "800")
        driver.expect("hours: more than 0, at most 744")
        await enter(driver, "0.5")
        assert ("open_snapshot", "orders", NEWEST, None, 0.5) in driver.scene.calls
        assert "opened" in driver.header
        assert "◐ making" in driver.line_with("▸ ")
        driver.expect("It is being made; it is open when its files are here.")
        await driver.press("enter")
        assert "restore r-open" in driver.header


async def test_what_could_not_be_made_is_told_for_a_day(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        broken = data.restore("r-1", "orders", "failed", None, kind="open", reason="no room left")
        driver.scene.kept_restores["r-1"] = broken
        await driver.press("0")
        driver.expect("✗ failed", "No room left.")
        driver.scene.kept_restores["r-1"] = replace(
            broken, created_at=data.NOW - 2 * (data.NOW - data.NOW.replace(hour=0))
        )
        driver.app.clock.sleep(86_400)
        await driver.tick()
        driver.expect_not("No room left.")


async def test_a_moment_is_opened_by_its_point_after_the_deployment_is_named(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("0", "o")
        await enter(driver, "x")
        driver.expect("a deployment's name: ")
        await enter(driver, "orders")
        await enter(driver, "yesterday")
        driver.expect("SECONDS:INCREMENT, or latest")
        assert driver.scene.calls == []
        await enter(driver, "before:1784201970:3")
        await driver.press("enter")
        asked = ("open_snapshot", "orders", None, "before:1784201970:3", 24)
        assert driver.scene.calls == [asked]


async def test_a_moment_is_opened_by_a_command_from_anywhere(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.command("open payments")
        await driver.press("enter", "enter")
        assert driver.scene.calls == [("open_snapshot", "payments", None, "latest", 24)]


async def test_the_password_is_shown_to_who_asks_for_it_and_then_it_is_gone(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("0")
        driver.expect_not(fake_opened.PASSWORD)
        await driver.press("c")
        driver.expect("mongosh 'mongodb://mmsconsole-reader@127.0.0.1:27700/?directCon",
                      f"password  {fake_opened.PASSWORD}")  # fmt: skip
        assert fake_opened.PASSWORD not in repr(driver.app.screen.__dict__)
        await driver.press("Y")
        assert driver.app.clipboard == fake_opened.PASSWORD
        driver.expect("Copied the password")
        await driver.press("escape")
        driver.expect_not(fake_opened.PASSWORD)
        assert fake_opened.PASSWORD not in repr(vars(driver.app.memory))


async def test_one_that_is_not_open_has_no_password(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("0", "j", "c")
        driver.expect("r-4399: it is starting, not open.")


async def test_it_is_kept_open_for_longer(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("0", "e", "enter")
        assert driver.scene.calls == [("extend_opening", "r-4401", 24)]
        driver.expect("It is open until 2026-07-17 12:04:30Z.")
        assert " 24h " in driver.line_with("▸ orders") or " 1d " in driver.line_with("▸ orders")


async def test_it_is_closed_after_a_question_and_enter_alone_closes_nothing(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("0", "C", "enter")
        assert driver.scene.calls == []
        await driver.press("C", "right", "enter")
        assert driver.scene.calls == [("close_opening", "r-4401")]
        assert "◐ closing" in driver.line_with("▸ orders")


# -- browsing ----------------------------------------------------------------------------------


async def test_from_collections_to_documents_to_one_whole_and_back_to_the_same_rows(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("0", "enter")
        driver.expect("5 collections in 2 databases", "closes in 3h 20m", "view")
        await driver.press("j", "j", "enter", "j", "enter")
        driver.expect('"_id": {"$numberInt": "2"},', '"customer": "customer 2"')
        await driver.press("G")
        driver.expect("}")
        await driver.press("escape")
        assert driver.line_with("▸ ").split()[1:3] == ["2", "2"]
        await driver.press("escape")
        assert "orders" in driver.line_with("▸ ")
        assert len(driver.scene.calls) == 2


async def test_pages_go_on_and_back(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await at(driver, ORDERS)
        driver.expect("documents 1 to 100 of shop.orders, more follow")
        await driver.press("left_square_bracket")
        driver.expect("There are no more that way.")
        await driver.press("right_square_bracket", "G", "j")
        driver.expect("documents 201 to 250 of shop.orders")
        assert driver.line_with("▸ ").split()[1] == "201"
        await driver.press("right_square_bracket")
        driver.expect("There are no more that way.")
        await driver.press("left_square_bracket")
        driver.expect("documents 101 to 200")
        assert [each.skip for each in questions(driver.scene)] == [0, 100, 200, 100]


async def test_documents_are_filtered_and_sorted(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await at(driver, ORDERS, "slash")
        await enter(driver, "{_id: 7}")
        driver.expect("Names of fields stand in double quotes")
        assert isinstance(driver.app.focused, Input)
        await enter(driver, '{"_id": 7}')
        driver.expect('documents 1 to 1 of shop.orders; only {"_id": 7}', "customer 7")
        await driver.press("s")
        await enter(driver, '{"at": -1}')
        await driver.press("slash")
        await enter(driver, "")
        driver.expect("more follow; sorted by", "customer 250")
        assert questions(driver.scene)[-1].sort == '{"at": -1}'
        await driver.press("slash", "escape")
        assert "shop.orders" in driver.text
        assert len(questions(driver.scene)) == 4


async def test_a_filter_that_nothing_fits_says_so_and_an_empty_collection_too(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await at(driver, ORDERS, "slash")
        await enter(driver, '{"_id": 0}')
        driver.expect("No document is like that.", "no documents of shop.orders")
        await at(driver, Place("documents", "orders", "r-4401 shop.none"))
        driver.expect("There are no documents in it.")
        await driver.press("enter", "j", "right_square_bracket")
        driver.well()


async def test_hostile_names_and_values_steer_nothing(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await at(driver, COLLECTIONS)
        for key in ("", "enter", "enter", "G"):
            await driver.press(*key.split())
            assert not set(driver.cells) & set("\x1b\x07\u202e\x9b")
            driver.expect("\\x1b[2Jevil")


@pytest.mark.parametrize(
    ("method", "place", "then"),
    [
        ("opened_collections", COLLECTIONS, "5 collections"),
        ("find_opened", ORDERS, "documents 1 to 100"),
    ],
)
async def test_an_error_of_the_server_is_a_line_and_the_page_lives_on(
    home: Path, method: str, place: Place, then: str
) -> None:
    async with console(rich_scene(), home) as driver:
        driver.scene.fail[method] = SourceUnreachable("no answer", where="127.0.0.1:27700")
        await at(driver, place)
        driver.expect("127.0.0.1:27700: no answer.")
        driver.expect_not("There is nothing in it.", "There are no documents")
        driver.scene.fail.clear()
        await driver.press("r")
        driver.expect(then)


async def test_one_that_is_closed_meanwhile_says_so(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await at(driver, COLLECTIONS)
        closed = replace(driver.scene.kept_openings["r-4401"], state="closed", reason="by ben")
        driver.scene.kept_openings["r-4401"] = closed
        driver.scene.fail["find_opened"] = Refused("it is closed, not open: by ben")
        await driver.tick()
        driver.expect("○ closed  by ben")
        await driver.press("enter")
        driver.expect("It is closed, not open: by ben.")


class SlowOperations(FakeOperations):
    """Reads until it is cancelled, once it was told to."""

    slow = False
    begun = threading.Event()

    def find_opened(
        self, opening_id: str, question: Question, *, task: Task | None = None
    ) -> FoundDocuments:
        if not self.slow or task is None:
            return super().find_opened(opening_id, question, task=task)
        task.report("reading", 34, 100)
        self.begun.set()
        task.cancellation.event.wait(60)
        task.check()
        raise AssertionError("never cancelled")


async def test_reading_blocks_nothing_and_escape_stops_it_and_nothing_else(home: Path) -> None:
    rich = rich_scene()
    scene = SlowOperations(
        **{name: getattr(rich, name) for name in ("views", "kept_openings", "kept_documents")}
    )
    async with console(scene, home) as driver:
        await at(driver, ORDERS)
        scene.slow = True
        await driver.pilot.press("right_square_bracket")
        await driver.until(scene.begun.is_set)
        await driver.expect_soon("reading shop.orders … 34 documents  esc stops it")
        await driver.pilot.press("j")
        await driver.until(lambda: driver.line_with("▸ ").split()[1] == "2")
        await driver.press("escape")
        driver.expect("Stopped.", "documents 1 to 100 of shop.orders")
        scene.slow = False
        await driver.press("right_square_bracket")
        driver.expect("documents 101 to 200")


async def test_a_document_that_was_read_too_long_ago_says_so(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await at(driver, ORDERS, "enter", "2", "minus")
        driver.expect('"customer": "customer 1"')
        await driver.press("2")
        driver.app.memory._found.clear()
        await driver.press("minus")
        driver.expect("It was read too long ago")


# -- links -------------------------------------------------------------------------------------


async def test_links_are_listed_and_one_is_revoked_after_a_question(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("L")
        assert "● ready      0 of 1         23h   1.2 GB" in driver.line_with("▸ orders")
        driver.expect("3 of 3", "◐ preparing", "○ used up", "✗ revoked", "0 of 1 downloads")
        await driver.press("X", "enter")
        assert driver.scene.calls == []
        await driver.press("X", "right", "enter")
        assert driver.scene.calls == [("revoke_link", "r-4390")]
        assert "✗ revoked" in driver.line_with("▸ orders")
        await driver.press("X")
        driver.expect("This link is revoked already.")


async def test_the_command_line_is_shown_where_the_link_was_made_and_nowhere_else(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("L", "enter")
        driver.expect("it is kept nowhere, and")
        await driver.press("y")
        driver.expect("Its command line was told when it was made.")
        driver.app.memory.offers["r-4390"] = fake_opened.OFFER
        await driver.tick()
        shown = [line.rstrip() for line in driver.text.splitlines()]
        begin = next(place for place, line in enumerate(shown) if line.startswith("curl "))
        folded = "".join(line.removesuffix("\\") for line in shown[begin : begin + 3])
        assert folded == fake_opened.OFFER.curl
        await driver.press("y")
        assert driver.app.clipboard == fake_opened.OFFER.curl


async def test_without_links_the_page_says_where_they_come_from(home: Path) -> None:
    async with console(empty_scene(), home) as driver:
        await driver.press("L", "X", "enter")
        driver.expect("No links yet.", "R on a deployment makes one")


# -- seeds -------------------------------------------------------------------------------------


async def test_a_restore_that_is_done_shows_how_a_replica_set_begins_with_it(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await at(driver, DONE, "s")
        await enter(driver, "rs 0")
        driver.expect("no name of a replica set")
        await enter(driver, "rs0")
        await enter(driver, "db1:27017 db1:27017")
        driver.expect("a member is named twice")
        await enter(driver, "db1:27017 db2:27017 db3:27017")
        members = ("db1:27017", "db2:27017", "db3:27017")
        assert driver.scene.calls == [("seed", "r-4410", "rs0", members, None)]
        driver.expect("How the replica set rs0 begins", "mongod --dbpath", "--replSet rs0")
        await driver.press("G")
        driver.expect("rs.initiate(")
        await driver.press("y")
        assert "rs.initiate(" in driver.app.clipboard
        await driver.press("escape")
        driver.expect("restore r-4410")


async def test_what_has_no_files_seeds_nothing(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        kept = driver.scene.kept_restores
        kept["r-4410"] = replace(kept["r-4410"], kind="tar")
        await at(driver, DONE, "s")
        driver.expect("This restore left no files that a mongod could start on.")
        kept["r-4410"] = replace(kept["r-4410"], state="delivering")
        await driver.press("r", "s")
        driver.expect("The restore is delivering, not done.")
        assert driver.scene.calls == []


async def test_what_is_refused_is_told_with_its_hint(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        refusal = Refused("that is not possible now", hint="look elsewhere")
        driver.scene.fail["close_opening"] = refusal
        await driver.press("0", "C", "right", "enter")
        driver.expect("That is not possible now.", "Look elsewhere.")
