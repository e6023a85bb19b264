"""The front end of an engine: what it tells of the backups comes from the operations."""

from mmsconsole import __version__
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.operations.views import BackupStatus, DeploymentView
from mmsconsole.service.figures import DeploymentFigures, Figures
from mmsconsole.service.service import Service
from mmsconsole.stores.resources import Resources

ACTOR = Actor("engine")


def front_end(resources: Resources, engine: str) -> Service:
    operations = Operations(resources.metadata, resources.settings, resources.clock, ACTOR)
    return Service(resources, lambda: figures_of(operations), engine)


def figures_of(operations: Operations) -> Figures:
    """Raises MetadataError."""
    deployments = operations.deployments()
    return Figures(
        __version__, tuple(_figures(one, operations.backup_status(one.name)) for one in deployments)
    )


def _figures(deployment: DeploymentView, status: BackupStatus) -> DeploymentFigures:
    snapshot, verified, newest = status.last_snapshot, status.last_verified, status.windows[-1:]
    return DeploymentFigures(
        name=deployment.name,
        state=status.state,
        wrong=_wrong(status),
        last_snapshot=None if snapshot is None else snapshot.created_at,
        last_verified=None if verified is None else verified.verified_at,
        window_start=float(newest[0].start.t) if newest else None,
        window_end=float(newest[0].end.t) if newest else None,
        lag_seconds=None if status.head is None else status.head.lag_seconds,
    )


def _wrong(status: BackupStatus) -> tuple[str, ...]:
    """Kinds alone: their texts name hosts."""
    lost = status.state == BackupState.RESYNC_REQUIRED.value
    found = ["resync required"] if lost else []
    return (*found, *(f"{each.kind} {each.level}" for each in status.warnings))
