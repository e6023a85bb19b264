"""Stores on their pages: figures, states that differ without colours, and what is hurt."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import questions, store, stores
from mmsconsole.console.present.status import copy_mark
from mmsconsole.console.present.text import Page, cells, plain
from mmsconsole.console.reached import Reached, is_due
from mmsconsole.console.state import StoreSituation, works_in
from mmsconsole.operations.check_views import RepairView
from mmsconsole.operations.store_views import StoreStats
from tests.support import fake_data as data
from tests.support import fake_stores as fakes
from tests.support.fake_data import GB, NOW

DEFAULT = fakes.stores()["default"]
WELL = StoreSituation(DEFAULT, fakes.stats()["default"], fakes.check(), None, ())
DAMAGED = replace(WELL, check=fakes.damage(), damage=fakes.damage())
NEW = StoreSituation(fakes.stores()["offsite"], fakes.stats()["offsite"], None, None, ())
HERE = Reached(NOW, 412 * GB, "")
AWAY = Reached(NOW - timedelta(minutes=3), None, "no route to s3.example " + "x" * 300)


@pytest.fixture(params=[(80, UNICODE), (132, UNICODE), (80, ASCII)], ids=["80", "132", "ascii"])
def page(request: pytest.FixtureRequest) -> Page:
    width, glyphs = request.param
    assert isinstance(glyphs, Glyphs)
    return Page(width, 24, NOW, glyphs)


@pytest.mark.parametrize("situation", [WELL, DAMAGED, NEW])
@pytest.mark.parametrize("reached", [None, HERE, AWAY])
def test_a_store_fits_its_page(
    situation: StoreSituation, reached: Reached | None, page: Page
) -> None:
    situation = replace(situation, jobs=tuple(data.jobs()[:1]))
    detail = stores.detail(situation, reached, page)
    assert len(detail) <= stores.DETAIL_LINES
    for each in [*store.draw(situation, reached, page), *detail]:
        # A line that is longer is clipped by its widget; it must not be much longer.
        assert cells(each) <= page.width + 60, plain(each)


def test_states_can_be_told_apart_without_colours() -> None:
    for glyphs in (UNICODE, ASCII):
        marks = [
            stores.store_mark(situation, reached, glyphs).line[0].text
            for situation, reached in ((WELL, None), (WELL, HERE), (WELL, AWAY), (DAMAGED, HERE))
        ]
        assert len(set(marks)) == len(marks)


def test_of_a_store_that_nobody_has_looked_at_no_bytes_are_told(page: Page) -> None:
    """A copy, or a store whose metadata was made anew: nothing is known, which is not nothing."""
    unknown = replace(NEW.store, stored_bytes=0, dead_bytes=0, copies=("orders",), looked_at=None)
    row = stores.row(replace(NEW, store=unknown, stats=StoreStats("offsite", ())), HERE, page)
    stored, dead, saved = (plain(cell) for cell in row.cells[2:5])
    assert (stored, dead, saved) == ("-", "-", "-")


@pytest.mark.parametrize(
    ("copy", "word"),
    [
        (fakes.copy("orders"), "level"),
        (fakes.copy("orders", behind=7300), "2h 01m behind"),
        (fakes.copy("orders", error="503 Slow Down"), "waits"),
        (replace(fakes.copy("orders"), level_at=None), "being made"),
    ],
)
def test_how_far_a_second_copy_is(copy: object, word: str) -> None:
    assert copy_mark(copy, UNICODE).word == word  # type: ignore[arg-type]


def test_a_finding_says_what_it_takes_with_it() -> None:
    pack, chunk = fakes.damage().findings
    assert store.hurt(pack).endswith("and 2 more can not be restored whole")
    assert store.hurt(replace(pack, snapshots=("5nap",))) == (
        "snapshot 5nap can not be restored whole"
    )
    assert "orders can not be restored to moments after 2026-07-15 05:04:30Z" in store.hurt(chunk)
    nobody = replace(pack, snapshots=())
    assert store.hurt(nobody) == "no snapshot, and no moment of a window, needs it"


def test_many_findings_end_in_how_many_more_there_are(page: Page) -> None:
    pack = fakes.damage().findings[0]
    many = replace(fakes.damage(), findings=(pack,) * 500, found=612)
    text = "\n".join(plain(each) for each in store.draw(replace(DAMAGED, damage=many), HERE, page))
    assert "and 562 more: mmsconsole store check default --last" in text


def test_remedies_end_in_how_many_more_there_are(page: Page) -> None:
    remedy = fakes.REPAIR_PLAN.objects[1]
    plan = RepairView("default", "", "planned", 400, 0, (), (remedy,) * 200)
    drawn = store.remedies(plan, 6, page)
    assert len(drawn) <= 6
    told = sum("4e1f" in plain(each) for each in drawn)
    assert plain(drawn[-1]).strip() == f"and {400 - told} more"


def test_living_and_dead_bytes_are_drawn_as_parts_of_what_is_stored() -> None:
    assert plain(stores.bar_of(3, 4, 8, UNICODE)) == "██████░░"
    assert plain(stores.bar_of(3, 4, 8, ASCII)) == "######.."
    assert plain(stores.bar_of(0, 0, 4, UNICODE)) == "░░░░"


def test_a_dry_run_that_finds_nothing_says_so() -> None:
    nothing = replace(fakes.GROOM_PLAN, dead_packs=0, rewritten_packs=0, dead_bytes=0)
    assert questions.groom_text(nothing)[0].startswith("There is nothing to give back now.")


@pytest.mark.parametrize("text", ["-1", "101", "x", "", "nan", "1e9"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    assert questions.share_complaint(text)


@pytest.mark.parametrize(("text", "share"), [("0", 0), ("4%", 0.04), ("12.5", 0.125), ("100", 1)])
def test_a_share_is_typed_in_percent(text: str, share: float) -> None:
    assert questions.share_of(text) == share


def test_a_place_is_asked_once_a_minute() -> None:
    assert is_due(None, NOW)
    assert not is_due(HERE, NOW + timedelta(seconds=59))
    assert is_due(HERE, NOW + timedelta(seconds=60))


def test_jobs_of_a_store_are_its_own_and_the_verifications_of_what_it_keeps() -> None:
    job = data.jobs()[0]
    assert works_in(replace(job, kind="check", store="default"), DEFAULT)
    assert not works_in(replace(job, kind="check", store="offsite"), DEFAULT)
    assert works_in(replace(job, kind="verification", deployment="orders"), DEFAULT)
    assert not works_in(replace(job, kind="restore", deployment="orders"), DEFAULT)
