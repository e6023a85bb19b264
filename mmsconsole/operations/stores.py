"""Stores, the space in them, and grooms."""

from collections.abc import Iterable

from mmsconsole.errors import MmsError, NotFound
from mmsconsole.metadata.asking import ask_for_groom, groom_resource
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.store_stats import DeploymentFigures, PoolStats
from mmsconsole.operations import jobs
from mmsconsole.operations.copies import copy_view
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.store_views import (
    DeploymentSpace,
    GroomPlanView,
    PoolSpace,
    StoreStats,
    StoreView,
)
from mmsconsole.operations.views import CopyView, JobView
from mmsconsole.storage.probe import FOLDER as PROBES
from mmsconsole.storage.urls import shown_url

ASKING_SECONDS = 10.0
"""So long a place may take to say that it is there."""


def listed(desk: Desk, *, ask: bool = True) -> list[StoreView]:
    """In the order of the settings. `ask`: the places themselves, too."""
    return [_store_view(desk, name, ask=ask) for name in desk.settings.stores]


def show(desk: Desk, name: str) -> StoreView:
    """Raises SettingsError where no store has that name; one that is away is told as such."""
    desk.settings.store(name)
    return _store_view(desk, name, ask=True)


def stats(desk: Desk, store: str) -> StoreStats:
    """As the last groom found it. Raises SettingsError where no store has that name."""
    desk.settings.store(store)
    names = jobs.names(desk)
    found = _stats_of(desk, store)
    return StoreStats(store, tuple(_pool_space(one, names) for one in found))


def plan_groom(desk: Desk, store: str) -> GroomPlanView:
    """Reads the ends of all manifests. Raises ObjectMissing or ObjectCorrupt where it can not be
    told what is needed, StorageError.
    """
    from mmsconsole.storage.open import open_storage
    from mmsconsole.stores.groom.grooming import Grooming
    from mmsconsole.stores.groom.grooming_plan import Limits
    from mmsconsole.task import Task

    storage = open_storage(desk.settings, store, memories=desk.memories)
    limits = Limits(desk.settings.tree.groom.living_percent, 0)
    dead = rewritten = copied = freed = stored = unneeded = 0
    for pool in _pools(desk, store):
        grooming = Grooming(storage, desk.metadata, pool)
        looked = grooming.look(limits, Task())
        dead, rewritten = dead + len(looked.plan.dead), rewritten + len(looked.plan.rewritten)
        copied, freed = copied + looked.plan.copied_bytes, freed + looked.plan.freed_bytes
        stored, unneeded = stored + looked.stored_bytes, unneeded + looked.dead_bytes
    return GroomPlanView(store, dead, rewritten, copied, freed, stored, unneeded)


def start_groom(desk: Desk, store: str) -> JobView:
    """A second time changes nothing while the first one waits or runs."""
    pool = _pools(desk, store)[0]
    for job in desk.metadata.jobs.open(kind=JobKind.GROOM):
        if job.resource == groom_resource(pool.id):
            return jobs.show(desk, job.id)
    job = ask_for_groom(desk.metadata, pool.id, desk.clock.now(), desk.actor.name)
    text = f"a groom of the store {store} was asked for"
    desk.metadata.events.add(
        Event(new_id(), desk.clock.now(), "groom asked for", text, actor=desk.actor.name)
    )
    return jobs.show(desk, job.id)


def _pools(desk: Desk, store: str) -> list[Pool]:
    """Raises SettingsError where no store has that name, NotFound where nothing is in it."""
    desk.settings.store(store)
    found = list(desk.metadata.pools.all({"store": store}, sort=[("_id", 1)]))
    if not found:
        hint = "take a snapshot first: mmsconsole snapshot take NAME"
        raise NotFound("no snapshot has been stored there yet", where=store, hint=hint)
    return found


def _stats_of(desk: Desk, store: str) -> list[PoolStats]:
    return list(desk.metadata.store_stats.all({"store": store}, sort=[("_id", 1)]))


def _asked(desk: Desk, name: str) -> tuple[int | None, str]:
    """What is free, and why it does not answer: one question, without another try."""
    from mmsconsole.storage.open import open_url

    store = desk.settings.store(name)
    seconds = min(store.timeout_seconds, ASKING_SECONDS)
    try:
        impatient = store.model_copy(update={"tries": 1, "timeout_seconds": seconds})
        storage = open_url(impatient, memory=desk.memories(name))
        next(iter(storage.list(PROBES)), None)
        return storage.free_bytes(), ""
    except MmsError as found:
        return None, str(found)


def _store_view(desk: Desk, name: str, *, ask: bool) -> StoreView:
    free, error = _asked(desk, name) if ask else (None, "")
    deployments = list(desk.metadata.deployments.listed())
    found = _stats_of(desk, name)
    figures = [one.now for one in found]
    return StoreView(
        name=name,
        url=shown_url(desk.settings.store(name).url.get_secret_value()),
        free_bytes=free,
        deployments=tuple(one.name for one in deployments if one.store == name),
        copies=tuple(one.name for one in deployments if one.copy_to == name),
        stored_bytes=sum(one.stored_bytes for one in figures),
        dead_bytes=sum(one.dead_bytes for one in figures),
        error=error,
        copy_states=tuple(copy for one in deployments if (copy := _copy_in(desk, one, name))),
        looked_at=min((one.at for one in found), default=None),
    )


def _copy_in(desk: Desk, deployment: Deployment, store: str) -> CopyView | None:
    return copy_view(desk, deployment) if deployment.copy_to == store else None


def _pool_space(found: PoolStats, names: dict[str, str]) -> PoolSpace:
    raw = sum(one.raw_bytes for one in found.deployments)
    now, before = found.now, found.before
    return PoolSpace(
        pool=found.id,
        group=found.group,
        at=found.at,
        packs=now.packs,
        stored_bytes=now.stored_bytes,
        living_bytes=now.living_bytes,
        dead_bytes=now.dead_bytes,
        raw_bytes=raw,
        saved_bytes=raw - now.living_bytes,
        ratio=ratio(raw, now.living_bytes),
        deployments=tuple(_deployment_spaces(found.deployments, names)),
        groomed_at=found.groomed_at,
        stored_bytes_before=None if before is None else before.stored_bytes,
        dead_bytes_before=None if before is None else before.dead_bytes,
        orphans=found.orphans,
        orphan_bytes=found.orphan_bytes,
    )


def _deployment_spaces(
    found: Iterable[DeploymentFigures], names: dict[str, str]
) -> Iterable[DeploymentSpace]:
    for one in found:
        yield DeploymentSpace(
            deployment=names.get(one.deployment, one.deployment),
            snapshots=one.snapshots,
            raw_bytes=one.raw_bytes,
            stored_bytes=one.living_bytes,
            saved_bytes=one.raw_bytes - one.living_bytes,
            ratio=ratio(one.raw_bytes, one.living_bytes),
        )


def ratio(raw: int, stored: int) -> float:
    """Of nothing it is 1: nothing is saved, nothing is lost."""
    return round(raw / stored, 2) if stored else 1.0
