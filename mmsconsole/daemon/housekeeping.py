"""What a killed engine may have left: put in order before anything else begins."""

import logging
from pathlib import Path

from mmsconsole.errors import MmsError, StorageError
from mmsconsole.metadata.restores import UNFINISHED, Restore, RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.restore.target import abandon, release
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.placing import remove_replaced
from mmsconsole.verification.folder import clear, root_of
from mmsconsole.verification.verifying import SOCKET

log = logging.getLogger(__name__)

NO_JOB = "the engine died, and no job goes on with it"


def tidy(resources: Resources) -> None:
    """Heads that were replaced go; what was asked for without a job is marked as failed.

    Jobs, slices and restores need nothing here: each goes on, or begins anew, by itself. What
    can not be put in order is told of: it is no reason not to start.
    """
    _sweep(resources)
    _clear_verification(resources)
    remove_replaced(resources)
    waiting = {job.subject for job in resources.metadata.jobs.open()}
    _fail_snapshots(resources, waiting)
    for restore in list(resources.metadata.restores.listed()):
        if restore.id not in waiting:
            _settle_restore(resources, restore)


def _sweep(resources: Resources) -> None:
    """A store that is away is no reason not to start: others may be there."""
    for name in resources.storages.names:
        try:
            resources.storages.of(name).sweep()
        except StorageError as error:
            log.warning("the store %s could not be swept: %s", name, error)


def _clear_verification(resources: Resources) -> None:
    try:
        clear(root_of(resources.settings), resources.clock)
        resources.socket(SOCKET).unlink(missing_ok=True)
    except MmsError as error:
        log.warning("what a verification left could not be removed: %s", error)


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
