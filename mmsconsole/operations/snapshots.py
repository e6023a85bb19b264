"""Snapshots: taken, listed, deleted."""

from mmsconsole.errors import Busy, Refused
from mmsconsole.metadata.asking import ask_for_snapshot
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.shapes import snapshot_view
from mmsconsole.operations.status import goes_on, head_of, last_sync
from mmsconsole.operations.views import SnapshotView


def take(desk: Desk, name: str) -> SnapshotView:
    """Queues behind a snapshot, an initial sync or a rebuild of the same head that runs."""
    deployment = desk.metadata.deployments.named(name)
    _check_can_be_taken(desk, deployment)
    snapshot = ask_for_snapshot(desk.metadata, deployment, desk.clock.now(), desk.actor.name)
    desk.event(
        "snapshot asked for", f"snapshot {snapshot.id} was asked for", deployment,
        snapshot=snapshot.id,
    )  # fmt: skip
    return snapshot_view(snapshot, deployment.name)


def _check_can_be_taken(desk: Desk, deployment: Deployment) -> None:
    if deployment.backup is not BackupState.STARTED:
        raise Refused(
            f"the backup is {deployment.backup}",
            where=deployment.name,
            hint=f"start it first: mmsconsole backup start {deployment.name}",
        )
    head = head_of(desk, deployment)
    comes = head is not None and head.phase in (SyncPhase.IN_SYNC, SyncPhase.REBUILDING)
    if not comes and not goes_on(last_sync(desk, deployment)):
        raise Refused(
            "there is no head in sync, and no initial sync is making one",
            where=deployment.name,
            hint=f"start it again: mmsconsole backup start {deployment.name}",
        )


def listed(desk: Desk, name: str) -> list[SnapshotView]:
    """Oldest first."""
    deployment = desk.metadata.deployments.named(name)
    found = desk.metadata.snapshots.of(deployment.id)
    return [snapshot_view(snapshot, deployment.name) for snapshot in found]


def show(desk: Desk, id_: str) -> SnapshotView:
    snapshot = desk.metadata.snapshots.get(id_)
    return snapshot_view(snapshot, desk.metadata.deployments.get(snapshot.deployment).name)


def delete(desk: Desk, id_: str) -> SnapshotView:
    """Returns the snapshot as it was. Refused while something works with it."""
    snapshot = desk.metadata.snapshots.get(id_)
    deployment = desk.metadata.deployments.get(snapshot.deployment)
    _check_unused(desk, snapshot)
    _forget(desk, deployment, snapshot)
    desk.event("snapshot deleted", f"snapshot {id_} was deleted", deployment, snapshot=id_)
    return snapshot_view(snapshot, deployment.name)


def _check_unused(desk: Desk, snapshot: Snapshot) -> None:
    if snapshot.state is SnapshotState.RUNNING:
        raise Busy("the snapshot is being taken", where=snapshot.id, hint="cancel its job instead")
    for job in desk.metadata.jobs.open(snapshot.deployment):
        if job.kind is JobKind.SNAPSHOT:
            raise Busy(
                "another snapshot is being taken, and builds on those that are there",
                where=snapshot.id, hint=f"wait for job {job.id}, or cancel it",
            )  # fmt: skip
        if job.kind is JobKind.RESTORE and _restores_from(desk, job.subject, snapshot):
            raise Busy(
                f"restore {job.subject} reads it", where=snapshot.id,
                hint=f"wait for it, or cancel it: mmsconsole restore cancel {job.subject}",
            )  # fmt: skip


def _restores_from(desk: Desk, restore_id: str, snapshot: Snapshot) -> bool:
    restore = desk.metadata.restores.find(restore_id)
    return restore is not None and restore.snapshot == snapshot.id


def _forget(desk: Desk, deployment: Deployment, snapshot: Snapshot) -> None:
    from mmsconsole.storage.open import open_storage
    from mmsconsole.stores.blockstore import Blockstore

    storage = open_storage(desk.settings)
    Blockstore(storage, desk.metadata, deployment.group).forget(snapshot)
