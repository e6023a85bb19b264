"""A backup: started, stopped, started again."""

from mmsconsole.errors import Busy, Refused
from mmsconsole.metadata.asking import ask_for_validation, head_resource
from mmsconsole.metadata.bases import bases
from mmsconsole.metadata.deployments import BackupState, Deployment, DeploymentKind
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import MAKING_HEADS, JobKind
from mmsconsole.operations import jobs
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.estimate import backup_needs, check_room
from mmsconsole.operations.status import backup_status, goes_on, head_of, last_sync
from mmsconsole.operations.views import BackupStatus, JobView

TRIES_MAX = 3


def start(desk: Desk, name: str) -> BackupStatus:
    """A second start changes nothing.

    With a head in sync the backup goes on where it stood. Without one an initial sync is
    queued: of a new head, after the preflight and the estimate of room, or of the one that an
    earlier sync left unfinished.
    """
    for _ in range(TRIES_MAX):
        deployment = desk.metadata.deployments.named(name)
        check_kind(deployment)
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


def check_kind(deployment: Deployment) -> None:
    """Raises Refused."""
    if deployment.kind is DeploymentKind.STANDALONE:
        raise Refused(
            "a standalone mongod has no oplog to follow: it can only be monitored",
            where=deployment.name,
            hint="make it a replica set of one member (--replSet NAME, then rs.initiate()), "
            "remove this deployment and add it anew",
        )


def _usable_head(desk: Desk, deployment: Deployment) -> Head | None:
    if deployment.backup is BackupState.RESYNC_REQUIRED:
        return None
    head = head_of(desk, deployment)
    return None if head is not None and head.phase is SyncPhase.ENDED else head


def _sync_needed(desk: Desk, deployment: Deployment, head: Head | None) -> bool:
    if head is not None and head.phase in (SyncPhase.IN_SYNC, SyncPhase.REBUILDING):
        return False  # the engine goes on with it, or with its rebuild, by itself
    if deployment.backup is BackupState.RESYNC_REQUIRED:
        return True
    return not goes_on(last_sync(desk, deployment))


def _check(desk: Desk, deployment: Deployment) -> None:
    size = desk.sources.preflight(deployment)
    roomiest = max(desk.settings.head_folders, key=lambda folder: desk.disk(folder).free_bytes)
    storage = desk.settings.store_folders.get(deployment.store)
    needs = backup_needs(size.files_bytes, size.data_bytes, roomiest, storage)
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
    for kind in MAKING_HEADS:
        for job in desk.metadata.jobs.open(stopped.id, kind):
            jobs.request_cancel(desk, job)
    desk.event("backup stopped", "the backup was stopped; everything is kept", stopped)
    return backup_status(desk, stopped)


def validate_head(desk: Desk, name: str) -> JobView:
    """A job that reads all of the head's files, between its other work."""
    deployment = desk.metadata.deployments.named(name)
    head = _head_to_work_on(desk, deployment)
    if head.phase is SyncPhase.REBUILDING:
        raise Refused("the head is being rebuilt", where=name, hint="wait until it is in sync")
    waiting = next(desk.metadata.jobs.open(deployment.id, JobKind.VALIDATION), None)
    if waiting is not None:
        return jobs.show(desk, waiting.id)
    job = ask_for_validation(desk.metadata, deployment, desk.clock.now(), desk.actor.name)
    desk.event("validation asked for", "the head's files are to be validated", deployment)
    return jobs.show(desk, job.id)


def rebuild_head(desk: Desk, name: str) -> BackupStatus:
    """Have the head made anew from a snapshot and the stored oplog, without the source.

    The engine begins with it at once; the tail goes on meanwhile. A second time changes nothing.
    """
    deployment = desk.metadata.deployments.named(name)
    head = _head_to_work_on(desk, deployment)
    if head.phase is SyncPhase.REBUILDING:
        return backup_status(desk, deployment)
    base = next(iter(bases(desk.metadata, deployment.id, without=head.unfit)), None)
    if base is None:
        raise Refused(
            "there is no good snapshot from which the stored oplog goes on", where=name,
            hint=f"take one first: mmsconsole snapshot take {name}",
        )  # fmt: skip
    why = f"{desk.actor.name} asked for it"
    marked = desk.metadata.heads.set_where(
        {"_id": head.id, "phase": SyncPhase.IN_SYNC.value},
        phase=SyncPhase.REBUILDING, reason=why, rebuild_past=None,
    )  # fmt: skip
    if marked is None:
        raise Busy("somebody else is changing this backup", where=name, hint="try again")
    text = f"the head is to be rebuilt, from snapshot {base.id} unless that turns out to be damaged"
    desk.event("rebuild asked for", text, deployment, head=head.id, snapshot=base.id)
    return backup_status(desk, deployment)


def _head_to_work_on(desk: Desk, deployment: Deployment) -> Head:
    if deployment.backup is not BackupState.STARTED:
        raise Refused(
            f"the backup is {deployment.backup}", where=deployment.name,
            hint=f"start it: mmsconsole backup start {deployment.name}",
        )  # fmt: skip
    head = head_of(desk, deployment)
    if head is None or head.phase not in (SyncPhase.IN_SYNC, SyncPhase.REBUILDING):
        raise Refused(
            "there is no head in sync", where=deployment.name,
            hint="an initial sync makes one: see mmsconsole backup status " + deployment.name,
        )  # fmt: skip
    return head


def status(desk: Desk, name: str) -> BackupStatus:
    return backup_status(desk, desk.metadata.deployments.named(name))
