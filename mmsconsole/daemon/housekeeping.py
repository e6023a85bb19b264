"""What a killed engine may have left: put in order before anything else begins."""

import logging
from datetime import timedelta

from mmsconsole.errors import MmsError, StorageError
from mmsconsole.metadata.restores import UNFINISHED, Restore, RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.restore.restoring import Restoring
from mmsconsole.restore.staging import sweep
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.placing import remove_replaced
from mmsconsole.verification.folder import clear
from mmsconsole.verification.verifying import SOCKET

log = logging.getLogger(__name__)

SECRET_KEPT = timedelta(hours=1)
"""It is written down before its restore is, by somebody who may just be doing that."""
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
    _sweep_staging(resources, waiting)
    _forget_secrets(resources)


def _sweep(resources: Resources) -> None:
    """A store that is away is no reason not to start: others may be there."""
    for name in resources.storages.names:
        try:
            resources.storages.of(name).sweep()
        except StorageError as error:
            log.warning("the store %s could not be swept: %s", name, error)


def _clear_verification(resources: Resources) -> None:
    try:
        clear(resources.settings.verification_folder, resources.clock)
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
    """No job works for it: its target is not left half filled, whoever ended it, nor with
    anything of ours.
    """
    if restore.state in UNFINISHED:
        resources.metadata.restores.set(
            restore.id, state=RestoreState.FAILED, reason=NO_JOB,
            finished_at=resources.clock.now(),
        )  # fmt: skip
    if restore.where.kind is not TargetKind.FOLDER and not (restore.touched or restore.staging):
        return  # nothing was begun, or all was tidied up
    try:
        Restoring(resources, resources.metadata.restores.get(restore.id)).settle()
    except MmsError as error:
        log.warning("what restore %s left could not be removed: %s", restore.id, error)


def _sweep_staging(resources: Resources, waiting: set[str]) -> None:
    """Folders of restores that nobody goes on with; their records may be lost, too."""
    kept = {one.id for one in resources.metadata.restores.all({"staging": {"$ne": ""}})}
    sweep(resources.settings, resources.clock, waiting | kept)


def _forget_secrets(resources: Resources) -> None:
    """Of restores that were never written down, or have ended."""
    unfinished = resources.metadata.restores.all({"state": {"$in": list(UNFINISHED)}})
    used = {restore.where.credential for restore in unfinished}
    before = resources.clock.now() - SECRET_KEPT
    for secret in list(resources.metadata.restore_secrets.all({"created_at": {"$lt": before}})):
        if secret.id not in used:
            resources.metadata.restore_secrets.remove(secret.id)
