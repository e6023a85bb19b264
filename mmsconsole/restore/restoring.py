"""One restore: the snapshot's files, the stored oplog up to the point, and what becomes of them.

    check ─▶ materialise ─▶ replay ─▶ shape ─▶ seal ─▶ deliver ─▶ done

Files that are sealed are whole and durable: after a crash they are delivered again. Everything
before begins anew.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsconsole.errors import MmsError, NotFound, ObjectMissing, TargetHurt
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.mongod.process import sweep_orphans
from mmsconsole.optime import Optime
from mmsconsole.restore.delivery.base import Delivered, Delivery, Made
from mmsconsole.restore.delivery.choosing import delivery_for
from mmsconsole.restore.opening import changing, place_of, reading
from mmsconsole.restore.pacing import limited
from mmsconsole.restore.replaying import replay
from mmsconsole.restore.reserving import check_restore_room
from mmsconsole.restore.room import disk_of
from mmsconsole.restore.shaping import shape
from mmsconsole.restore.staging import make_root, remove_staging, staging_of
from mmsconsole.restore.target import WORK, claim, data_of, is_whole, seal
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

log = logging.getLogger(__name__)


class Restoring:
    """run() begins anew, or goes on, when it is called again after a crash."""

    def __init__(
        self, resources: Resources, restore: Restore, delivery: Delivery | None = None
    ) -> None:
        self._resources = resources
        self._restore = restore
        self._delivery = delivery or delivery_for(resources, restore)
        self._staging = staging_of(resources.settings, restore)
        self._is_delivered = False

    def run(self, task: Task) -> Restore:
        """Leaves nothing behind when it fails or is cancelled.

        Once everything is in its place, it is not taken away again: it is written down as done,
        or will be when that is possible.
        """
        try:
            return self.go(task)
        except BaseException:
            if not self._is_delivered:
                self.abandon()
            raise

    def go(self, task: Task) -> Restore:
        """The same, but what was made stays when it fails: for who tries again, or abandons it."""
        if self._restore.state is not RestoreState.DONE:
            delivered = self._delivered(task)
            self._is_delivered = True
            self._set(
                state=RestoreState.DONE, finished_at=self._resources.clock.now(), reason="",
                delivered_bytes=delivered.bytes, verified=delivered.verified,
                differs=delivered.differs,
            )  # fmt: skip
        self._finish()
        return self._restore

    def settle(self) -> str:
        """For one that no job works for any more: nothing of ours stays, and at the target only
        what is done. Returns in words what stays.
        """
        if self._restore.state is RestoreState.DONE:
            return self._finish()
        return self.abandon()

    def abandon(self) -> str:
        """Take away what was made, at the target and of ours; returns in words what stays."""
        deliveries = self._restore.touched or self._makes_files_in_target
        hurt: list[str] = []

        def give_up() -> None:
            try:
                self._delivery.abandon()
            except TargetHurt as error:
                hurt.append(str(error))

        stays = [
            *self._left_by(give_up if deliveries else _nothing),
            *self._left_by(self._remove_staging),
        ]
        if not stays:  # else the next start tries again, by the record
            stays = self._left_by(self._forget)
        return "; ".join([*hurt, *stays])

    # -- the files

    def _delivered(self, task: Task) -> Delivered:
        task.check()
        # Of an engine that was killed a moment ago: its mongod may not have ended yet.
        sweep_orphans([self._staging / WORK], self._resources.clock)
        if self._restore.state is not RestoreState.DELIVERING:
            self._delivery.check()
        if self._delivery.needs_files and not is_whole(self._staging, self._restore.id):
            self._fill(task)
            seal(self._staging, self._restore.id)
        return self._deliver(task)

    def _fill(self, task: Task) -> None:
        snapshot = self._good_snapshot()
        self._begin(snapshot)
        if self._makes_files_in_target:
            task = self._slowed(task)
        data = claim(self._staging, self._restore.id)
        deployment = self._resources.metadata.deployments.get(self._restore.deployment)
        self._resources.reading_blockstore(deployment).materialise(snapshot, data, task)
        optime = self._at_point(snapshot, data, task)
        self._shape(snapshot, data, task)
        self._set(optime=optime)
        self._good_snapshot()  # it must be good still: the source may have been rolled back

    def _begin(self, snapshot: Snapshot) -> None:
        needed = max(self._restore.needed_bytes, snapshot.bytes)
        staging = "" if self._makes_files_in_target else str(self._staging)
        self._set(
            state=RestoreState.MATERIALISING, bytes=snapshot.bytes, needed_bytes=needed,
            staging=staging,
        )  # fmt: skip
        check_restore_room(self._resources, self._delivery, disk_of, spare_bytes=0)
        if staging:
            make_root(self._resources.settings)

    def _at_point(self, snapshot: Snapshot, data: Path, task: Task) -> Optime | None:
        """The position of what `data` then holds."""
        point = self._restore.point
        if point is None or point == snapshot.optime:
            return snapshot.optime
        self._set(state=RestoreState.APPLYING_OPLOG)
        return replay(self._resources, snapshot, self._restore, data, task)

    def _shape(self, snapshot: Snapshot, data: Path, task: Task) -> None:
        """Documents that go out are chosen on their way."""
        if self._delivery.logical or self._restore.what.is_whole:
            return
        self._set(state=RestoreState.SHAPING)
        place = place_of(self._resources, snapshot, self._restore.id, data)
        with changing(self._resources, place) as server:
            shape(server, self._restore.what, self._resources.clock, task)

    def _good_snapshot(self) -> Snapshot:
        snapshot = self._resources.metadata.snapshots.get(self._restore.snapshot)
        if snapshot.state is not SnapshotState.COMPLETE:
            why = f": {snapshot.reason}" if snapshot.reason else ""
            raise ObjectMissing(f"the snapshot is {snapshot.state}{why}", where=snapshot.id)
        return snapshot

    # -- the target

    def _deliver(self, task: Task) -> Delivered:
        snapshot = self._resources.metadata.snapshots.get(self._restore.snapshot)
        if not self._delivery.needs_files:
            snapshot = self._good_snapshot()
            self._set(optime=snapshot.optime, bytes=snapshot.bytes)
        optime = self._restore.optime
        assert optime is not None, "written down before the files were sealed"
        self._set(state=RestoreState.DELIVERING, touched=True)
        files = data_of(self._staging)
        with self._server(snapshot, files) as server:
            made = Made(self._restore, snapshot, optime, files, server)
            moved = self._makes_files_in_target
            return self._delivery.deliver(made, task if moved else self._slowed(task))

    def _slowed(self, task: Task) -> Task:
        """For what writes to the target."""
        if self._delivery.paces_itself:
            return task
        return limited(task, self._restore.where.mb_per_second, self._resources.clock)

    @contextmanager
    def _server(self, snapshot: Snapshot, files: Path) -> Iterator[HeadServer | None]:
        if not self._delivery.logical:
            yield None
            return
        place = place_of(self._resources, snapshot, self._restore.id, files)
        with reading(self._resources, place) as server:
            yield server

    # -- the end

    def _finish(self) -> str:
        """What can not be tidied up does not undo what is done: the next start does it."""
        stays = self._left_by(self._delivery.release)
        if not self._delivery.keeps_staging:
            stays += self._left_by(self._remove_staging)
        if not stays:
            stays = self._left_by(self._forget)
        return "; ".join(stays)

    @property
    def _makes_files_in_target(self) -> bool:
        return self._restore.where.kind is TargetKind.FOLDER

    def _remove_staging(self) -> None:
        if not self._makes_files_in_target:
            remove_staging(self._staging, self._resources.clock)

    def _forget(self) -> None:
        if self._restore.where.credential:
            self._resources.metadata.restore_secrets.remove(self._restore.where.credential)
        kept = self._delivery.keeps_staging and self._restore.state is RestoreState.DONE
        try:
            self._set(touched=False, staging=self._restore.staging if kept else "")
        except NotFound:
            return  # its record went before it

    def _left_by(self, tidy: Callable[[], None]) -> list[str]:
        try:
            tidy()
        except MmsError as error:
            log.warning("restore %s leaves something behind: %s", self._restore.id, error)
            return [str(error)]
        return []

    def _set(self, **changes: object) -> Restore:
        self._restore = self._resources.metadata.restores.set(self._restore.id, **changes)
        self._delivery.restore = self._restore
        return self._restore


def _nothing() -> None:
    """For what has not begun."""
