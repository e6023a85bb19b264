"""The frozen states that screens show, and the pure functions that ask for them.

A reader runs in a thread of its own and touches no widget; its answer is complete, so that a
screen is drawn from one value and can be drawn again from it while the engine is away.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.console import actions
from mmsconsole.console.navigation import Place, parts
from mmsconsole.console.ports import Reading
from mmsconsole.errors import NotFound
from mmsconsole.metadata.jobs import ENDED, JobKind
from mmsconsole.metadata.restores import RestoreState as RestoreStates
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.operations.check_views import CheckView
from mmsconsole.operations.link_views import LinkView
from mmsconsole.operations.opening_views import OpeningView
from mmsconsole.operations.oplog_views import OplogEntryView
from mmsconsole.operations.policy_views import PolicyView
from mmsconsole.operations.store_views import StoreStats, StoreView
from mmsconsole.operations.views import (
    DeploymentView,
    EngineStatus,
    EventView,
    JobView,
    LagPoint,
    RestoreView,
    SnapshotView,
)
from mmsconsole.optime import Optime

LAG_SPAN = timedelta(hours=1)
EVENTS_SHOWN = 200
EVENTS_BESIDE = 30
FAILED_SPAN = timedelta(days=1)
"""So long one that could not be opened is told beside those that are."""


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
class SnapshotState(State):
    """One snapshot; the jobs that work for it now; what happened to it, newest first."""

    snapshot: SnapshotView
    jobs: tuple[JobView, ...]
    events: tuple[EventView, ...]


@dataclass(frozen=True, slots=True)
class PolicyState(State):
    policy: PolicyView


@dataclass(frozen=True, slots=True)
class StoreSituation:
    """What the metadata know of a store; whether it answers is asked apart."""

    store: StoreView
    stats: StoreStats
    check: CheckView | None
    """The last one that has ended."""
    damage: CheckView | None
    """The newest one that found something, unless all was read and found well since."""
    jobs: tuple[JobView, ...]
    """Those that work in it now."""

    @property
    def id(self) -> str:
        return self.store.name


@dataclass(frozen=True, slots=True)
class StoresState(State):
    """Of all stores, or of the one that the place is about."""

    stores: tuple[StoreSituation, ...]


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
class EntryState(State):
    entry: OplogEntryView


@dataclass(frozen=True, slots=True)
class OpeningsState(State):
    openings: tuple[OpeningView, ...]
    making: tuple[RestoreView, ...]
    """What is to be open, and is not yet; or could not be made."""


@dataclass(frozen=True, slots=True)
class OpeningState(State):
    opening: OpeningView


@dataclass(frozen=True, slots=True)
class LinksState(State):
    links: tuple[LinkView, ...]


@dataclass(frozen=True, slots=True)
class LinkState(State):
    link: LinkView


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


def read_snapshot(operations: Reading, query: Query) -> State:
    id_ = query.place.item
    snapshot = operations.snapshot(id_)
    jobs = operations.jobs(query.place.deployment)
    return SnapshotState(
        operations.engine(),
        _deployment(operations, query.place),
        snapshot,
        tuple(job for job in jobs if job.subject == id_ and job.state not in ENDED),
        tuple(operations.snapshot_events(id_)),
    )


def read_policy(operations: Reading, query: Query) -> State:
    policy = operations.policy(query.place.deployment or None)
    return PolicyState(operations.engine(), _deployment(operations, query.place), policy)


def read_stores(operations: Reading, query: Query) -> State:
    """The places are not asked: one that does not answer would hold up all the others."""
    jobs = [job for job in operations.jobs() if job.state not in ENDED]
    wanted = query.place.item
    found = tuple(
        _situation(operations, store, jobs)
        for store in operations.stores(ask=False)
        if wanted in ("", store.name)
    )
    if not found:
        raise NotFound("there is no store of that name any more", where=wanted)
    return StoresState(operations.engine(), _deployment(operations, query.place), found)


def _situation(operations: Reading, store: StoreView, jobs: Iterable[JobView]) -> StoreSituation:
    try:
        check = operations.last_check(store.name)
    except NotFound:
        check = None
    here = tuple(job for job in jobs if works_in(job, store))
    stats, damage = operations.store_stats(store.name), operations.store_damage(store.name)
    return StoreSituation(store, stats, check, damage, here)


def works_in(job: JobView, store: StoreView) -> bool:
    """Also a verification of what is kept there: it reads all of a snapshot."""
    reads = job.kind == JobKind.VERIFICATION and job.deployment in store.deployments
    return reads or job.store == store.name


def read_oplog(operations: Reading, query: Query) -> State:
    """What is stored never changes, so its screen asks for that when it is needed."""
    return State(operations.engine(), _deployment(operations, query.place))


def read_entry(operations: Reading, query: Query) -> State:
    seconds, _, increment = query.place.item.partition(":")
    entry = operations.oplog_entry(query.place.deployment, Optime(int(seconds), int(increment)))
    return EntryState(operations.engine(), _deployment(operations, query.place), entry)


def read_openings(operations: Reading, query: Query) -> State:
    openings = tuple(operations.openings())
    known = {opening.id for opening in openings}
    making = tuple(
        each for each in operations.restores()
        if each.kind == TargetKind.OPEN and each.id not in known and _is_told(each, query.now)
    )  # fmt: skip
    return OpeningsState(
        operations.engine(), _deployment(operations, query.place), openings, making
    )


def _is_told(restore: RestoreView, now: datetime) -> bool:
    if restore.state == RestoreStates.FAILED:
        return now - restore.created_at < FAILED_SPAN
    return restore.state not in (RestoreStates.DONE, RestoreStates.CANCELLED)


def read_opening(operations: Reading, query: Query) -> State:
    """Its deployment may be gone."""
    opening = operations.opening(parts(query.place.item)[0])
    return OpeningState(operations.engine(), None, opening)


def read_links(operations: Reading, query: Query) -> State:
    links = operations.links(query.place.deployment or None)
    return LinksState(operations.engine(), _deployment(operations, query.place), tuple(links))


def read_link(operations: Reading, query: Query) -> State:
    return LinkState(operations.engine(), None, operations.link(query.place.item))


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
    actions.SNAPSHOT: read_snapshot,
    actions.POLICY: read_policy,
    actions.STORES: read_stores,
    actions.STORE: read_stores,
    actions.WIZARD: read_snapshots,
    actions.OPLOG: read_oplog,
    actions.ENTRY: read_entry,
    actions.OPENED: read_openings,
    actions.COLLECTIONS: read_opening,
    actions.DOCUMENTS: read_opening,
    actions.DOCUMENT: read_opening,
    actions.LINKS: read_links,
    actions.LINK: read_link,
    actions.ADD: read_engine,
}
