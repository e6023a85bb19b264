"""Whole pages: nothing is wider than its page, whatever the data."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import deployment, empty, frame, overview, snapshots, wizard
from mmsconsole.console.present.text import Page, cells, plain
from mmsconsole.console.wizard.points import begin
from tests.support import fake_data as data
from tests.support.fake_data import NOW

LONG = "x" * 300


@pytest.fixture(params=[(80, UNICODE), (132, UNICODE), (80, ASCII)], ids=["80", "132", "ascii"])
def page(request: pytest.FixtureRequest) -> Page:
    width, glyphs = request.param
    assert isinstance(glyphs, Glyphs)
    return Page(width, 24, NOW, glyphs)


@pytest.mark.parametrize("view", data.deployments(), ids=lambda view: view.name)
def test_one_deployment_fits_its_page(view: object, page: Page) -> None:
    drawn = deployment.draw(view, data.lag(), data.events(), timedelta(hours=1), page)  # type: ignore[arg-type]
    assert len(drawn) <= page.height
    for line in drawn:
        assert cells(line) <= page.width, plain(line)


def test_a_done_initial_sync_is_one_fact(page: Page) -> None:
    drawn = deployment.draw(data.deployments()[0], [], [], timedelta(hours=1), page)
    assert any("initial sync" in plain(line) and "in 29s" in plain(line) for line in drawn)


def test_the_detail_of_a_deployment_has_its_fixed_height(page: Page) -> None:
    for view in data.deployments():
        assert len(overview.detail(view, page)) <= overview.DETAIL_LINES


def test_of_a_standalone_nobody_is_told_to_start_a_backup() -> None:
    view = replace(data.deployments()[-1], kind="standalone", set_name="", uri="mongodb://db1")
    page = Page(80, 24, NOW, UNICODE)
    head, told, to_do, *_ = (plain(line) for line in overview.detail(view, page))
    assert "─ mongodb://db1 ─" in head
    assert "can only be monitored" in told
    assert "make it a set of one member" in f"{told}{to_do}"


def test_a_standalone_is_only_monitored_in_the_list_on_its_page_and_in_the_header() -> None:
    """As the command line says."""
    page = Page(80, 24, NOW, UNICODE)
    view = replace(data.deployments()[-1], kind="standalone", set_name="", uri="mongodb://db1")
    for line in (overview.row(view, page).cells[1], frame.state_of(view, page)):
        assert plain(line) == f"{UNICODE.off} only monitored"
    drawn = "\n".join(
        plain(each) for each in deployment.draw(view, (), (), timedelta(hours=1), page)
    )
    assert "only monitored" in drawn
    assert "not backed up" not in drawn


def test_a_point_before_every_snapshot_is_warned_about(page: Page) -> None:
    kept = data.snapshots("orders")
    made = begin(kept, data.window(52), NOW, 60)
    assert made is not None
    told = wizard.meaning(made.at(NOW - timedelta(days=30)), kept, (), page)
    assert "no complete snapshot lies before it" in plain(told[1])


def test_the_newest_complete_snapshot_before_a_point_is_the_base() -> None:
    kept = data.snapshots("orders")
    found = snapshots.newest_complete(kept, kept[7].created_at - timedelta(minutes=1))
    assert found == kept[5]  # the one between failed


def test_an_empty_view_names_the_key_that_comes_next() -> None:
    assert " a " in "".join(plain(line) for line in empty.no_deployments())
    found = "".join(plain(line) for line in empty.strangers({"offsite": 2}))
    assert "mmsconsole store rebuild offsite" in found
    assert " R " in "".join(plain(line) for line in empty.no_restores())
