"""The restore wizard as a value: every key gives a new one. No screen, no engine."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

from mmsconsole.console.present.timeline import Axis, axis_for, moment_of
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.views import Gap, SnapshotView, Window

PAGE_CELLS = 10
ZOOM = 0.5


class Step(IntEnum):
    POINT = 1
    TARGET = 2
    REVIEW = 3
    RUN = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """What Operations is asked for: a snapshot as it is, or a POINT; one of the two."""

    snapshot: str | None
    at: str | None


@dataclass(frozen=True, slots=True)
class Wizard:
    axis: Axis
    cursor: datetime
    """A whole second; it is inclusive."""
    snapshot: str = ""
    """Id of the snapshot that was stepped on; empty: any second."""
    typed: str = ""
    """A POINT as typed; it counts before the cursor."""
    target: str = ""
    proposed: str = ""
    """The folder that was proposed; a target that differs was typed, and is kept."""
    step: Step = Step.POINT

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

    def moved(self, columns: int, window: Window | None) -> "Wizard":
        """By columns of the axis, within what can be restored."""
        if window is None:
            return self
        seconds = round(columns * self.axis.seconds_per_cell)
        return self.at(_within(self.cursor + timedelta(seconds=seconds), window))

    def at(self, moment: datetime, snapshot: str = "") -> "Wizard":
        moment = moment.replace(microsecond=0)
        return replace(self, cursor=moment, snapshot=snapshot, axis=self.axis.showing(moment))

    def stepped(self, snapshots: Sequence[SnapshotView], direction: int) -> "Wizard":
        """To the next complete snapshot before (-1) or after (1) the cursor."""
        complete = restorable(snapshots)
        if direction < 0:
            found = [each for each in complete if moment_of(each) < self.cursor][-1:]
        else:
            found = [each for each in complete if moment_of(each) > self.cursor][:1]
        return self.at(moment_of(found[0]), found[0].id) if found else self

    def zoomed(self, closer: bool, whole: Axis) -> "Wizard":
        """Never farther than the whole of what is there."""
        axis = self.axis.zoomed(ZOOM if closer else 1 / ZOOM, self.cursor)
        return replace(
            self, axis=whole if axis.seconds_per_cell >= whole.seconds_per_cell else axis
        )

    def resized(self, width: int) -> "Wizard":
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
) -> Wizard | None:
    """At the chosen snapshot, else at the last second; None when nothing can be restored."""
    complete = restorable(snapshots)
    if not complete:
        return None
    axis = axis_for(snapshots, window, now, width)
    picked = next((each for each in complete if each.id == chosen), None)
    if picked is None and window is None:
        picked = complete[-1]
    if picked is not None:
        return Wizard(axis, moment_of(picked), picked.id)
    assert window is not None
    return Wizard(axis, window.end.time)


def proposed_target(folder: Path, deployment: str, choice: Choice, cursor: datetime) -> str:
    """A folder that is new for each point. A name may hold anything, a path part may not."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", deployment).strip(".-") or "restore"
    if choice.at is None or choice.at.startswith(f"{cursor:%Y-%m-%dT%H:%M:%S}"):
        return str(folder / f"{name}-{cursor:%Y%m%d-%H%M%S}")
    part = re.sub(r"[^A-Za-z0-9]+", "-", choice.at).strip("-")
    return str(folder / f"{name}-{part}")


def _within(moment: datetime, window: Window) -> datetime:
    return min(max(moment, window.start.time), window.end.time)
