"""A backup: started, stopped, started again."""

from mmsconsole.errors import Busy
from mmsconsole.metadata.asking import head_resource
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.operations import jobs
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.estimate import backup_needs, check_room
from mmsconsole.operations.status import backup_status, goes_on, head_of, last_sync
from mmsconsole.operations.views import BackupStatus

TRIES_MAX = 3


def start(desk: Desk, name: str) -> BackupStatus:
    """A second start changes nothing.

    With a head in sync the backup goes on where it stood. Without one an initial sync is
    queued: of a new head, after the preflight and the estimate of room, or of the one that an
    earlier sync left unfinished.
    """
    for _ in range(TRIES_MAX):
        deployment = desk.metadata.deployments.named(name)
        head = _usable_head(desk, deployment)
        sync_needed = _sync_needed(desk, deployment, head)
        if deployment.backup is BackupState.STARTED and not sync_needed:
            return backup_status(desk, deployment)
        if sync_needed and head is None:
            _check(desk, deployment)
        started = _set_started(desk, deployment, head)
        if started is not None:
            return _started(desk, started, sync_needed)
    raise Busy("somebody else is changing this backup", where=name, hint="try again")


def _usable_head(desk: Desk, deployment: Deployment) -> Head | None:
    if deployment.backup is BackupState.RESYNC_REQUIRED:
        return None
    return head_of(desk, deployment)


def _sync_needed(desk: Desk, deployment: Deployment, head: Head | None) -> bool:
    if head is not None and head.phase is SyncPhase.IN_SYNC:
        return False
    if deployment.backup is BackupState.RESYNC_REQUIRED:
        return True
    return not goes_on(last_sync(desk, deployment))


def _check(desk: Desk, deployment: Deployment) -> None:
    size = desk.sources.preflight(deployment)
    roomiest = max(desk.settings.head_folders, key=lambda folder: desk.disk(folder).free_bytes)
    needs = backup_needs(size.files_bytes, size.data_bytes, roomiest, desk.settings.storage_folder)
    check_room(needs, [desk.disk(need.folder) for need in needs])


def _set_started(desk: Desk, seen: Deployment, head: Head | None) -> Deployment | None:
    """None when the deployment has changed since it was seen."""
    return desk.metadata.deployments.set_where(
        {"_id": seen.id, "backup": seen.backup.value, "head": seen.head, "removed": False},
        backup=BackupState.STARTED, reason="", head=head.id if head is not None else "",
    )  # fmt: skip


def _started(desk: Desk, deployment: Deployment, sync_needed: bool) -> BackupStatus:
    if sync_needed:
        jobs.queue(
            desk, JobKind.INITIAL_SYNC, deployment, head_resource(deployment), deployment.head
        )
    how = "with an initial sync" if sync_needed else "from where it stood"
    desk.event("backup started", f"the backup was started {how}", deployment)
    return backup_status(desk, deployment)


def stop(desk: Desk, name: str) -> BackupStatus:
    """Everything is kept. A backup that is not started stays as it is."""
    deployment = desk.metadata.deployments.named(name)
    stopped = desk.metadata.deployments.set_where(
        {"_id": deployment.id, "backup": BackupState.STARTED.value}, backup=BackupState.STOPPED
    )
    if stopped is None:
        return backup_status(desk, desk.metadata.deployments.named(name))
    for job in desk.metadata.jobs.open(stopped.id, JobKind.INITIAL_SYNC):
        jobs.request_cancel(desk, job)
    desk.event("backup stopped", "the backup was stopped; everything is kept", stopped)
    return backup_status(desk, stopped)


def status(desk: Desk, name: str) -> BackupStatus:
    return backup_status(desk, desk.metadata.deployments.named(name))
