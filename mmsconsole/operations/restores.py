"""Restores: planned, started, followed, cancelled."""

import os
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.errors import Busy, OutsideWindow, Refused, UsageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.in_use import check_replayable, check_stays
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.operations import jobs
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.disks import existing
from mmsconsole.operations.estimate import check_room, restore_needs
from mmsconsole.operations.points import Latest, parse_point
from mmsconsole.operations.restorable import reach, restorable, stored_end
from mmsconsole.operations.shapes import restore_view
from mmsconsole.operations.views import RestorePlan, RestoreView, Window
from mmsconsole.operations.windows import Choice, choose, optime_of, said
from mmsconsole.restore.target import check_empty

ANOTHER_FOLDER = "name another folder"


@dataclass(frozen=True, slots=True)
class Wish:
    """Either a snapshot as it is, or the newest one at or before a point and the oplog to it."""

    name: str
    target: Path
    snapshot: str | None = None
    at: str | None = None


def plan(desk: Desk, wish: Wish) -> RestorePlan:
    """What would be done. Refuses whatever the restore itself would be refused for."""
    deployment = desk.metadata.deployments.named(wish.name)
    return _plan(desk, deployment, wish, _choice(desk, deployment, wish))


def start(desk: Desk, wish: Wish) -> RestoreView:
    deployment = desk.metadata.deployments.named(wish.name)
    choice = _choice(desk, deployment, wish)
    planned = _plan(desk, deployment, wish, choice)
    restore = _queue(desk, deployment, choice, planned.target)
    desk.event(
        "restore asked for", f"restore {restore.id} to {planned.target}: {planned.in_words}",
        deployment, restore=restore.id, snapshot=choice.snapshot.id,
    )  # fmt: skip
    return _view(desk, restore)


def _queue(desk: Desk, deployment: Deployment, choice: Choice, target: str) -> Restore:
    restore = desk.metadata.restores.add(
        Restore(
            new_id(), deployment.id, choice.snapshot.id, target, desk.clock.now(),
            created_by=desk.actor.name, point=choice.point,
        )
    )  # fmt: skip
    try:
        _check_stays(desk, choice)
    except Refused:
        desk.metadata.restores.remove(restore.id)
        raise
    job = jobs.queue(desk, JobKind.RESTORE, deployment, f"restore:{restore.id}", restore.id)
    return desk.metadata.restores.set(restore.id, job=job.id)


def _check_stays(desk: Desk, choice: Choice) -> None:
    """The restore is written down, so from now on nobody deletes what it reads; but somebody may
    have begun to. Raises NotFound, OutsideWindow.
    """
    if choice.point is None:
        check_stays(desk.metadata, choice.snapshot.id)
    else:
        check_replayable(desk.metadata, choice.snapshot)


def _choice(desk: Desk, deployment: Deployment, wish: Wish) -> Choice:
    if (wish.snapshot is None) == (wish.at is None):
        raise UsageError("name either a snapshot or a point", hint="--snapshot ID, or --at POINT")
    if wish.snapshot is not None:
        return Choice(_snapshot(desk, deployment, wish.snapshot), None)
    point = parse_point(wish.at or "")
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


def _plan(desk: Desk, deployment: Deployment, wish: Wish, choice: Choice) -> RestorePlan:
    target = _target(wish)
    _check_target(desk, target)
    oplog_bytes = _oplog_bytes(desk, choice)
    disk = desk.disk(target)
    check_room(restore_needs(choice.snapshot.bytes, oplog_bytes, target), [disk])
    return RestorePlan(
        deployment=deployment.name,
        snapshot=choice.snapshot.id,
        point=choice.point,
        in_words=in_words(choice) + in_doubt(choice),
        target=str(target),
        bytes=choice.snapshot.bytes,
        oplog_bytes=oplog_bytes,
        free_bytes=disk.free_bytes,
        window=_window(desk, deployment, choice),
    )


def _window(desk: Desk, deployment: Deployment, choice: Choice) -> Window:
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
    moment = choice.point
    second = moment == type(moment).end_of_second(moment.t)
    until = f"the whole second {said(moment)}" if second else said(moment)
    return (
        f"the data up to and including {until}: snapshot {choice.snapshot.id} of {said(taken)}, "
        "and the stored oplog from there"
    )


def in_doubt(choice: Choice) -> str:
    """What people must know of a snapshot whose head was found damaged; else nothing."""
    doubt = choice.snapshot.doubt
    return f". That snapshot is in doubt, and may hold wrong data: {doubt}" if doubt else ""


def _oplog_bytes(desk: Desk, choice: Choice) -> int:
    """Of the chunks that will be read: from where the replay begins to the point."""
    if choice.point is None:
        return 0
    chunks = desk.metadata.chunks
    begin = choice.snapshot.replay_from or optime_of(choice.snapshot)
    deployment = choice.snapshot.deployment
    whole = chunks.size(deployment, begin).raw_bytes
    return whole - chunks.size(deployment, choice.point).raw_bytes


def _target(wish: Wish) -> Path:
    if not wish.target.parts:
        raise UsageError("the folder has no name", hint="name it; '.' is the one you are in")
    return wish.target.expanduser().absolute()


def _check_target(desk: Desk, target: Path) -> None:
    _check_writable(target)
    check_empty(target)
    home = desk.settings.home
    ours = [home.config, home.data, home.logs, home.run, *desk.settings.head_folders]
    for folder in [*ours, *desk.settings.store_folders.values()]:
        if target.resolve().is_relative_to(folder.resolve()):
            what = f"the folder lies in {folder}, which is the engine's"
            raise Refused(what, where=str(target), hint=ANOTHER_FOLDER)
    for job in desk.metadata.jobs.open(kind=JobKind.RESTORE):
        other = desk.metadata.restores.find(job.subject)
        if other is not None and _overlap(Path(other.target), target):
            raise Busy(f"restore {other.id} writes to {other.target}", where=str(target))


def _check_writable(target: Path) -> None:
    """As this user; the engine is run by the same one, or its restore fails."""
    found = existing(target)
    if found.is_file() and found != target:
        raise Refused(f"{found} is a file, not a folder", where=str(target), hint=ANOTHER_FOLDER)
    if found.is_dir() and not os.access(found, os.W_OK | os.X_OK):
        raise Refused(f"{found} can not be written to", where=str(target), hint=ANOTHER_FOLDER)


def _overlap(one: Path, other: Path) -> bool:
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def listed(desk: Desk, name: str | None) -> list[RestoreView]:
    """Newest first."""
    deployment = None if name is None else desk.metadata.deployments.named(name).id
    return [_view(desk, restore) for restore in desk.metadata.restores.listed(deployment)]


def show(desk: Desk, id_: str) -> RestoreView:
    return _view(desk, desk.metadata.restores.get(id_))


def cancel(desk: Desk, id_: str) -> RestoreView:
    """Refused when it has ended."""
    restore = desk.metadata.restores.get(id_)
    if restore.finished_at is not None:
        raise Refused(f"the restore has ended already: {restore.state}", where=id_)
    if restore.job:
        jobs.cancel(desk, restore.job)
    return show(desk, id_)


def _view(desk: Desk, restore: Restore) -> RestoreView:
    deployment = desk.metadata.deployments.find(restore.deployment)
    job = desk.metadata.jobs.find(restore.job) if restore.job else None
    name = restore.deployment if deployment is None else deployment.name
    return restore_view(restore, name, job)
