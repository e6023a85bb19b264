"""What a backup says of itself, written down for people."""

from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.stores.resources import Resources


def tell_resync_required(resources: Resources, deployment_id: str, reason: str) -> None:
    """People must know why, at once. Only of a backup that is started; again is no harm."""
    changed = resources.metadata.deployments.set_where(
        {"_id": deployment_id, "backup": BackupState.STARTED.value},
        backup=BackupState.RESYNC_REQUIRED, reason=reason,
    )  # fmt: skip
    if changed is not None:
        resources.event(
            "resync required", reason, deployment=deployment_id, severity=Severity.ERROR
        )


def tell_reason(resources: Resources, deployment: Deployment, reason: str) -> None:
    """What the backup waits for; empty when all is well. `deployment` as it was just read."""
    if deployment.reason == reason:
        return
    changed = resources.metadata.deployments.set_where(
        {"_id": deployment.id, "backup": BackupState.STARTED.value}, reason=reason
    )
    if changed is not None and reason:
        resources.event("backup waits", reason, deployment=deployment.id, severity=Severity.WARNING)
