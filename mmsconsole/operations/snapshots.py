"""Snapshots: taken, and listed. How long one is kept is in expiry.py."""

from datetime import timedelta

from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.asking import ask_for_snapshot
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.retaining import retention_plan
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.shapes import snapshot_view
from mmsconsole.operations.status import goes_on, head_of, last_sync
from mmsconsole.operations.views import SnapshotView
from mmsconsole.policy.fates import Fate

KEEP_DAYS_MAX = 100 * 366


def take(desk: Desk, name: str, keep_days: int | None = None, hold: str = "") -> SnapshotView:
    """Queues behind a snapshot, an initial sync or a rebuild of the same head that runs.

    `keep_days`: so long it is kept, whatever the policy says. `hold`: why it is held.
    """
    deployment = desk.metadata.deployments.named(name)
    if keep_days is not None and not 1 <= keep_days <= KEEP_DAYS_MAX:
        raise UsageError(f"a snapshot is kept 1 to {KEEP_DAYS_MAX} days", where=str(keep_days))
    _check_can_be_taken(desk, deployment)
    now = desk.clock.now()
    expires_at = None if keep_days is None else now + timedelta(days=keep_days)
    snapshot = ask_for_snapshot(
        desk.metadata, deployment, now, desk.actor.name, hold=hold, expires_at=expires_at
    )
    desk.event(
        "snapshot asked for", f"snapshot {snapshot.id} was asked for{_kept(keep_days, hold)}",
        deployment, snapshot=snapshot.id,
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
    fates = _fates(desk, deployment)
    found = desk.metadata.snapshots.of(deployment.id)
    return [snapshot_view(one, deployment.name, fates.get(one.id)) for one in found]


def show(desk: Desk, id_: str) -> SnapshotView:
    snapshot = desk.metadata.snapshots.get(id_)
    deployment = desk.metadata.deployments.get(snapshot.deployment)
    return snapshot_view(snapshot, deployment.name, _fates(desk, deployment).get(id_))


def _fates(desk: Desk, deployment: Deployment) -> dict[str, Fate]:
    """What becomes of each, by its id: the daemon carries out this very plan."""
    policy = desk.metadata.policies.of(deployment, desk.settings.tree.policy.policy)
    plan = retention_plan(desk.metadata, deployment, policy, desk.clock.now())
    return {fate.id: fate for fate in plan.fates}


def _kept(keep_days: int | None, hold: str) -> str:
    kept = [] if keep_days is None else [f"to be kept {keep_days} days"]
    return "".join(f", {each}" for each in [*kept, *([f"held: {hold}"] if hold else [])])
