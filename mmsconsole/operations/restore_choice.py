"""What a restore begins with: a snapshot, and the stored oplog up to a point."""

from mmsconsole.errors import OutsideWindow, Refused, UsageError
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.moments import resolved
from mmsconsole.operations.points import Latest, parse_point
from mmsconsole.operations.restorable import reach, restorable, stored_end
from mmsconsole.operations.stored_entries import entries_of
from mmsconsole.operations.views import Window
from mmsconsole.operations.windows import Choice, choose, optime_of, said


def choice_of(desk: Desk, deployment: Deployment, snapshot: str | None, at: str | None) -> Choice:
    """Either a snapshot as it is, or the newest one at or before a point and the oplog to it.

    Raises UsageError, NotFound, Refused, OutsideWindow.
    """
    if (snapshot is None) == (at is None):
        raise UsageError("name either a snapshot or a point", hint="--snapshot ID, or --at POINT")
    if snapshot is not None:
        return Choice(_snapshot(desk, deployment, snapshot), None)
    point = resolved(entries_of(desk, deployment), parse_point(at or ""))
    complete = list(desk.metadata.snapshots.complete(deployment.id))
    try:
        return choose(
            point, complete, lambda snapshot, until: reach(desk, snapshot, until),
            stored_end(desk, deployment),
        )  # fmt: skip
    except OutsideWindow as error:
        gap = None if isinstance(point, Latest) else restorable(desk, deployment).gap_at(point.end)
        what = error.what
        if gap is not None and gap.trimmed and not isinstance(point, Latest):
            what = f"of {said(point.end)} only whole snapshots are kept, and no stored oplog"
        hint = error.hint if gap is None or gap.trimmed else f"{error.hint} ({gap.reason})"
        raise OutsideWindow(what, where=deployment.name, hint=hint) from error


def _snapshot(desk: Desk, deployment: Deployment, id_: str) -> Snapshot:
    snapshot = desk.metadata.snapshots.get(id_)
    if snapshot.deployment != deployment.id:
        hint = f"see: mmsconsole snapshot list {deployment.name}"
        raise Refused("this snapshot is of another deployment", where=id_, hint=hint)
    if snapshot.state is not SnapshotState.COMPLETE:
        hint = f"see: mmsconsole snapshot show {id_}"
        why = f": {snapshot.reason}" if snapshot.reason else ""
        raise Refused(f"the snapshot is {snapshot.state}, not complete{why}", where=id_, hint=hint)
    return snapshot


def window_of(desk: Desk, deployment: Deployment, choice: Choice) -> Window:
    """That what was chosen lies in."""
    start = optime_of(choice.snapshot)
    point = choice.point or start
    windows = restorable(desk, deployment).windows
    found = (window for window in windows if window.start <= point <= window.end)
    return next(found, Window(start, point))


def in_words(choice: Choice) -> str:
    """One sentence that says exactly what the restored data will be."""
    taken = optime_of(choice.snapshot)
    if choice.point is None:
        return f"the data of snapshot {choice.snapshot.id}, up to and including {said(taken)}"
    return (
        f"the data up to and including {said(choice.point)}: snapshot {choice.snapshot.id} "
        f"of {said(taken)}, and the stored oplog from there"
    )


def in_doubt(choice: Choice) -> str:
    """What people must know of a snapshot whose head was found damaged; else nothing."""
    doubt = choice.snapshot.doubt
    return f". That snapshot is in doubt, and may hold wrong data: {doubt}" if doubt else ""


def oplog_bytes(desk: Desk, choice: Choice) -> int:
    """Of the chunks that will be read: from where the replay begins to the point."""
    if choice.point is None:
        return 0
    chunks = desk.metadata.chunks
    begin = choice.snapshot.replay_from or optime_of(choice.snapshot)
    deployment = choice.snapshot.deployment
    whole = chunks.size(deployment, begin).raw_bytes
    return whole - chunks.size(deployment, choice.point).raw_bytes
