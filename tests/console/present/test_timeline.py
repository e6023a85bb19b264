"""The time axis with its snapshots and what can be restored."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import timeline
from mmsconsole.console.present.text import Tone, cells, plain
from mmsconsole.console.present.timeline import LABEL_CELLS, Axis
from mmsconsole.operations.views import Gap, Window
from tests.support import fake_data as data
from tests.support.fake_data import NOW

SNAPSHOTS = data.snapshots("orders")
HOUR = Axis(NOW - timedelta(hours=1), NOW, 61)


def test_both_ends_of_the_axis_are_on_it() -> None:
    assert (HOUR.column(HOUR.start), HOUR.column(HOUR.end)) == (0, 60)
    assert HOUR.column(NOW + timedelta(seconds=1)) is None


def test_the_axis_holds_everything_up_to_now() -> None:
    axis = timeline.axis_for(SNAPSHOTS, data.window(52), NOW, 60)
    assert axis.start == timeline.moment_of(SNAPSHOTS[0])
    assert axis.end == NOW


def test_an_axis_of_nothing_still_has_a_length() -> None:
    assert timeline.axis_for([], None, NOW, 60).start < NOW


@pytest.mark.parametrize(
    ("span", "round_"),
    [
        (timedelta(minutes=1), 5), (timedelta(hours=1), 900), (timedelta(days=1), 6 * 3600),
        (timedelta(days=3), 86400), (timedelta(days=900), 364 * 86400),
    ],
)  # fmt: skip
def test_ticks_are_round_and_leave_room_for_their_labels(span: timedelta, round_: int) -> None:
    axis = Axis(NOW - span, NOW, 66)
    ticks = [int(at.timestamp()) for at in timeline.ticks(axis)]
    assert all(at % min(round_, 86400) == 0 for at in ticks)
    columns = [axis.column(at) for at in timeline.ticks(axis)]
    known = [column for column in columns if column is not None]
    assert all(b - a >= 11 for a, b in itertools.pairwise(known))


def test_every_line_of_the_axis_has_the_same_width() -> None:
    axis = timeline.axis_for(SNAPSHOTS, data.window(52), NOW, 60)
    drawn = [
        *timeline.scale_lines(axis, UNICODE),
        timeline.marks_line(SNAPSHOTS, axis, UNICODE),
        timeline.window_line(SNAPSHOTS, [data.window(52)], [], axis, UNICODE),
    ]
    assert {cells(each) for each in drawn} == {LABEL_CELLS + 60}


def test_marks_tell_complete_failed_and_running_apart() -> None:
    axis = timeline.axis_for(SNAPSHOTS, None, NOW, 60)
    marks = plain(timeline.marks_line(SNAPSHOTS, axis, UNICODE))
    assert (marks.count("◆"), marks.count("✗"), marks.count("◇")) == (12, 1, 1)
    assert plain(timeline.marks_line(SNAPSHOTS, axis, ASCII)).count("O") == 12


def test_snapshots_that_share_a_cell_are_counted() -> None:
    axis = Axis(NOW - timedelta(days=3000), NOW, 60)
    marks = plain(timeline.marks_line(SNAPSHOTS, axis, UNICODE))[LABEL_CELLS:].strip()
    assert marks == "+"


def test_the_chosen_mark_is_lit() -> None:
    axis = timeline.axis_for(SNAPSHOTS, None, NOW, 60)
    drawn = timeline.marks_line(SNAPSHOTS, axis, UNICODE, SNAPSHOTS[2].id)
    assert [span.text for span in drawn if span.tone == Tone.CURSOR] == ["◆"]


def test_gaps_are_drawn_and_the_time_before_and_after_all_is_blank() -> None:
    at = [data.optime(NOW - timedelta(minutes=minutes)) for minutes in (50, 40, 20, 10)]
    windows = [Window(at[0], at[1]), Window(at[2], at[3])]
    drawn = plain(timeline.window_line([], windows, [], HOUR, UNICODE))[LABEL_CELLS:]
    assert drawn == " " * 10 + "━" * 11 + "╌" * 19 + "━" * 11 + " " * 10


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_gap_that_is_known_is_drawn_as_a_warning_up_to_now_if_it_is_open(glyphs: Glyphs) -> None:
    at = [data.optime(NOW - timedelta(minutes=minutes)) for minutes in (50, 40, 20, 10)]
    windows = [Window(at[0], at[1]), Window(at[2], at[3])]
    gaps = [Gap(at[1], at[2], "lost"), Gap(at[3], None, "lost again")]
    drawn = timeline.window_line([], windows, gaps, HOUR, glyphs)
    bars = plain(drawn)[LABEL_CELLS:]
    assert bars == " " * 10 + glyphs.window * 11 + glyphs.gap * 19 + glyphs.window * 11 + (
        glyphs.gap * 10
    )
    assert {span.tone for span in drawn if glyphs.gap in span.text} == {Tone.WARN}


def test_a_snapshot_in_doubt_has_a_mark_of_its_own_and_an_invalid_one_is_bad() -> None:
    doubted = replace(SNAPSHOTS[0], doubt="its head was found damaged")
    invalid = replace(SNAPSHOTS[5], state="invalid")
    axis = timeline.axis_for(SNAPSHOTS, None, NOW, 60)
    for glyphs in (UNICODE, ASCII):
        marks = timeline.marks_line([doubted, invalid], axis, glyphs)
        found = {span.text.strip(): span.tone for span in marks[1:] if span.text.strip()}
        assert found == {glyphs.mark_doubt: Tone.WARN, glyphs.mark_bad: Tone.BAD}


def test_the_pointer_s_label_is_on_the_side_with_room() -> None:
    left = plain(timeline.pointer_line(HOUR, HOUR.start, "then", UNICODE))
    right = plain(timeline.pointer_line(HOUR, HOUR.end, "then", UNICODE))
    assert left == " " * LABEL_CELLS + "▲ then"
    assert right == " " * (LABEL_CELLS + 60 - 5) + "then ▲"
    assert timeline.pointer_line(HOUR, NOW + timedelta(days=1), "then", UNICODE) == ()


def test_a_snapshot_without_an_optime_stands_where_it_was_asked_for() -> None:
    asked = replace(SNAPSHOTS[0], optime=None)
    assert timeline.moment_of(asked) == asked.created_at


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_verdicts_stand_below_their_snapshots_and_a_bad_one_speaks_for_its_cell(
    glyphs: Glyphs,
) -> None:
    good = replace(SNAPSHOTS[0], verdict="good")
    bad = replace(SNAPSHOTS[5], verdict="bad")
    axis = timeline.axis_for(SNAPSHOTS, None, NOW, 60)
    drawn = timeline.verdicts_line([good, bad], axis, glyphs)
    found = {span.text.strip(): span.tone for span in drawn[1:] if span.text.strip()}
    assert found == {glyphs.done: Tone.GOOD, glyphs.bad: Tone.BAD}
    marks = plain(timeline.marks_line([good, bad], axis, glyphs))
    assert plain(drawn).index(glyphs.bad) == marks.index(glyphs.mark_bad, LABEL_CELLS)

    far = Axis(NOW - timedelta(days=3000), NOW, 60)
    assert plain(timeline.verdicts_line([good, bad], far, glyphs))[LABEL_CELLS:].strip() == (
        glyphs.bad
    )


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_held_and_soon_gone_have_marks_of_their_own(glyphs: Glyphs) -> None:
    held = replace(SNAPSHOTS[0], hold="audit")
    soon = replace(SNAPSHOTS[5], expires_at=NOW + timedelta(hours=3), hold="")
    axis = timeline.axis_for(SNAPSHOTS, None, NOW, 60)
    drawn = timeline.kept_line([held, soon], NOW, axis, glyphs)
    found = {span.text.strip(): span.tone for span in drawn[1:] if span.text.strip()}
    assert found == {glyphs.held: Tone.ACCENT, glyphs.soon: Tone.WARN}


def test_rows_without_any_mark_are_left_out() -> None:
    plain_ones = [replace(each, verdict="", hold="", expires_at=None) for each in SNAPSHOTS]
    axis = timeline.axis_for(plain_ones, None, NOW, 60)
    assert timeline.verdicts_line(plain_ones, axis, UNICODE) == ()
    assert timeline.kept_line(plain_ones, NOW, axis, UNICODE) == ()


def test_one_that_is_being_deleted_and_a_bad_one_are_told_apart() -> None:
    leaving = replace(SNAPSHOTS[0], state="deleting")
    bad = replace(SNAPSHOTS[5], verdict="bad")
    axis = timeline.axis_for(SNAPSHOTS, None, NOW, 60)
    for glyphs in (UNICODE, ASCII):
        marks = timeline.marks_line([leaving, bad], axis, glyphs)
        found = {span.text.strip(): span.tone for span in marks[1:] if span.text.strip()}
        assert found == {glyphs.mark_leaving: Tone.DIM, glyphs.mark_bad: Tone.BAD}


def test_time_whose_oplog_is_kept_no_longer_is_no_warning() -> None:
    at = [data.optime(NOW - timedelta(minutes=minutes)) for minutes in (50, 40, 20, 10)]
    windows = [Window(at[0], at[1]), Window(at[2], at[3])]
    gaps = [Gap(at[1], at[2], "kept no longer", trimmed=True)]
    drawn = timeline.window_line([], windows, gaps, HOUR, UNICODE)
    assert {span.tone for span in drawn if UNICODE.gap in span.text} == {Tone.DIM}
