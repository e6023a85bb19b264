"""The first step: a moment, chosen on the time axis or typed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mmsconsole.console.present.timeline import Axis, axis_for, moment_of
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.points import Ago, Before, Latest, parse_point
from mmsconsole.operations.views import Gap, SnapshotView, Window

PAGE_CELLS = 10
ZOOM = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """What Operations is asked for: a snapshot as it is, or a POINT; one of the two."""

    snapshot: str | None
    at: str | None


@dataclass(frozen=True, slots=True)
class Pointing:
    axis: Axis
    cursor: datetime
    """A whole second; it is inclusive."""
    snapshot: str = ""
    """Id of the snapshot that was stepped on; empty: any second."""
    typed: str = ""
    """A POINT as typed; it counts before the cursor."""

    @property
    def choice(self) -> Choice:
        if self.typed.strip():
            return Choice(None, self.typed.strip())
        if self.snapshot:
            return Choice(self.snapshot, None)
        return Choice(None, f"{self.cursor:%Y-%m-%dT%H:%M:%SZ}")

    def gap(self, gaps: Sequence[Gap]) -> Gap | None:
        """The gap that the cursor lies in; a point that was typed is judged by the engine."""
        second = int(self.cursor.timestamp())
        if self.typed.strip() or self.snapshot:
            return None
        inside = (g for g in gaps if g.start.t < second and (not g.end or second < g.end.t))
        return next(inside, None)

    def moved(self, columns: int, window: Window | None) -> "Pointing":
        """By columns of the axis, within what can be restored."""
        if window is None:
            return self
        seconds = round(columns * self.axis.seconds_per_cell)
        return self.at(_within(self.cursor + timedelta(seconds=seconds), window))

    def at(self, moment: datetime, snapshot: str = "") -> "Pointing":
        moment = moment.replace(microsecond=0)
        return replace(self, cursor=moment, snapshot=snapshot, axis=self.axis.showing(moment))

    def stepped(self, snapshots: Sequence[SnapshotView], direction: int) -> "Pointing":
        """To the next complete snapshot before (-1) or after (1) the cursor."""
        complete = restorable(snapshots)
        if direction < 0:
            found = [each for each in complete if moment_of(each) < self.cursor][-1:]
        else:
            found = [each for each in complete if moment_of(each) > self.cursor][:1]
        return self.at(moment_of(found[0]), found[0].id) if found else self

    def zoomed(self, closer: bool, whole: Axis) -> "Pointing":
        """Never farther than the whole of what is there."""
        axis = self.axis.zoomed(ZOOM if closer else 1 / ZOOM, self.cursor)
        return replace(
            self, axis=whole if axis.seconds_per_cell >= whole.seconds_per_cell else axis
        )

    def resized(self, width: int) -> "Pointing":
        return replace(self, axis=replace(self.axis, width=max(2, width)))


def restorable(snapshots: Sequence[SnapshotView]) -> list[SnapshotView]:
    """Complete ones, oldest first."""
    complete = [each for each in snapshots if each.state == SnapshotState.COMPLETE]
    return sorted(complete, key=moment_of)


def begin(
    snapshots: Sequence[SnapshotView],
    window: Window | None,
    now: datetime,
    width: int,
    chosen: str = "",
) -> Pointing | None:
    """At the chosen snapshot, else at the last second; None when nothing can be restored.

    `chosen` is a snapshot's id, or a point that is typed already.
    """
    complete = restorable(snapshots)
    if not complete:
        return None
    axis = axis_for(snapshots, window, now, width)
    picked = next((each for each in complete if each.id == chosen), None)
    if picked is None and window is None:
        picked = complete[-1]
    if picked is not None:
        return Pointing(axis, moment_of(picked), picked.id)
    assert window is not None
    if ":" not in chosen:
        return Pointing(axis, window.end.time)
    return Pointing(axis, _within(_time_of(chosen, window), window), typed=chosen)


def _time_of(point: str, window: Window) -> datetime:
    """The second that a typed point lies in, as far as that can be told without the engine."""
    asked = parse_point(point)
    if isinstance(asked, Before):
        return asked.entry.time
    return window.end.time if isinstance(asked, Ago | Latest) else asked.end.time


def _within(moment: datetime, window: Window) -> datetime:
    return min(max(moment, window.start.time), window.end.time)
