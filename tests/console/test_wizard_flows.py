"""What a person does in the restore wizard, key by key, on a scene in memory."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.errors import Refused, SelectionRefused, TargetNotEmpty
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.optime import INCREMENT_MAX
from mmsconsole.secret import Secret
from tests.support.console_driver import ConsoleDriver, console
from tests.support.fake_operations import SCENES, FakeOperations, rich_scene
from tests.support.fake_restores import OFFER, TOKEN

AT = "2026-07-16T10:52:24Z"
"""One column before the end."""
PROPOSED = "/srv/restores/orders-20260716-105224"
TO_WHAT = ("R", "h", "enter")
TO_KINDS = (*TO_WHAT, "enter")
URI = "mongodb://anna:s3cret@db7:27017/"


async def replaced(driver: ConsoleDriver, text: str) -> None:
    """What stands in the field, by another text."""
    await driver.press("ctrl+u")
    await driver.type(text)


async def typed_in_rows(driver: ConsoleDriver, *texts: str) -> None:
    """Row after row; an empty text leaves what is there."""
    for place, text in enumerate(texts):
        if place:
            await driver.press("down")
        if text:
            await replaced(driver, text)
    await driver.settled()


WHOLE_SECOND = f"1784199144:{INCREMENT_MAX}"
"""The moment that was shown; what was typed may mean another one by now."""


def asked(scene: FakeOperations, what: str = "start_restore") -> tuple[Target, Selection]:
    call = next(call for call in reversed(scene.calls) if call[0] == what)
    assert isinstance(call[4], Target)
    assert isinstance(call[5], Selection)
    return call[4], call[5]


# The point


async def test_the_second_under_the_cursor_is_restored_into_the_proposed_folder(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "enter")
        driver.expect(PROPOSED)
        await driver.press("enter")
        driver.expect("2026-07-16 10:52:24Z  (1784199144, whole second)  included", "● enough")
        await driver.press("enter")

        point = ("orders", None, AT)
        where = (Target(TargetKind.FOLDER, path=PROPOSED), WHOLE)
        assert driver.scene.calls == [
            ("restore_point", *point), ("plan_restore", *point, *where),
            ("start_restore", "orders", None, WHOLE_SECOND, *where),
        ]  # fmt: skip
        assert "restore r-new" in driver.header
        driver.expect("○ queued", "the engine goes on with it")


async def test_a_snapshot_is_restored_as_it_is(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("R", "k", *["enter"] * 5)
        newest = driver.scene.kept_snapshots["orders"][-2].id
        assert driver.scene.calls[-1][:4] == ("start_restore", "orders", newest, None)


async def test_the_wizard_begins_at_the_snapshot_it_was_opened_on(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("3", "j", "j", "R")
        driver.expect("the snapshot of 2026-07-15 23:59:57Z, as it is")


async def test_a_typed_point_counts_before_the_cursor(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("R", "tab")
        await driver.type("latest")
        await driver.press("enter")
        assert driver.scene.calls == [("restore_point", "orders", None, "latest")]
        driver.expect("up to and including 2026-07-16 12:04:28Z  (1784203468:4)")


@pytest.mark.parametrize(
    ("point", "told"),
    [
        ("2026-07-10T00:00:00Z", "lies outside of what can be restored"),
        ("yesterday", "yesterday: not a point."),
    ],
)
async def test_a_point_that_can_not_be_is_told_at_its_step_and_stays_there(
    home: Path, point: str, told: str
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press("R", "tab")
        await driver.type(point)
        await driver.press("enter")
        driver.expect(told, point, "or type it")


async def test_a_second_in_a_gap_is_refused_with_the_nearest_on_both_sides(home: Path) -> None:
    async with console(SCENES["troubled"](), home) as driver:
        await driver.press("R", *["h"] * 13)
        driver.expect("In a gap: the nearest that can be restored are 2026-07-15 16:04:30Z before")
        driver.expect("2026-07-15 22:04:30Z after it", "ReshardCollection app.carts")
        await driver.press("enter")
        driver.expect("or type it")
        assert driver.scene.calls == []


async def test_a_typed_point_in_a_gap_is_refused_by_the_engine(home: Path) -> None:
    async with console(SCENES["troubled"](), home) as driver:
        await driver.press("R", "tab")
        await driver.type("2026-07-15T18:00:00Z")
        await driver.press("enter")
        driver.expect("lies in a gap of the window", "2026-07-15T16:04:30Z before it and")
        driver.expect("2026-07-15T22:04:30Z after it", "or type it")


async def test_nobody_is_led_on_who_went_elsewhere_while_the_engine_looked(home: Path) -> None:
    scene = rich_scene()
    async with console(scene, home) as driver:
        scene.gate.clear()
        await driver.pilot.press("R")
        await driver.settled()
        await driver.pilot.press("enter", "escape")
        scene.gate.set()
        await driver.settled()
        assert "new restore" not in driver.header


# What


async def test_a_part_of_the_data_goes_under_new_names_without_its_indexes(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_WHAT)
        await typed_in_rows(
            driver, "app shop.orders", "app.carts", "app=app_before", 'shop.orders={"a": {"b": 1}}'
        )
        await driver.press("down", "right", "down", "n")
        await driver.press("enter", "a", "enter", "enter")
        driver.expect("'app' as 'app_before'", "of 'shop.orders' only", "without indexes")
        await driver.press("enter")
        assert asked(driver.scene)[1] == Selection(
            ("app", "shop.orders"), ("app.carts",), (("app", "app_before"),), True, False,
            (("shop.orders", '{"a": {"b": 1}}'),),
        )  # fmt: skip


async def test_users_go_with_everything_and_not_with_a_part_unless_that_is_said(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_WHAT)
        await driver.type("app")
        await driver.press("enter", "enter", "enter")
        assert not asked(driver.scene, "plan_restore")[1].users


async def test_collections_are_chosen_from_those_that_are_there(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_WHAT)
        driver.expect("There is: app.carts, app.orders, shop.orders, shop.sessions")
        await driver.type("later.one")
        await driver.press("ctrl+o", "space", "down", "down", "down", "down", "space", "enter")
        driver.expect("later.one app shop.orders")
        await driver.press("ctrl+o", "space", "escape")
        driver.expect("later.one app shop.orders")


async def test_a_wrong_word_is_told_where_it_was_typed(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_WHAT)
        await typed_in_rows(driver, "", "", "app")
        await driver.press("enter")
        driver.expect("app: a new name is given as OLD=NEW.", "new names")
        await driver.type("=app2")
        await driver.press("enter")
        driver.expect("a tar file")


async def test_what_is_not_there_leads_back_to_what_with_what_was_typed(home: Path) -> None:
    scene = rich_scene()
    scene.fail["plan_restore"] = SelectionRefused(
        "there is no 'appp' in it", hint="there is: 'app', 'shop'"
    )
    async with console(scene, home) as driver:
        await driver.press(*TO_WHAT)
        await driver.type("appp")
        await driver.press("enter", "enter", "enter")
        driver.expect("There is no 'appp' in it.", "There is: 'app', 'shop'.", "only", "new names")
        assert "appp" in driver.line_with(" only ")


async def test_a_filter_for_data_files_is_refused_where_the_kind_was_chosen(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_WHAT)
        await typed_in_rows(driver, "", "", "", 'app.orders={"_id": 5}')
        await driver.press("enter", "f", "enter", "enter")
        driver.expect("A filter needs a target that takes documents.", PROPOSED)


# Where


TARGETS = [
    ("f", [], Target(TargetKind.FOLDER, path=PROPOSED)),
    ("t", ["down", "z"],
     Target(TargetKind.TAR, path=f"{PROPOSED}.tar.zst", compression="zstd")),
    ("a", ["down", "right"],
     Target(TargetKind.ARCHIVE, path=f"{PROPOSED}.archive.gz", compression="gzip")),
    ("d", [], Target(TargetKind.DUMP, path=f"{PROPOSED}-dump")),
    ("l", ["backspace", "down", "backspace", "3"],
     Target(TargetKind.LINK, hours=2, downloads=3)),
    ("o", ["ctrl+u", "8"], Target(TargetKind.OPEN, hours=8)),
]  # fmt: skip


@pytest.mark.parametrize(("letter", "keys", "target"), TARGETS, ids=[one[0] for one in TARGETS])
async def test_each_kind_has_rows_of_its_own_with_values_that_will_do(
    home: Path, letter: str, keys: list[str], target: Target
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, letter, "enter", *keys, "enter", "enter")
        assert asked(driver.scene) == (target, WHOLE)


async def test_files_go_to_another_host(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "s", "enter")
        await typed_in_rows(driver, "db7", "mongod", "/data/db", "", "2222", "~/.ssh/k", "op3n")
        driver.expect_not("op3n")
        await driver.press("up")
        driver.expect("(typed, not shown)")
        await driver.press("enter")
        driver.expect("to another host, by SSH: mongod@db7:/data/db (port 2222)")
        await driver.press("enter")
        assert asked(driver.scene)[0] == Target(
            TargetKind.SSH, path="/data/db", host="db7", user="mongod", port=2222,
            identity="~/.ssh/k",
        )  # fmt: skip
        assert driver.scene.secrets == [Secret("op3n")] * 2


async def test_the_arrows_choose_a_kind_too(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "up", "k", "k", "down", "enter")
        driver.expect("deployment", "or URI")


async def test_a_live_deployment_that_is_known_is_written_into_when_its_name_was_typed(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "v", "enter")
        await driver.type("catalogue")
        await driver.press("enter")
        driver.expect("to a live deployment: catalogue", "its name is asked for before it begins")
        await driver.press("enter")
        driver.expect("Write into catalogue?", "Type catalogue to confirm:")
        await driver.burst(*"orders", "enter")
        driver.expect("that is not it")
        await driver.press("escape")
        assert driver.scene.calls[-1][0] == "plan_restore"
        await driver.press("enter")
        await driver.burst(*"catalogue", "enter")
        target = Target(TargetKind.LIVE, deployment="catalogue")
        assert asked(driver.scene) == (target, WHOLE)


async def test_what_would_be_overwritten_is_loud(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "v", "enter")
        await driver.type("catalogue")
        await driver.press("down", "down", "d")
        driver.expect("drop it first, OVERWRITE it")
        await driver.press("enter")
        driver.expect("WHAT IS THERE OF THE SAME NAMES IS DROPPED FIRST", "4,812 documents")
        await driver.press("enter")
        driver.expect("is DROPPED first.", "Dropped first: shop.orders (4,812 documents, 3.1 MB).")
        await driver.burst(*"catalogue", "enter")
        assert asked(driver.scene)[0].overwrite


async def test_a_uri_is_hidden_while_it_is_typed_and_gone_afterwards(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "v", "enter", "down")
        for char in URI:
            await driver.type(char)
            driver.expect_not("s3", "cret")
        driver.expect("mongodb://anna:******@db7:27017/")
        await driver.press("enter")
        driver.expect("to a live deployment: db7:27017")
        driver.expect_not("s3cret", "anna")
        await driver.press("escape", "up")
        driver.expect("(typed, not shown)")
        assert driver.scene.secrets == [Secret(URI)]
        assert "s3cret" not in repr(driver.app.memory.drafts)
        assert all(not form.secrets for form in driver.app.memory.drafts["orders"].forms.values())


async def test_a_wizard_that_was_left_goes_on_where_it_was_but_for_what_is_secret(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "v", "enter", "down")
        await driver.type(URI)
        await driver.press(*["escape"] * 5)
        assert "new restore" not in driver.header
        await driver.press("R")
        driver.expect("2026-07-16 10:52:24Z")
        await driver.press("enter", "enter", "enter")
        driver.expect("or URI")
        driver.expect_not("anna", "(typed, not shown)")
        await driver.press("enter")
        driver.expect("A deployment or a URI is needed.")


async def test_a_refused_plan_is_told_with_its_hint_and_the_field_keeps_its_text(
    home: Path,
) -> None:
    scene = rich_scene()
    scene.fail["plan_restore"] = TargetNotEmpty("the folder holds 3 files", where="/srv/full")
    async with console(scene, home) as driver:
        await driver.press(*TO_KINDS, "enter")
        await replaced(driver, "/srv/full")
        await driver.press("enter")
        driver.expect("/srv/full: the folder holds 3 files.", "Name a folder that does not exist")
        assert "/srv/full" in driver.line_with(" folder ")


@pytest.mark.parametrize(
    ("keys", "text", "told"),
    [
        (("f", "enter"), " ", "folder: it is needed."),
        (("l", "enter"), "soon", "hours: 'soon' is no number."),
        (("l", "enter", "down"), "2.5", "downloads: '2.5' is no whole number."),
        (("s", "enter"), "", "host: it is needed."),
    ],
)
async def test_a_row_that_will_not_do_is_named(
    home: Path, keys: tuple[str, ...], text: str, told: str
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, *keys)
        await replaced(driver, text)
        await driver.press("enter")
        driver.expect(told)
        assert driver.scene.calls[-1][0] == "restore_point"


async def test_a_restore_that_is_refused_at_its_start_leads_to_the_rows(home: Path) -> None:
    scene = rich_scene()
    scene.fail["start_restore"] = Refused("another restore writes there", hint="take another")
    async with console(scene, home) as driver:
        await driver.press(*TO_KINDS, "enter", "enter", "enter")
        driver.expect("Another restore writes there.", "Take another.", PROPOSED)


async def test_the_last_values_are_there_the_next_time_and_what_is_new_each_time_is_not(
    home: Path,
) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "s", "enter")
        await typed_in_rows(driver, "db7", "mongod", "/data/db", "", "2222", "", "op3n")
        await driver.press("enter", "enter")
        assert "restore r-new" in driver.header
        await driver.press("1", *TO_KINDS)
        driver.expect("▸ s  another host, by SSH")
        await driver.press("enter")
        driver.expect("db7", "mongod", "2222", "orders-20260716-105224")
        driver.expect_not("/data/db", "not shown")


async def test_keys_typed_ahead_land_in_the_rows_that_they_were_meant_for(home: Path) -> None:
    async with console(rich_scene(), home) as driver:
        await driver.press(*TO_KINDS, "s", "enter")
        await driver.burst(
            *"db7", "down", *"mongod", "down", "ctrl+u", *"dbs", "down", "space", "down", "ctrl+u",
            *"23", "enter",
        )  # fmt: skip
        target, _ = asked(driver.scene, "plan_restore")
        assert (target.host, target.user, target.path) == ("db7", "mongod", "dbs")
        assert (target.as_archive, target.port) == (True, 23)


# What came of it


async def test_the_curl_line_of_a_link_is_shown_when_it_is_ready_in_this_console(
    home: Path,
) -> None:
    scene = rich_scene()
    async with console(scene, home) as driver:
        await driver.press(*TO_KINDS, "l", "enter", "enter", "enter")
        driver.expect("the link is preparing", "shown here when it is ready")
        driver.expect_not("curl ")
        ready(scene)
        await driver.tick()
        driver.expect("the link is ready", "Told once, in this console alone", "curl -fg -k")
        await driver.press("escape", "5", "enter")
        driver.expect("curl -fg -k")
        await driver.press("y")
        driver.expect("Copied the command line")
        assert driver.app.clipboard == OFFER.curl


async def test_another_console_is_told_that_the_address_is_not_kept(home: Path) -> None:
    scene = rich_scene()
    async with console(scene, home) as driver:
        await driver.press(*TO_KINDS, "l", "enter", "enter", "enter")
        ready(scene)
        driver.app.memory.offers = dict[str, LinkOffer]()
        await driver.tick()
        driver.expect("told once, to who asked for it")
        assert TOKEN not in driver.text


def ready(scene: FakeOperations) -> None:
    made = replace(scene.kept_restores["r-new"], state="done", link_state="ready")
    scene.kept_restores["r-new"] = made
