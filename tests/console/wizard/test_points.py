"""The first step of the restore wizard as a value: a moment on the axis, or typed."""

from datetime import timedelta

import pytest

from mmsconsole.console.present.timeline import axis_for, moment_of
from mmsconsole.console.wizard.points import Choice, Pointing, begin
from mmsconsole.metadata.snapshots import SnapshotState
from tests.support import fake_data as data
from tests.support.fake_data import NOW

SNAPSHOTS = data.snapshots("orders")
WINDOW = data.window(52)
WIDTH = 66


@pytest.fixture
def wizard() -> Pointing:
    made = begin(SNAPSHOTS, WINDOW, NOW, WIDTH)
    assert made is not None
    return made


def test_it_begins_at_the_last_second_of_the_window(wizard: Pointing) -> None:
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


def test_the_cursor_stays_within_what_can_be_restored(wizard: Pointing) -> None:
    assert wizard.moved(500, WINDOW).cursor == WINDOW.end.time
    assert wizard.moved(-500, WINDOW).cursor == WINDOW.start.time


def test_a_column_is_a_whole_number_of_seconds(wizard: Pointing) -> None:
    moved = wizard.moved(-1, WINDOW)
    assert moved.cursor.microsecond == 0
    assert moved.moved(1, WINDOW).cursor == wizard.cursor


def test_up_and_down_step_over_complete_snapshots_alone(wizard: Pointing) -> None:
    states = {each.id: each.state for each in SNAPSHOTS}
    seen = []
    for _ in SNAPSHOTS:
        wizard = wizard.stepped(SNAPSHOTS, -1)
        seen.append(wizard.snapshot)
    assert {states[each] for each in seen} == {"complete"}
    assert wizard.cursor == moment_of(SNAPSHOTS[0])
    assert wizard.stepped(SNAPSHOTS, 1).cursor == moment_of(SNAPSHOTS[1])


def test_moving_off_a_snapshot_makes_it_a_second_again(wizard: Pointing) -> None:
    assert wizard.stepped(SNAPSHOTS, -1).moved(1, WINDOW).snapshot == ""


def test_zooming_in_ends_at_single_seconds_and_keeps_the_cursor(wizard: Pointing) -> None:
    whole = axis_for(SNAPSHOTS, WINDOW, NOW, WIDTH)
    close = wizard.moved(-20, WINDOW)
    for _ in range(30):
        close = close.zoomed(True, whole)
    assert close.axis.seconds_per_cell == 1.0
    assert close.axis.column(close.cursor) is not None
    assert close.moved(-1, WINDOW).cursor == close.cursor - timedelta(seconds=1)


def test_zooming_out_ends_at_the_whole(wizard: Pointing) -> None:
    whole = axis_for(SNAPSHOTS, WINDOW, NOW, WIDTH)
    far = wizard.zoomed(True, whole)
    for _ in range(30):
        far = far.zoomed(False, whole)
    assert far.axis == whole


def test_the_axis_follows_the_cursor(wizard: Pointing) -> None:
    whole = axis_for(SNAPSHOTS, WINDOW, NOW, WIDTH)
    close = wizard.zoomed(True, whole).zoomed(True, whole).moved(-500, WINDOW)
    assert close.axis.column(close.cursor) == 0


def test_a_typed_point_counts(wizard: Pointing) -> None:
    from dataclasses import replace

    assert replace(wizard, typed=" 17:4 ").choice == Choice(None, "17:4")
