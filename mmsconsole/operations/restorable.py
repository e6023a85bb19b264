"""What can be restored of a deployment, as its records say: the windows, and the gaps of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.oplog_front import oplog_front
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.views import Gap, Window
from mmsconsole.operations.windows import behind, optime_of, reach_of, stopped, whole_of, windows_of
from mmsconsole.optime import Optime

RESYNC_EVENT = "resync required"
UNKNOWN = "no oplog is stored of that time"
TRIMMED = "the oplog of that time is kept no longer"


@dataclass(frozen=True, slots=True)
class Restorable:
    windows: tuple[Window, ...]
    gaps: tuple[Gap, ...]

    @property
    def whole(self) -> Window | None:
        return whole_of(self.windows)

    def gap_at(self, point: Optime) -> Gap | None:
        return next((gap for gap in self.gaps if gap.holds(point)), None)


def restorable(desk: Desk, deployment: Deployment) -> Restorable:
    """A few small questions however long the stored oplog is: status asks it again and again."""
    complete = list(desk.metadata.snapshots.complete(deployment.id))
    if not complete:
        return Restorable((), ())
    front = oplog_front(desk.metadata, deployment.id)
    stretches = behind(front, desk.metadata.chunks.stretches(deployment.id))
    ends = list(desk.metadata.window_ends.of(deployment.id))
    windows = windows_of(complete, stretches, ends)
    why = _Reasons(desk, deployment, complete, ends)
    gaps = [why.gap(before.end, after.start) for before, after in pairwise(windows)]
    last, stored_end = windows[-1].end, stretches[-1][1] if stretches else None
    lost = deployment.backup is BackupState.RESYNC_REQUIRED
    if lost or (stored_end is not None and stored_end > last):
        gaps.append(Gap(last, None, deployment.reason or UNKNOWN) if lost else why.gap(last, None))
    return Restorable(tuple(windows), tuple(gaps))


def stored_end(desk: Desk, deployment: Deployment) -> Optime | None:
    last = desk.metadata.chunks.last(deployment.id)
    return None if last is None else last.end


def reach(desk: Desk, snapshot: Snapshot, until: Optime | None) -> Optime:
    """Last position that can be restored from a complete snapshot; every chunk is looked at."""
    start = optime_of(snapshot)
    begin = snapshot.replay_from or start
    front = oplog_front(desk.metadata, snapshot.deployment)
    if front is None or begin < front:
        return start
    end = reach_of(snapshot, desk.metadata.chunks.spans(snapshot.deployment, begin), until)
    return stopped(start, end, desk.metadata.window_ends.after(snapshot.deployment, start))


@dataclass(frozen=True, slots=True)
class _Reasons:
    """Why there is a gap: an entry that no head can follow, or what made a resync needed."""

    desk: Desk
    deployment: Deployment
    complete: Sequence[Snapshot]
    ends: Sequence[WindowEnd]

    def gap(self, start: Optime, end: Optime | None) -> Gap:
        given_up, begin = self.deployment.oplog_from, self._before(start).replay_start
        if given_up is not None and begin is not None and begin < given_up:
            return Gap(start, end, TRIMMED, trimmed=True)
        return Gap(start, end, self.of(start, end))

    def of(self, start: Optime, end: Optime | None) -> str:
        for window_end in self.ends:
            if window_end.last == start:
                return window_end.reason
        # By the engine's clock alone: that of the source may go differently.
        before = self._before(start)
        after = next((each for each in self.complete if end and optime_of(each) >= end), None)
        event = self.desk.metadata.events.newest_between(
            self.deployment.id, RESYNC_EVENT, before.created_at,
            None if after is None else after.created_at,
        )  # fmt: skip
        return UNKNOWN if event is None else event.text

    def _before(self, position: Optime) -> Snapshot:
        """From which that position is reached."""
        return [each for each in self.complete if optime_of(each) <= position][-1]
