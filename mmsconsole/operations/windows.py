"""What can be restored, from the complete snapshots and the stored oplog. Pure.

A snapshot can be restored as it is, and at any position that the stored oplog reaches from it
without a gap, and without an entry that no head can follow. The window runs from the oldest
complete snapshot to the end of the stored oplog; inside it, a gap may lie between the reach of
one snapshot and the next snapshot.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from mmsconsole.errors import OutsideWindow
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.operations.points import Latest, Point, Position, WholeSecond
from mmsconsole.operations.views import Window
from mmsconsole.optime import Optime

Span = tuple[Optime, Optime]
"""(start, end) of an oplog chunk: the entries after start, up to and including end."""

Reach = Callable[[Snapshot, Optime | None], Optime]
"""How far the stored oplog goes on from a snapshot; it may stop looking at the position."""


@dataclass(frozen=True, slots=True)
class Choice:
    snapshot: Snapshot
    point: Optime | None
    """Inclusive; None: the snapshot as it is."""


def reach_of(snapshot: Snapshot, spans: Iterable[Span], until: Optime | None) -> Optime:
    """Last position that can be restored from `snapshot`.

    `spans` hold entries after where its replay begins, in order. Not looked at beyond `until`:
    the answer may then be any position at or after it.
    """
    start = optime_of(snapshot)
    end = snapshot.replay_from or start
    for span_start, span_end in spans:
        if span_start > end:
            break
        end = max(end, span_end)
        if until is not None and end >= until:
            break
    return max(start, end)


def optime_of(snapshot: Snapshot) -> Optime:
    assert snapshot.optime is not None, "a complete snapshot has its optime"
    return snapshot.optime


def choose(
    point: Point, snapshots: Sequence[Snapshot], reach: Reach, stored_end: Optime | None
) -> Choice:
    """The newest snapshot at or before the point, and the position to replay up to.

    `snapshots` are the complete ones by optime, oldest first; `stored_end` is the end of the
    newest chunk. Raises OutsideWindow, naming the nearest points.
    """
    if not snapshots:
        raise OutsideWindow(
            "nothing can be restored yet: there is no complete snapshot",
            hint="take one: mmsconsole snapshot take NAME",
        )
    match point:
        case Latest():
            end = reach(snapshots[-1], None)
            return _choice(_undoubted(snapshots, reach, end), end)
        case WholeSecond() | Position():
            return _choose_at(point, snapshots, reach, stored_end)
    assert_never(point)


def _choose_at(
    point: WholeSecond | Position,
    snapshots: Sequence[Snapshot],
    reach: Reach,
    stored_end: Optime | None,
) -> Choice:
    earlier = [snapshot for snapshot in snapshots if optime_of(snapshot) <= point.end]
    if not earlier:
        raise OutsideWindow(
            f"{said(point.end)} is before the window, which begins at "
            f"{said(optime_of(snapshots[0]))} with the oldest snapshot"
        )
    snapshot = earlier[-1]
    end = reach(snapshot, point.end)
    if end >= point.end:
        return _choice(_undoubted(earlier, reach, point.end), point.end)
    beyond = stored_end is None or stored_end <= end
    if isinstance(point, WholeSecond) and end.t == point.seconds and beyond:
        return _choice(snapshot, end)  # the second is not over yet: what is stored of it, exactly
    following = snapshots[len(earlier)] if len(earlier) < len(snapshots) else None
    raise _not_reached(point.end, end, following, beyond)


def _undoubted(snapshots: Sequence[Snapshot], reach: Reach, end: Optime) -> Snapshot:
    """The newest; or, if it is in doubt, an older one that is not and reaches `end` as well."""
    newest = snapshots[-1]
    for snapshot in reversed(snapshots if newest.doubt else ()):
        if not snapshot.doubt and reach(snapshot, end) >= end:
            return snapshot
    return newest


def _choice(snapshot: Snapshot, point: Optime) -> Choice:
    return Choice(snapshot, point if point > optime_of(snapshot) else None)


def _not_reached(
    asked: Optime, end: Optime, following: Snapshot | None, beyond: bool
) -> OutsideWindow:
    if following is not None:
        return OutsideWindow(
            f"{said(asked)} lies in a gap of the window",
            hint=f"the nearest points are {said(end)} before it "
            f"and {said(optime_of(following))} after it",
        )
    if not beyond:
        return OutsideWindow(
            f"{said(asked)} lies behind a gap of the window, and no snapshot was taken since",
            hint=f"the nearest point is {said(end)}",
        )
    return OutsideWindow(
        f"{said(asked)} is after the window, which ends at {said(end)}",
        hint="ask again later, or for: latest",
    )


def said(optime: Optime) -> str:
    """2026-03-01T12:00:00Z (1772366400:7); (1772366400, whole second) with all its entries."""
    time = optime.time.isoformat().replace("+00:00", "Z")
    whole = optime == Optime.end_of_second(optime.t)
    return f"{time} ({optime.t}, whole second)" if whole else f"{time} ({optime})"


def windows_of(
    snapshots: Sequence[Snapshot], stretches: Sequence[Span], ends: Sequence[WindowEnd]
) -> list[Window]:
    """Every stretch of time that can be restored, oldest first.

    `snapshots` are the complete ones by optime; `stretches` is the stored oplog between its
    gaps; `ends` the entries that no replay passes.
    """
    windows: list[Window] = []
    for snapshot in snapshots:
        start = optime_of(snapshot)
        following = next((end for end in ends if end.at > start), None)
        end = stopped(start, reach_of(snapshot, _behind(snapshot, stretches), None), following)
        if windows and start <= windows[-1].end:
            windows[-1] = Window(windows[-1].start, max(windows[-1].end, end))
        else:
            windows.append(Window(start, end))
    return windows


def behind(front: Optime | None, stretches: Sequence[Span]) -> list[Span]:
    """What is left of the stretches where the stored oplog is given up before `front`."""
    if front is None:
        return []
    return [(max(start, front), end) for start, end in stretches if end > front]


def _behind(snapshot: Snapshot, stretches: Sequence[Span]) -> list[Span]:
    begin = snapshot.replay_from or optime_of(snapshot)
    return [stretch for stretch in stretches if stretch[1] > begin]


def stopped(start: Optime, end: Optime, window_end: WindowEnd | None) -> Optime:
    """How far a replay from `start` really gets: not past an entry that no head can follow."""
    return end if window_end is None else max(start, min(end, window_end.last))


def whole_of(windows: Sequence[Window]) -> Window | None:
    """From the first to the last moment; None while nothing can be restored."""
    return Window(windows[0].start, windows[-1].end) if windows else None
