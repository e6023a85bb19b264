"""The frozen states that screens show, and the pure functions that ask for them.

A reader runs in a thread of its own and touches no widget; its answer is complete, so that a
screen is drawn from one value and can be drawn again from it while the engine is away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.console import actions
from mmsconsole.console.navigation import Place
from mmsconsole.console.ports import Reading
from mmsconsole.operations.views import (
    DeploymentView,
    EngineStatus,
    EventView,
    JobView,
    LagPoint,
    RestoreView,
    SnapshotView,
)

LAG_SPAN = timedelta(hours=1)
EVENTS_SHOWN = 200
EVENTS_BESIDE = 30


@dataclass(frozen=True, slots=True)
class Query:
    place: Place
    now: datetime


@dataclass(frozen=True, slots=True)
class State:
    """What every screen knows: the engine, and the deployment that it is about, if any."""

    engine: EngineStatus
    deployment: DeploymentView | None


@dataclass(frozen=True, slots=True)
class OverviewState(State):
    deployments: tuple[DeploymentView, ...]


@dataclass(frozen=True, slots=True)
class DeploymentState(State):
    lag: tuple[LagPoint, ...]
    events: tuple[EventView, ...]


@dataclass(frozen=True, slots=True)
class SnapshotsState(State):
    """Also what the restore wizard begins with. Newest first."""

    snapshots: tuple[SnapshotView, ...]


@dataclass(frozen=True, slots=True)
class JobsState(State):
    jobs: tuple[JobView, ...]


@dataclass(frozen=True, slots=True)
class RestoresState(State):
    restores: tuple[RestoreView, ...]


@dataclass(frozen=True, slots=True)
class RestoreState(State):
    restore: RestoreView


@dataclass(frozen=True, slots=True)
class EventsState(State):
    events: tuple[EventView, ...]


Reader = Callable[[Reading, Query], State]


def _deployment(operations: Reading, place: Place) -> DeploymentView | None:
    return operations.deployment(place.deployment) if place.deployment else None


def read_overview(operations: Reading, _: Query) -> State:
    return OverviewState(operations.engine(), None, tuple(operations.deployments()))


def read_deployment(operations: Reading, query: Query) -> State:
    name = query.place.deployment
    return DeploymentState(
        operations.engine(),
        operations.deployment(name),
        tuple(operations.lag_history(name, query.now - LAG_SPAN)),
        tuple(operations.events(name, EVENTS_BESIDE)),
    )


def read_snapshots(operations: Reading, query: Query) -> State:
    found = sorted(
        operations.snapshots(query.place.deployment), key=lambda each: each.created_at, reverse=True
    )
    return SnapshotsState(operations.engine(), _deployment(operations, query.place), tuple(found))


def read_jobs(operations: Reading, query: Query) -> State:
    jobs = operations.jobs(query.place.deployment or None)
    return JobsState(operations.engine(), _deployment(operations, query.place), tuple(jobs))


def read_restores(operations: Reading, query: Query) -> State:
    restores = operations.restores(query.place.deployment or None)
    return RestoresState(operations.engine(), _deployment(operations, query.place), tuple(restores))


def read_restore(operations: Reading, query: Query) -> State:
    restore = operations.restore(query.place.item)
    return RestoreState(operations.engine(), _deployment(operations, query.place), restore)


def read_events(operations: Reading, query: Query) -> State:
    events = operations.events(query.place.deployment or None, EVENTS_SHOWN)
    return EventsState(operations.engine(), _deployment(operations, query.place), tuple(events))


def read_engine(operations: Reading, _: Query) -> State:
    return State(operations.engine(), None)


READERS: dict[str, Reader] = {
    actions.OVERVIEW: read_overview,
    actions.DEPLOYMENT: read_deployment,
    actions.SNAPSHOTS: read_snapshots,
    actions.JOBS: read_jobs,
    actions.RESTORES: read_restores,
    actions.RESTORE: read_restore,
    actions.EVENTS: read_events,
    actions.WIZARD: read_snapshots,
    actions.ADD: read_engine,
}
