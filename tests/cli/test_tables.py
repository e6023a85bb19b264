"""What people read is as it was, and nothing in it can steer their terminal."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.tables import render
from mmsconsole.optime import Optime
from tests.cli.monitoring_views import VIEWS as MONITORING
from tests.cli.views import NOW, PROGRESS, RESTORE, SNAPSHOT, STATUS, VIEWS
from tests.support.fake_operations import SCENES

GOLDEN = Path(__file__).parent / "golden"


ALL = VIEWS | MONITORING


def shown(answer: Answer) -> str:
    return render(answer, NOW, on_terminal=False)


@pytest.mark.parametrize("name", [name for name, value in ALL.items() if value])
def test_an_answer_is_as_it_was(name: str) -> None:
    assert shown(Answer(ALL[name])) == (GOLDEN / f"{name}.txt").read_text()


def test_a_list_without_entries_says_so() -> None:
    assert shown(Answer([], empty="no jobs yet")) == "no jobs yet\n"


def test_a_backup_that_is_not_in_sync_shows_its_phases() -> None:
    text = shown(Answer(replace(STATUS, phase="transferring", head=None, windows=())))
    assert "transferring: 45 %, 450 MB of 1.0 GB, 90 MB/s, 6s left" in text
    assert "nothing can be restored yet" in text


def test_no_text_of_a_member_steers_the_terminal() -> None:
    scene = SCENES["hostile"]()
    (name,) = scene.kept_members
    answers = (
        scene.health(name), scene.members(name), scene.members(name)[0], scene.metrics_now(name),
        scene.operations_now(name),
    )  # fmt: skip
    for answer in answers:
        text = shown(Answer(answer))
        assert text
        assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize("hostile", ["[red]x[/red]", "a\x1b[2Jb", "a\r\nb\x07"])
def test_what_comes_from_outside_is_shown_harmless(hostile: str) -> None:
    text = shown(Answer(replace(SNAPSHOT, state="failed", reason=hostile)))
    assert "\x1b" not in text
    assert "\x07" not in text
    if hostile.isprintable():
        assert hostile in text


def test_no_line_is_broken_in_a_pipe() -> None:
    path = "/x" * 300
    assert path in shown(Answer(replace(VIEWS["restore"], path=path, progress=(PROGRESS,))))


def test_an_unknown_position_is_a_dash() -> None:
    assert "optime      -" in shown(Answer(replace(SNAPSHOT, optime=None)))
    assert "(5:6)" in shown(Answer(replace(SNAPSHOT, optime=Optime(5, 6))))


def test_a_source_that_can_not_be_read_is_seen_in_the_list() -> None:
    assert STATUS.tail
    assert STATUS.head
    silent = replace(
        STATUS,
        tail=replace(STATUS.tail, member="", error="db1:27017: Connection refused", since=NOW),
        head=replace(STATUS.head, lag_seconds=None),
    )
    text = shown(Answer([replace(VIEWS["deployments"][0], status=silent)]))
    assert "started, in sync, the source can not be read  - " in text
    told = shown(Answer(silent))
    assert "not reading, in trouble since 2026-03-01 12:00:00Z (<1m ago): db1:27017: Conn" in told


def test_of_a_store_that_was_lost_not_every_object_is_shown() -> None:
    check = VIEWS["check"]
    text = shown(Answer(replace(check, findings=check.findings * 30, found=700)))
    assert len(text.splitlines()) < 55
    assert "below     40 of 700 objects, --json has more\n" in text


def test_a_snapshot_that_nothing_ends_says_so_and_one_that_goes_says_nothing() -> None:
    assert " no end\n" in shown(Answer([replace(SNAPSHOT, expires_at=None)]))
    assert " -\n" in shown(Answer([replace(SNAPSHOT, state="deleting")]))


def test_a_copy_that_pauses_for_its_source_says_so_instead_of_a_speed() -> None:
    paused = replace(PROGRESS, note="paused: the source's cache is 22 % dirty")
    text = shown(Answer(replace(STATUS, phase="transferring", progress=(paused,))))
    assert "450 MB of 1.0 GB, paused: the source's cache is 22 % dirty\n" in text


def test_a_restore_whose_target_differs_says_so_wherever_it_is_shown() -> None:
    view = replace(RESTORE, state="done", verified="DIFFERENT: 'a.b'", differs=True)
    assert "done, DIFFERENT" in shown(Answer(view))
    assert "done, DIFFERENT" in shown(Answer([view]))
