"""Which snapshot and how much oplog a point needs, and why it is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import OutsideWindow
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.operations.points import Latest, Point, Position, WholeSecond
from mmsconsole.operations.views import Window
from mmsconsole.operations.windows import (
    Choice,
    Span,
    choose,
    optime_of,
    reach_of,
    stopped,
    whole_of,
    windows_of,
)
from mmsconsole.optime import Optime


def at(t: int, i: int = 1) -> Optime:
    return Optime(t, i)


def snapshot(id_: str, optime: Optime, replay_from: Optime | None = None) -> Snapshot:
    return Snapshot(
        id_, "d", "h", datetime(2026, 1, 1, tzinfo=UTC), SnapshotState.COMPLETE, optime, replay_from
    )


A = snapshot("a", at(100), at(90))
B = snapshot("b", at(200), at(200))
AFTER_GAP = snapshot("c", at(400), at(400))

STORED: list[Span] = [(at(80), at(150)), (at(150), at(250)), (at(250), at(300, 5))]
GAP_AND_MORE: list[Span] = [*STORED, (at(350), at(450))]


def chosen(point: Point, snapshots: list[Snapshot], spans: list[Span]) -> Choice:
    def reach(snapshot: Snapshot, until: Optime | None) -> Optime:
        begin = snapshot.replay_from or optime_of(snapshot)
        return reach_of(snapshot, [span for span in spans if span[1] > begin], until)

    return choose(point, snapshots, reach, spans[-1][1] if spans else None)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (Position(at(100)), Choice(A, None)),
        (Position(at(100, 2)), Choice(A, at(100, 2))),
        (Position(at(199, 9)), Choice(A, at(199, 9))),
        (Position(at(200)), Choice(B, None)),
        (Position(at(300, 5)), Choice(B, at(300, 5))),
        (WholeSecond(150), Choice(A, WholeSecond(150).end)),
        (WholeSecond(200), Choice(B, WholeSecond(200).end)),
        (Latest(), Choice(B, at(300, 5))),
    ],
)
def test_the_newest_snapshot_at_or_before_the_point_is_taken(
    point: Point, expected: Choice
) -> None:
    assert chosen(point, [A, B], STORED) == expected


def test_of_the_second_that_is_not_over_what_is_stored_is_taken_exactly() -> None:
    assert chosen(WholeSecond(300), [A, B], STORED) == Choice(B, at(300, 5))


@pytest.mark.parametrize("point", [Position(at(300, 6)), WholeSecond(301), WholeSecond(9999)])
def test_a_point_after_the_window_is_refused_with_its_end(point: Point) -> None:
    with pytest.raises(OutsideWindow, match=r"after the window, which ends at .*300:5"):
        chosen(point, [A, B], STORED)


@pytest.mark.parametrize("point", [Position(at(99, 9)), WholeSecond(99), WholeSecond(0)])
def test_a_point_before_the_window_is_refused_with_its_start(point: Point) -> None:
    with pytest.raises(OutsideWindow, match=r"before the window, which begins at .*100:1"):
        chosen(point, [A, B], STORED)


@pytest.mark.parametrize("point", [Position(at(300, 6)), WholeSecond(300), WholeSecond(370)])
def test_a_point_in_a_gap_is_refused_with_the_nearest_on_both_sides(point: Point) -> None:
    with pytest.raises(OutsideWindow, match="gap") as refused:
        chosen(point, [A, B, AFTER_GAP], GAP_AND_MORE)
    assert "300:5" in refused.value.hint
    assert "400:1" in refused.value.hint


def test_oplog_behind_a_gap_is_of_no_use_without_a_snapshot_there() -> None:
    with pytest.raises(OutsideWindow, match="behind a gap") as refused:
        chosen(Position(at(400)), [A, B], GAP_AND_MORE)
    assert "300:5" in refused.value.hint


def test_latest_stops_before_a_gap_that_no_snapshot_has_bridged() -> None:
    assert chosen(Latest(), [A, B], GAP_AND_MORE) == Choice(B, at(300, 5))


def test_latest_of_a_snapshot_behind_the_gap_goes_to_the_end() -> None:
    assert chosen(Latest(), [A, B, AFTER_GAP], GAP_AND_MORE) == Choice(AFTER_GAP, at(450))


def test_oplog_that_begins_after_the_replay_must_begin_is_not_used() -> None:
    """Between 90 and 95 a transaction may have begun whose commit comes later."""
    assert chosen(Latest(), [A], [(at(95), at(300))]) == Choice(A, None)


def test_without_stored_oplog_the_snapshot_itself_is_the_window() -> None:
    assert chosen(Latest(), [A], []) == Choice(A, None)
    assert chosen(Position(at(100)), [A], []) == Choice(A, None)


def test_without_a_complete_snapshot_nothing_can_be_restored() -> None:
    with pytest.raises(OutsideWindow, match="no complete snapshot"):
        chosen(Latest(), [], STORED)


def test_a_reach_is_not_looked_for_beyond_what_is_asked() -> None:
    def spans() -> list[Span]:
        return [(at(80), at(150)), (at(150), at(250))]

    looked = iter(spans())
    assert reach_of(A, looked, at(120)) >= at(120)
    assert list(looked) == [(at(150), at(250))]


def ended(t: int, i: int = 1) -> WindowEnd:
    return WindowEnd("e", "d", at(t, i), "the FCV was changed", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("snapshots", "stretches", "ends", "expected"),
    [
        ([], STORED, [], []),
        ([A, B], [(at(80), at(300))], [], [(at(100), at(300))]),
        # Without stored oplog behind it a snapshot is a moment.
        ([A, B], [(at(80), at(150))], [], [(at(100), at(150)), (at(200), at(200))]),
        ([A, B], [], [], [(at(100), at(100)), (at(200), at(200))]),
        # A new stretch begins behind a gap, and is of use from the first snapshot there on.
        (
            [A, B, AFTER_GAP],
            [(at(80), at(300)), (at(350), at(450))],
            [],
            [(at(100), at(300)), (at(400), at(450))],
        ),
        ([A, B], [(at(80), at(300)), (at(350), at(450))], [], [(at(100), at(300))]),
        # The oplog goes on without a gap, and no replay passes an entry in it.
        ([A], [(at(80), at(450))], [ended(250, 7)], [(at(100), at(250, 6))]),
        (
            [A, B, AFTER_GAP],
            [(at(80), at(450))],
            [ended(250, 7)],
            [(at(100), at(250, 6)), (at(400), at(450))],
        ),
        (
            [A, B, AFTER_GAP],
            [(at(80), at(450))],
            [ended(150), ended(300)],
            [(at(100), at(150, 0)), (at(200), at(300, 0)), (at(400), at(450))],
        ),
    ],
)
def test_windows_are_the_stretches_of_time_that_can_be_restored(
    snapshots: list[Snapshot],
    stretches: list[Span],
    ends: list[WindowEnd],
    expected: list[tuple[Optime, Optime]],
) -> None:
    windows = windows_of(snapshots, stretches, ends)
    assert [(window.start, window.end) for window in windows] == expected


SMALL = st.integers(1, 40).map(at)
STRETCHES = st.lists(st.integers(0, 40), max_size=8, unique=True).map(
    lambda cuts: [(at(a), at(b)) for a, b in zip(*[iter(sorted(cuts))] * 2, strict=False)]
)


@given(st.lists(SMALL, min_size=1, unique=True), STRETCHES, st.sets(st.integers(1, 40)), SMALL)
def test_a_point_can_be_chosen_exactly_when_a_window_holds_it(
    optimes: list[Optime], stretches: list[Span], ends: set[int], point: Optime
) -> None:
    """What people are shown, and what a restore accepts, can not differ."""
    kept = [snapshot(str(optime.t), optime, optime) for optime in sorted(optimes)]
    behind = [ended(t) for t in sorted(ends) if at(t) not in optimes]

    def reach(one: Snapshot, until: Optime | None) -> Optime:
        start = optime_of(one)
        following = next((end for end in behind if end.at > start), None)
        spans = [span for span in stretches if span[1] > start]
        return stopped(start, reach_of(one, spans, until), following)

    windows = windows_of(kept, stretches, behind)
    shown = any(window.start <= point <= window.end for window in windows)
    try:
        choose(Position(point), kept, reach, stretches[-1][1] if stretches else None)
    except OutsideWindow:
        assert not shown
    else:
        assert shown


def test_the_whole_reaches_from_the_first_to_the_last_window() -> None:
    assert whole_of([]) is None
    windows = windows_of([A, AFTER_GAP], [(at(80), at(300)), (at(350), at(450))], [])
    assert whole_of(windows) == Window(at(100), at(450))
