"""What a killed engine may have left: put in order before anything else begins."""

from mmsconsole.daemon.removing import remove_head
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

NEVER_BEGUN = "the engine died before its job was queued"


def tidy(resources: Resources) -> None:
    """Heads that were replaced go; what was asked for without a job is marked as failed.

    Jobs, slices and restores need nothing here: each goes on, or begins anew, by itself.
    """
    for head in list(resources.metadata.heads.all({"active": False})):
        remove_head(resources, head, Task())
    waiting = {job.subject for job in resources.metadata.jobs.open()}
    _fail_snapshots(resources, waiting)
    _fail_restores(resources, waiting)


def _fail_snapshots(resources: Resources, waiting: set[str]) -> None:
    snapshots = resources.metadata.snapshots
    for snapshot in list(snapshots.all({"state": SnapshotState.RUNNING.value})):
        if snapshot.id not in waiting:
            snapshots.set(
                snapshot.id, state=SnapshotState.FAILED, reason=NEVER_BEGUN,
                finished_at=resources.clock.now(),
            )  # fmt: skip


def _fail_restores(resources: Resources, waiting: set[str]) -> None:
    restores = resources.metadata.restores
    for restore in list(restores.all({"state": RestoreState.QUEUED.value})):
        if restore.id not in waiting:
            restores.set(
                restore.id, state=RestoreState.FAILED, reason=NEVER_BEGUN,
                finished_at=resources.clock.now(),
            )  # fmt: skip
