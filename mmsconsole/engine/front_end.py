"""The front end of an engine: what it tells of the backups comes from the operations."""

from dataclasses import replace
from datetime import datetime, timedelta

from mmsconsole import __version__
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.operations.monitoring_views import AgentView, MemberView
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.operations.views import BackupStatus, DeploymentView
from mmsconsole.service.figures import DeploymentFigures, Figures
from mmsconsole.service.member_figures import AgentFigures, MemberFigures
from mmsconsole.service.service import Service
from mmsconsole.stores.resources import Resources

ACTOR = Actor("engine")
ALERTS_SILENT_SECONDS = 120.0
"""At least: the engine's record is written now and then only."""


def front_end(resources: Resources, engine: str) -> Service:
    operations = Operations(resources.metadata, resources.settings, resources.clock, ACTOR)

    def figures() -> Figures:
        now = resources.clock.now()
        limit = max(ALERTS_SILENT_SECONDS, 3 * resources.settings.tree.alerts.evaluate_seconds)
        record = resources.metadata.engines.find(engine)
        wrong = alerts_wrong(record, now, timedelta(seconds=limit))
        return replace(
            figures_of(operations, now),
            wrong=wrong,
            alerts_open=resources.metadata.alerts.open_by_severity(DEFAULT_GROUP),
            alerts_judged=None if record is None else record.alerts_at,
        )

    return Service(resources, figures, engine)


def alerts_wrong(
    engine: EngineRecord | None, now: datetime, silent_after: timedelta
) -> tuple[str, ...]:
    """In a few words; before the first look all is well."""
    if engine is None:
        return ()
    silent = engine.alerts_at is not None and now - engine.alerts_at > silent_after
    return ("alerts are not judged",) if engine.alerts_error or silent else ()


def figures_of(operations: Operations, now: datetime) -> Figures:
    """Raises MetadataError."""
    deployments = operations.deployments()
    members = (each for one in deployments for each in operations.members(one.name))
    return Figures(
        __version__,
        tuple(_figures(one, operations.backup_status(one.name)) for one in deployments),
        members=tuple(_of_member(each, now) for each in members),
        agents=tuple(_of_agent(each, now) for each in operations.agents()),
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


def _of_member(view: MemberView, now: datetime) -> MemberFigures:
    """Of one that nobody asks any more, only since when: the rest would be old."""
    age = None if view.seen_at is None else (now - view.seen_at).total_seconds()
    if view.stale:
        return MemberFigures(view.deployment, view.host, seen_age_seconds=age)
    return MemberFigures(
        view.deployment, view.host, view.up, age, view.up and view.state == PRIMARY,
        view.values if view.up else {},
    )  # fmt: skip


def _of_agent(view: AgentView, now: datetime) -> AgentFigures:
    age = (now - view.seen_at).total_seconds()
    return AgentFigures(
        view.id, age, view.members, view.cpu_percent, view.buffered, view.dropped
    )  # fmt: skip


def _wrong(status: BackupStatus) -> tuple[str, ...]:
    """Kinds alone: their texts name hosts."""
    lost = status.state == BackupState.RESYNC_REQUIRED.value
    found = ["resync required"] if lost else []
    return (*found, *(f"{each.kind} {each.level}" for each in status.warnings))
