"""Whole pages: nothing is wider than its page, whatever the data."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import deployment, empty, overview, restores, snapshots, wizard
from mmsconsole.console.present.text import Page, cells, plain
from mmsconsole.console.wizard import Choice, begin
from mmsconsole.optime import Optime
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


def test_a_review_says_exactly_what_will_happen(page: Page) -> None:
    base = data.snapshots("orders")[3]
    point = Optime.end_of_second(int(NOW.timestamp()))
    plan = data.plan("orders", base, point, "/srv/x", data.window(52))
    text = "\n".join(plain(line) for line in wizard.review_lines(plan, page))
    assert "The folder /srv/x is made." in text
    assert f"1.2 GB of the snapshot {base.id} are written" in text
    assert "84 MB of oplog are applied, up to and including 2026-07-16 12:04:30Z." in text
    assert "enough" in text


def test_a_review_of_a_snapshot_applies_no_oplog(page: Page) -> None:
    plan = data.plan("orders", data.snapshots("orders")[3], None, "/srv/x", data.window(52))
    assert "applied" not in "\n".join(plain(line) for line in wizard.review_lines(plan, page))


def test_a_review_warns_when_the_disk_is_too_small(page: Page) -> None:
    plan = data.plan("orders", data.snapshots("orders")[3], None, "/srv/x", data.window(52))
    text = "\n".join(plain(line) for line in wizard.review_lines(replace(plan, free_bytes=5), page))
    assert "not enough" in text


def test_a_target_of_any_length_is_shown_whole(page: Page) -> None:
    plan = data.plan("orders", data.snapshots("orders")[3], None, f"/{LONG}", data.window(52))
    drawn = wizard.review_lines(plan, page)
    assert sum(plain(line).count("x") for line in drawn[:6]) >= 300
    assert all(cells(line) <= page.width for line in drawn)


def test_a_point_before_every_snapshot_is_warned_about(page: Page) -> None:
    kept = data.snapshots("orders")
    made = begin(kept, data.window(52), NOW, 60)
    assert made is not None
    told = wizard.meaning(made.at(NOW - timedelta(days=30)), kept, (), page)
    assert "no complete snapshot lies before it" in plain(told[1])


def test_the_folder_step_names_what_is_restored(page: Page) -> None:
    told = wizard.target_lines(Choice(None, "latest"), "orders", page)
    assert plain(told[0]) == " orders, up to latest"


def test_the_newest_complete_snapshot_before_a_point_is_the_base() -> None:
    kept = data.snapshots("orders")
    found = snapshots.newest_complete(kept, kept[7].created_at - timedelta(minutes=1))
    assert found == kept[5]  # the one between failed


@pytest.mark.parametrize("restore", data.restores(), ids=lambda restore: restore.state)
def test_every_restore_fits_its_page(restore: object, page: Page) -> None:
    drawn = restores.draw(restore, page)  # type: ignore[arg-type]
    assert len(drawn) <= page.height - 3
    assert all(cells(line) <= page.width for line in drawn)


def test_a_done_restore_says_how_to_use_it(page: Page) -> None:
    done = data.restores()[1]
    text = "\n".join(plain(line) for line in restores.draw(done, page))
    assert f"mongod --dbpath {done.path}" in text
    assert Path(done.path).is_absolute()


def test_an_empty_view_names_the_key_that_comes_next() -> None:
    assert " a " in "".join(plain(line) for line in empty.no_deployments())
    found = "".join(plain(line) for line in empty.strangers({"offsite": 2}))
    assert "mmsconsole store rebuild offsite" in found
    assert " R " in "".join(plain(line) for line in empty.no_restores())
