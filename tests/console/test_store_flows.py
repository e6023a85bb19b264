"""The stores, key by key: what is in them, groom with its dry run, check, cancel."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from mmsconsole.errors import NotFound, ObjectMissing, StorageUnreachable
from mmsconsole.metadata.jobs import PhaseProgress
from tests.support import fake_data as data
from tests.support.console_driver import LARGE, console
from tests.support.fake_data import GB, NOW
from tests.support.fake_operations import SCENES, FakeOperations, rich_scene


def with_job(kind: str, **more: object) -> FakeOperations:
    scene = rich_scene()
    reading = PhaseProgress(
        "reading packs", 3 * GB, 9 * GB, 0.1 * GB, 58.0, NOW - timedelta(seconds=30), NOW
    )
    job = replace(data.jobs()[0], kind=kind, deployment="", store="default", progress=(reading,))
    scene.kept_jobs = [replace(job, **more)]  # type: ignore[arg-type]
    return scene


async def test_every_store_says_its_state_its_space_and_its_last_check(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("8")
        row = driver.line_with("▸ default")
        assert all(each in row for each in ("● answers", "9.8 GB", "610 MB", "412 GB", "4h ago"))
        driver.expect("9.2 GB living, 610 MB dead", "11 GB → 9.8 GB stored", "✓ well")
        await driver.press("j")
        driver.expect("payments  ▲ waits  s3.example: 503 Slow Down", "orders  ● level")


async def test_enter_opens_one_with_its_space_by_deployment(home: Path) -> None:
    async with console(rich_scene(), home, LARGE) as driver:
        await driver.press("8", "enter")
        assert "mms › stores › store default" in driver.header
        assert "11.4 to 1" in driver.line_with("  orders ")
        driver.expect("9.8 GB in 312 packs", " 94%   9.2 GB  snapshots need it")
        driver.expect("2 objects, 31 MB  no record knows them")


async def test_a_store_that_is_away_holds_up_nothing_and_is_said_with_why(home: Path) -> None:
    scene = rich_scene()
    scene.fail["store"] = StorageUnreachable("no route to s3.example")
    async with console(scene, home) as driver:
        await driver.press("8", "j")
        driver.expect("✗ away", "no route to s3.example")
        driver.expect_not("AWAY")
        await driver.press("1")
        driver.expect("● in sync")


async def test_places_are_asked_one_by_one_and_not_at_every_tick(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("8")
        assert driver.scene.asked.count("store") == 2
        await driver.tick()
        assert driver.scene.asked.count("store") == 2
        driver.app.clock.sleep(61)
        await driver.tick()
        assert driver.scene.asked.count("store") == 4


async def test_a_damaged_store_names_the_objects_what_they_hurt_and_what_to_do(
    home: Path,
) -> None:
    async with console(SCENES["troubled"](), home, LARGE) as driver:
        driver.expect("The store default is damaged, objects missing or wrong: 2; what can")
        await driver.press("8")
        assert "✗ damaged" in driver.line_with("▸ default")
        await driver.press("enter")
        driver.expect("✗ damaged  packs/default/4e/4e1f00c2a9b85d7733c1", "another sha256")
        driver.expect("and 2 more can not be restored", "✗ missing  oplog/id-orders/")
        driver.expect("orders can not be restored to moments after 2026-07-15 05:04:30Z")
        driver.expect("what to do", "Restore what is hurt from another snapshot")


async def test_a_groom_shows_its_dry_run_and_asks(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("8", "O")
        driver.expect("Of 9.8 GB no snapshot needs 610 MB. 21 packs go whole", "585 MB are free")
        await driver.press("enter")
        assert driver.scene.calls == [("plan_groom", "default")]
        await driver.press("O", "right", "enter")
        assert driver.scene.calls[-1] == ("start_groom", "default")
        driver.expect("The store default is being groomed.", "groom        ○ queued")


async def test_a_dry_run_that_can_not_be_made_grooms_nothing(home: Path) -> None:
    scene = rich_scene()
    scene.fail["plan_groom"] = ObjectMissing("no such object", where="snapshots/orders/65")
    async with console(scene, home) as driver:
        await driver.press("8", "O")
        driver.expect("snapshots/orders/65: no such object.")
        assert not driver.asks


async def test_a_repair_shows_what_it_would_take_from_where_and_asks(home: Path) -> None:
    async with console(SCENES["troubled"](), home) as driver:
        await driver.press("8", "P")
        driver.expect("1 object can be taken again. 1 object can not, or not")
        driver.expect("✗ 6878c1f0-00000001: neither the source nor a copy has", "take a new")
        driver.expect("✓ 4e1f00c2a9b85d7733c1: the head of orders, 40 of 40")
        await driver.press("enter")
        assert driver.scene.calls == [("plan_repair", "default")]
        await driver.press("P", "right", "enter")
        assert driver.scene.calls[-1] == ("start_repair", "default")
        driver.expect("The store default is being repaired.", "repair       ○ queued")


async def test_where_nothing_is_damaged_nothing_is_repaired(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("8", "P")
        assert not driver.asks
        driver.expect("Nothing that is damaged is known in the store default.")


async def test_a_check_asks_how_much_is_read_whole(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("8", "enter", "c", "9", "9", "9")
        driver.expect("a share is 0 to 100 percent")
        await driver.press("enter")
        assert driver.scene.calls == []
        await driver.press("backspace", "backspace", "enter")
        assert driver.scene.calls == [("start_check", "default", 0.09)]
        driver.expect("The store default is being checked, 9% of it is read whole.")


async def test_what_is_typed_in_one_burst_is_what_is_taken(home: Path) -> None:
    """Backspace before the signs that follow it, and enter after them."""
    async with console(rich_scene(), home) as driver:
        await driver.press("8", "c")
        await driver.burst("backspace", "1", "0", "0", "enter")
        assert driver.scene.calls == [("start_check", "default", 1.0)]


async def test_a_running_job_is_shown_with_its_time_left_and_cancelled(home: Path) -> None:
    async with console(with_job("check"), home) as driver:
        await driver.press("8", "enter")
        driver.expect("── check ── running, asked for by anna", "reading packs", " 33%", "58s left")
        await driver.press("C", "right", "enter")
        assert driver.scene.calls == [("cancel_job", "j1")]
        driver.expect("The check of store default is being cancelled.")


async def test_a_verification_of_what_is_kept_there_is_shown_too(home: Path) -> None:
    async with console(
        with_job("verification", deployment="orders", store="", subject="6591"), home
    ) as driver:
        await driver.press("8")
        driver.expect("verification ◐ running of orders", "58s left")


async def test_nothing_runs_nothing_is_cancelled(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.command("stores")
        await driver.press("C")
        driver.expect("No job is under way here.")


async def test_jobs_of_stores_say_which_in_the_list_of_jobs(home: Path) -> None:
    async with console(with_job("groom"), home) as driver:
        await driver.press("4")
        assert "store default" in driver.line_with("▸ groom")
        await driver.press("C")
        driver.expect("Cancel the groom of store default?", "nothing is lost by it")


async def test_the_stores_keep_the_deployment_that_one_came_from(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "8", "enter")
        assert "mms › orders › stores › store default" in driver.header
        await driver.press("3")
        assert "mms › orders" in driver.header
        driver.expect("DATA AS OF")


async def test_a_store_that_left_the_settings_is_said_so(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("8", "j", "enter")
        del driver.scene.kept_stores["offsite"]
        await driver.tick()
        driver.expect("there is no store of that name any more")


async def test_an_unknown_store_costs_one_view(home: Path) -> None:
    scene = rich_scene()
    scene.fail["store_stats"] = NotFound("no figures")
    async with console(scene, home) as driver:
        await driver.press("8")
        driver.expect("no figures")
        await driver.press("1")
        driver.expect("● in sync")
