"""The restore wizard as a value."""

from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.console.present.timeline import axis_for, moment_of
from mmsconsole.console.wizard import Choice, Wizard, begin, proposed_target
from mmsconsole.metadata.snapshots import SnapshotState
from tests.support import fake_data as data
from tests.support.fake_data import NOW

SNAPSHOTS = data.snapshots("orders")
WINDOW = data.window(52)
WIDTH = 66


@pytest.fixture
def wizard() -> Wizard:
    made = begin(SNAPSHOTS, WINDOW, NOW, WIDTH)
    assert made is not None
    return made


def test_it_begins_at_the_last_second_of_the_window(wizard: Wizard) -> None:
    assert wizard.cursor == WINDOW.end.time
    assert wizard.choice == Choice(None, "2026-07-16T12:04:28Z")


def test_it_begins_at_the_snapshot_that_was_chosen() -> None:
    chosen = SNAPSHOTS[3]
    wizard = begin(SNAPSHOTS, WINDOW, NOW, WIDTH, chosen.id)
    assert wizard is not None
    assert wizard.choice == Choice(chosen.id, None)


def test_a_failed_snapshot_is_not_begun_at() -> None:
    failed = next(each for each in SNAPSHOTS if each.state == SnapshotState.FAILED)
    wizard = begin(SNAPSHOTS, WINDOW, NOW, WIDTH, failed.id)
    assert wizard is not None
    assert wizard.snapshot == ""


def test_without_a_complete_snapshot_there_is_nothing_to_begin() -> None:
    running = [each for each in SNAPSHOTS if each.state != SnapshotState.COMPLETE]
    assert begin(running, None, NOW, WIDTH) is None


def test_without_oplog_the_newest_snapshot_is_where_it_begins() -> None:
    wizard = begin(SNAPSHOTS, None, NOW, WIDTH)
    assert wizard is not None
    assert wizard.snapshot == SNAPSHOTS[-2].id
    assert wizard.moved(-5, None) == wizard


def test_the_cursor_stays_within_what_can_be_restored(wizard: Wizard) -> None:
    assert wizard.moved(500, WINDOW).cursor == WINDOW.end.time
    assert wizard.moved(-500, WINDOW).cursor == WINDOW.start.time


def test_a_column_is_a_whole_number_of_seconds(wizard: Wizard) -> None:
    moved = wizard.moved(-1, WINDOW)
    assert moved.cursor.microsecond == 0
    assert moved.moved(1, WINDOW).cursor == wizard.cursor


def test_up_and_down_step_over_complete_snapshots_alone(wizard: Wizard) -> None:
    states = {each.id: each.state for each in SNAPSHOTS}
    seen = []
    for _ in SNAPSHOTS:
        wizard = wizard.stepped(SNAPSHOTS, -1)
        seen.append(wizard.snapshot)
    assert {states[each] for each in seen} == {"complete"}
    assert wizard.cursor == moment_of(SNAPSHOTS[0])
    assert wizard.stepped(SNAPSHOTS, 1).cursor == moment_of(SNAPSHOTS[1])


def test_moving_off_a_snapshot_makes_it_a_second_again(wizard: Wizard) -> None:
    assert wizard.stepped(SNAPSHOTS, -1).moved(1, WINDOW).snapshot == ""


def test_zooming_in_ends_at_single_seconds_and_keeps_the_cursor(wizard: Wizard) -> None:
    whole = axis_for(SNAPSHOTS, WINDOW, NOW, WIDTH)
    close = wizard.moved(-20, WINDOW)
    for _ in range(30):
        close = close.zoomed(True, whole)
    assert close.axis.seconds_per_cell == 1.0
    assert close.axis.column(close.cursor) is not None
    assert close.moved(-1, WINDOW).cursor == close.cursor - timedelta(seconds=1)


def test_zooming_out_ends_at_the_whole(wizard: Wizard) -> None:
    whole = axis_for(SNAPSHOTS, WINDOW, NOW, WIDTH)
    far = wizard.zoomed(True, whole)
    for _ in range(30):
        far = far.zoomed(False, whole)
    assert far.axis == whole


def test_the_axis_follows_the_cursor(wizard: Wizard) -> None:
    whole = axis_for(SNAPSHOTS, WINDOW, NOW, WIDTH)
    close = wizard.zoomed(True, whole).zoomed(True, whole).moved(-500, WINDOW)
    assert close.axis.column(close.cursor) == 0


def test_a_typed_point_counts(wizard: Wizard) -> None:
    from dataclasses import replace

    assert replace(wizard, typed=" 17:4 ").choice == Choice(None, "17:4")


@pytest.mark.parametrize(
    ("name", "choice", "expected"),
    [
        ("orders", Choice(None, "2026-07-16T12:04:30Z"), "orders-20260716-120430"),
        ("orders", Choice("6591", None), "orders-20260716-120430"),
        ("orders", Choice(None, "latest"), "orders-latest"),
        ("orders", Choice(None, "1752667470:4"), "orders-1752667470-4"),
        ("../../etc", Choice("6591", None), "etc-20260716-120430"),
        ("\x1b[2J", Choice("6591", None), "2J-20260716-120430"),
        ("...", Choice("6591", None), "restore-20260716-120430"),
    ],
)
def test_the_proposed_folder_is_one_harmless_part(name: str, choice: Choice, expected: str) -> None:
    assert proposed_target(Path("/srv"), name, choice, NOW) == f"/srv/{expected}"
