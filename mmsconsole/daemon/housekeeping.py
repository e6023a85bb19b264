"""What a killed engine may have left: put in order before anything else begins."""

from mmsconsole.daemon.removing import remove_head
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

UNFINISHED = (RestoreState.QUEUED, RestoreState.MATERIALISING, RestoreState.APPLYING_OPLOG)
NO_JOB = "the engine died, and no job goes on with it"


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
                snapshot.id, state=SnapshotState.FAILED, reason=NO_JOB,
                finished_at=resources.clock.now(),
            )  # fmt: skip


def _fail_restores(resources: Resources, waiting: set[str]) -> None:
    restores = resources.metadata.restores
    for restore in list(restores.all({"state": {"$in": list(UNFINISHED)}})):
        if restore.id not in waiting:
            restores.set(
                restore.id, state=RestoreState.FAILED, reason=NO_JOB,
                finished_at=resources.clock.now(),
            )  # fmt: skip
