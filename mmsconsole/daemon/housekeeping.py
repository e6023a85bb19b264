"""What a killed engine may have left: put in order before anything else begins."""

import logging
from pathlib import Path

from mmsconsole.errors import MmsError
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.restore.target import abandon, release
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.placing import remove_replaced

log = logging.getLogger(__name__)

UNFINISHED = (RestoreState.QUEUED, RestoreState.MATERIALISING, RestoreState.APPLYING_OPLOG)
NO_JOB = "the engine died, and no job goes on with it"


def tidy(resources: Resources) -> None:
    """Heads that were replaced go; what was asked for without a job is marked as failed.

    Jobs, slices and restores need nothing here: each goes on, or begins anew, by itself. What
    can not be put in order is told of: it is no reason not to start.
    """
    resources.storage.sweep()
    remove_replaced(resources)
    waiting = {job.subject for job in resources.metadata.jobs.open()}
    _fail_snapshots(resources, waiting)
    for restore in list(resources.metadata.restores.listed()):
        if restore.id not in waiting:
            _settle_restore(resources, restore)


def _fail_snapshots(resources: Resources, waiting: set[str]) -> None:
    snapshots = resources.metadata.snapshots
    for snapshot in list(snapshots.all({"state": SnapshotState.RUNNING.value})):
        if snapshot.id not in waiting:
            snapshots.set(
                snapshot.id, state=SnapshotState.FAILED, reason=NO_JOB,
                finished_at=resources.clock.now(),
            )  # fmt: skip


def _settle_restore(resources: Resources, restore: Restore) -> None:
    """No job works for it: its folder is not left half filled, whoever ended it, nor with
    anything of ours.
    """
    if restore.state in UNFINISHED:
        resources.metadata.restores.set(
            restore.id, state=RestoreState.FAILED, reason=NO_JOB,
            finished_at=resources.clock.now(),
        )  # fmt: skip
    tidy_up = release if restore.state is RestoreState.DONE else abandon
    try:
        tidy_up(Path(restore.target), restore.id)
    except MmsError as error:
        log.warning("what restore %s left could not be removed: %s", restore.id, error)
