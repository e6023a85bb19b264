"""A restore into a folder: the snapshot's files, then the stored oplog up to the point."""

from pathlib import Path

from mmsconsole.errors import ObjectMissing
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.restore.replaying import replay
from mmsconsole.restore.target import abandon, claim, finish
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task


class Restoring:
    """One restore. run() begins anew when it is called again after a crash."""

    def __init__(self, resources: Resources, restore: Restore) -> None:
        self._resources = resources
        self._restore = restore
        self._target = Path(restore.target)

    def run(self, task: Task) -> Restore:
        """Leaves nothing behind when it fails or is cancelled."""
        if self._restore.state is RestoreState.DONE:
            return self._restore
        snapshot = self._snapshot()
        try:
            claim(self._target, self._restore.id)
            optime = self._fill(snapshot, task)
            finish(self._target)
        except BaseException:
            abandon(self._target, self._restore.id)
            raise
        return self._set(
            state=RestoreState.DONE, optime=optime, finished_at=self._resources.clock.now()
        )

    def _fill(self, snapshot: Snapshot, task: Task) -> Optime | None:
        self._set(state=RestoreState.MATERIALISING, bytes=snapshot.bytes)
        group = self._resources.metadata.deployments.get(self._restore.deployment).group
        self._resources.blockstore(group).materialise(snapshot, self._target, task)
        point = self._restore.point
        if point is None or point == snapshot.optime:
            return snapshot.optime
        self._set(state=RestoreState.APPLYING_OPLOG)
        return replay(self._resources, snapshot, self._restore, self._target, task)

    def _snapshot(self) -> Snapshot:
        snapshot = self._resources.metadata.snapshots.get(self._restore.snapshot)
        if snapshot.state is not SnapshotState.COMPLETE:
            raise ObjectMissing(f"the snapshot is {snapshot.state}", where=snapshot.id)
        return snapshot

    def _set(self, **changes: object) -> Restore:
        return self._resources.metadata.restores.set(self._restore.id, **changes)
