"""A restore into a folder: the snapshot's files, then the stored oplog up to the point."""

import logging
from collections.abc import Callable
from pathlib import Path

from mmsconsole.errors import MmsError, ObjectMissing
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.mongod.process import sweep_orphans
from mmsconsole.optime import Optime
from mmsconsole.restore.replaying import replay
from mmsconsole.restore.target import WORK, abandon, claim, deliver, is_whole, release, seal
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

log = logging.getLogger(__name__)


class Restoring:
    """One restore. run() begins anew, or goes on, when it is called again after a crash."""

    def __init__(self, resources: Resources, restore: Restore) -> None:
        self._resources = resources
        self._restore = restore
        self._target = Path(restore.target)

    def run(self, task: Task) -> Restore:
        """Leaves nothing behind when it fails or is cancelled.

        Once everything is in its place, it is not taken away again: it is written down as done,
        or will be when that is possible.
        """
        done = self._restore
        if done.state is not RestoreState.DONE:
            self._fill_or_abandon(task)
            done = self._set(state=RestoreState.DONE, finished_at=self._resources.clock.now())
        self._tidy(release)
        return done

    def _fill_or_abandon(self, task: Task) -> None:
        try:
            if not is_whole(self._target, self._restore.id):
                self._fill(task)
                seal(self._target, self._restore.id)
            deliver(self._target, self._restore.id)
        except BaseException:
            self._tidy(abandon)
            raise

    def _fill(self, task: Task) -> None:
        snapshot = self._snapshot()
        # Of an engine that was killed a moment ago: its mongod may not have ended yet.
        sweep_orphans([self._target / WORK], self._resources.clock)
        data = claim(self._target, self._restore.id)
        self._set(state=RestoreState.MATERIALISING, bytes=snapshot.bytes)
        deployment = self._resources.metadata.deployments.get(self._restore.deployment)
        self._resources.reading_blockstore(deployment).materialise(snapshot, data, task)
        self._set(optime=self._at_point(snapshot, data, task))
        self._snapshot()  # it must be good still: the source may have been rolled back

    def _at_point(self, snapshot: Snapshot, data: Path, task: Task) -> Optime | None:
        """The position of what `data` then holds."""
        point = self._restore.point
        if point is None or point == snapshot.optime:
            return snapshot.optime
        self._set(state=RestoreState.APPLYING_OPLOG)
        return replay(self._resources, snapshot, self._restore, data, task)

    def _snapshot(self) -> Snapshot:
        snapshot = self._resources.metadata.snapshots.get(self._restore.snapshot)
        if snapshot.state is not SnapshotState.COMPLETE:
            why = f": {snapshot.reason}" if snapshot.reason else ""
            raise ObjectMissing(f"the snapshot is {snapshot.state}{why}", where=snapshot.id)
        return snapshot

    def _tidy(self, how: Callable[[Path, str], None]) -> None:
        """What can not be removed is no reason to tell something else than what happened."""
        try:
            how(self._target, self._restore.id)
        except MmsError as error:
            log.warning("restore %s leaves something behind: %s", self._restore.id, error)

    def _set(self, **changes: object) -> Restore:
        return self._resources.metadata.restores.set(self._restore.id, **changes)
