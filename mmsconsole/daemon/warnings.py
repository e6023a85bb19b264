"""Warnings become events, once each time that their level changes."""

from mmsconsole.agent.tail_warnings import Level, limits_of, warnings_of
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.stores.resources import Resources
from mmsconsole.verification.standing import verification_warning

SEVERITIES = {
    Level.OK: Severity.INFO,
    Level.WARNING: Severity.WARNING,
    Level.CRITICAL: Severity.ERROR,
}


def tell_all_warnings(resources: Resources) -> None:
    """Of every backup that is started."""
    for deployment in list(resources.metadata.deployments.listed()):
        if deployment.backup is BackupState.STARTED:
            tell_warnings(resources, deployment)


def tell_warnings(resources: Resources, deployment: Deployment) -> None:
    """What was told is kept with the deployment, so a restart of the engine repeats nothing."""
    metadata, now = resources.metadata, resources.clock.now()
    limits = limits_of(resources.settings.tree.backup)
    found = warnings_of(metadata.tails.find(deployment.id), now, limits, deployment.warned)
    found.append(verification_warning(metadata, resources.settings, deployment, now))
    news = [one for one in found if one.level != deployment.warned.get(one.kind, Level.OK)]
    if not news:
        return
    levels = deployment.warned | {one.kind: one.level.value for one in news}
    changed = metadata.deployments.set_where(
        {"_id": deployment.id, "backup": BackupState.STARTED.value, "warned": deployment.warned},
        warned={kind: level for kind, level in levels.items() if level != Level.OK},
    )
    for one in news if changed is not None else ():
        resources.event(
            f"{one.kind} {one.level}", one.text, deployment=deployment.id,
            severity=SEVERITIES[one.level],
        )  # fmt: skip
