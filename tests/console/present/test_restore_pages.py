"""The review of a restore and its page: everything is said, and nothing is wider than the page."""

from dataclasses import replace

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import restores, review
from mmsconsole.console.present.text import Line, Page, Tone, cells, plain
from mmsconsole.metadata.targets import WHOLE, Target, TargetKind
from mmsconsole.operations.views import RestorePlan, RestorePoint, RestoreView
from mmsconsole.optime import Optime
from tests.support import fake_data as data
from tests.support import fake_restores as made
from tests.support.fake_data import NOW

BASE = data.snapshots("orders")[3]
SECOND = int(NOW.timestamp())
POINT = made.point("orders", BASE, Optime.end_of_second(SECOND))
FOLDER = Target(TargetKind.FOLDER, path="/srv/x")


@pytest.fixture(params=[(80, UNICODE), (132, UNICODE), (80, ASCII)], ids=["80", "132", "ascii"])
def page(request: pytest.FixtureRequest) -> Page:
    width, glyphs = request.param
    assert isinstance(glyphs, Glyphs)
    return Page(width, 24, NOW, glyphs)


def plan(target: Target = FOLDER, point: RestorePoint = POINT) -> RestorePlan:
    return made.plan(point, BASE, data.window(52), target, WHOLE)


def text_of(drawn: list[Line]) -> str:
    return "\n".join(plain(line) for line in drawn)


def reviewed(
    of: RestorePlan, page: Page, point: RestorePoint = POINT, *, overwrites: bool = False
) -> str:
    drawn = review.draw(of, point, overwrites=overwrites, page=page)
    assert all(cells(line) <= page.width for line in drawn)
    return text_of(drawn)


def test_a_review_says_everything(page: Page) -> None:
    text = reviewed(plan(), page)
    assert f"2026-07-16 12:04:30Z  ({SECOND}, whole second)  included" in text
    assert "to a folder: /srv/x" in text
    assert "everything" in text
    assert f"1.2 GB of the snapshot {BASE.id}" in text
    assert "84 MB" in text
    assert "about 14s" in text
    assert "412 GB free, about 1.3 GB needed" in text
    assert "at once" in text
    assert review.UNTOUCHED in text


def test_a_moment_within_a_second_is_shown_with_its_numbers(page: Page) -> None:
    point = made.point("orders", BASE, Optime(SECOND, 4))
    assert f"2026-07-16 12:04:30Z  ({SECOND}:4)  included" in reviewed(
        plan(point=point), page, point
    )


def test_a_snapshot_as_it_is_applies_no_oplog(page: Page) -> None:
    point = made.point("orders", BASE, None)
    assert "applied" not in reviewed(plan(point=point), page, point)


def test_a_review_warns_of_a_small_disk_and_of_the_queue(page: Page) -> None:
    text = reviewed(replace(plan(), free_bytes=5, waits_for=2), page)
    assert "not enough" in text
    assert "2 restores" in text
    nothing = reviewed(replace(plan(), disk_bytes=0), page)
    assert "nothing is written on this machine's disks" in nothing


def test_what_is_overwritten_stands_first(page: Page) -> None:
    live = Target(TargetKind.LIVE, deployment="shop", overwrite=True)
    text = reviewed(plan(live), page, overwrites=True)
    assert review.OVERWRITES in text.splitlines()[0]
    assert "Dropped first: shop.orders" in text
    assert review.UNTOUCHED not in text


def test_a_target_of_any_length_is_shown_whole(page: Page) -> None:
    assert reviewed(plan(replace(FOLDER, path="/" + "q" * 300)), page).count("q") >= 300


@pytest.mark.parametrize(
    "restore",
    [*data.restores(), *(made.done(target) for target in made.TARGETS.values())],
    ids=lambda restore: f"{restore.kind}-{restore.state}",
)
def test_every_restore_fits_its_page(restore: RestoreView, page: Page) -> None:
    drawn = restores.draw(restore, made.OFFER, page)
    assert all(cells(line) <= page.width for line in drawn)
    assert len(restores.summary(restore, page)) <= restores.DETAIL_LINES


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (TargetKind.FOLDER, "mongod --dbpath /srv/restores/orders-before"),
        (TargetKind.TAR, "sha256sum -c /srv/orders.tar.zst.sha256"),
        (TargetKind.ARCHIVE, "mongorestore --gzip --archive=/srv/o.archive.gz"),
        (TargetKind.DUMP, "mongorestore /srv/orders-dump"),
        (TargetKind.SSH, "mongod --dbpath /data/db"),
        (TargetKind.OPEN, "enter goes to it"),
    ],
)
def test_a_restore_that_is_done_says_how_to_use_it(kind: TargetKind, told: str, page: Page) -> None:
    assert told in text_of(restores.draw(made.done(made.TARGETS[kind]), None, page))


def test_a_path_with_blanks_is_one_word_of_the_shell(page: Page) -> None:
    restore = made.done(Target(TargetKind.FOLDER, path="/srv/my $(data)"))
    assert "--dbpath '/srv/my $(data)'" in text_of(restores.draw(restore, None, page))


def test_a_target_that_differs_is_loud_on_its_page_and_in_the_list(page: Page) -> None:
    restore = made.done(made.TARGETS[TargetKind.LIVE], verified=made.DIFFERENT)
    drawn = restores.draw(restore, None, page)
    assert restores.NOT_EQUAL in plain(drawn[0])
    assert drawn[0][0].tone == Tone.ALARM
    assert "'shop.orders'; somebody else" in text_of(drawn)
    assert "differs" in "".join(plain(cell) for cell in restores.row(restore, page).cells)
    equal = made.done(made.TARGETS[TargetKind.LIVE], verified=made.EQUAL)
    assert restores.NOT_EQUAL not in text_of(restores.draw(equal, None, page))
    assert "DbHash equal for 4 collections" in text_of(restores.draw(equal, None, page))


def test_the_command_line_of_a_link_begins_at_the_left_edge_when_it_is_ready(page: Page) -> None:
    ready = made.done(made.TARGETS[TargetKind.LINK], link_state="ready")
    text = text_of(restores.draw(ready, made.OFFER, page))
    assert "\ncurl -fg -k" in text
    assert text.index("curl") < text.index("asked for")  # not below the edge of the screen
    assert "Told once" in text
    used = replace(ready, link_state="used up")
    assert "curl" not in text_of(restores.draw(used, made.OFFER, page))
