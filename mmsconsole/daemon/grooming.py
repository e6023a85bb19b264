"""Grooms of pools: when they are due, and what is told of them."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from mmsconsole.errors import Busy, ObjectCorrupt, Refused
from mmsconsole.metadata.asking import ask_for_groom, groom_resource
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.store_stats import PoolStats
from mmsconsole.recovery.strangers import strangers_in, strangers_in_words
from mmsconsole.stores.groom.figures import deployment_figures, pool_figures
from mmsconsole.stores.groom.grooming import Groomed, Grooming
from mmsconsole.stores.groom.grooming_plan import MB, Limits
from mmsconsole.stores.groom.sweeping import Sweeping, Swept
from mmsconsole.stores.groom.uses import KnownUses
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

SCHEDULE = "schedule"
WAITING_MINUTES = 30
"""After this it is gone on with what a running snapshot stood in the way of."""


def is_due(interval_hours: float, pool: Pool, last: Job | None, now: datetime) -> bool:
    """Whether the pool's next groom is to be asked for. Pure.

    `last` is the newest one that was asked for, whatever became of it: a failing one is not
    tried again at once. With a clock that ran backwards nothing is due until it has caught up.
    """
    if interval_hours <= 0 or (last is not None and not last.ended):
        return False
    since = max((at for at in (pool.groomed_at, last and last.created_at) if at), default=None)
    if since is None:
        return True
    waits = last is not None and last.result.get("waiting", 0) > 0
    gap = timedelta(minutes=WAITING_MINUTES) if waits else timedelta(hours=interval_hours)
    return now - since >= min(gap, timedelta(hours=interval_hours))


def queue_due_grooms(resources: Resources) -> None:
    metadata, now = resources.metadata, resources.clock.now()
    interval = resources.settings.tree.groom.interval_hours
    for pool in list(metadata.pools.all()):
        asked = {"resource": groom_resource(pool.id), "kind": JobKind.GROOM.value}
        last = metadata.jobs.one(asked, sort=[("created_at", -1)])
        if is_due(interval, pool, last, now):
            ask_for_groom(metadata, pool.id, now, SCHEDULE)


def check_all_known(resources: Resources, store: str) -> None:
    """Raises Refused where the metadata may not tell all that is needed: it is being made anew,
    or it is new, or the wrong one.
    """
    metadata = resources.metadata
    for job in metadata.jobs.open(kind=JobKind.STORE_REBUILD):
        raise Busy("the metadata is being made anew", where=store, hint=f"wait for job {job.id}")
    strangers = len(strangers_in(resources.storages.of(store), metadata))
    if strangers:
        what = "nothing is deleted from a store that holds more than is known here"
        raise Refused(what, where=store, hint=strangers_in_words(store, strangers))


class Grooms:
    """What the jobs of all pools share: what was read of manifests."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: dict[str, KnownUses] = {}

    def run(self, job: Job, task: Task) -> Mapping[str, object]:
        """Raises ObjectCorrupt when packs are damaged, and all the others are done."""
        resources, pool = self._resources, self._resources.metadata.pools.get(job.subject)
        storage = resources.storages.of(pool.store)
        check_all_known(resources, pool.store)
        known = self._known.setdefault(pool.id, KnownUses())
        settings = resources.settings.tree.groom
        # What somebody asks for is worth it.
        least = int(settings.dead_mb * MB) if job.created_by == SCHEDULE else 0
        limits = Limits(settings.living_percent, least)
        groomed = Grooming(storage, resources.metadata, pool, known).run(limits, task)
        swept = self._sweep(pool, groomed.after.reached, task)
        stats = self._noted(pool, groomed, swept)
        self._tell(pool, groomed, stats)
        if groomed.damaged:
            raise ObjectCorrupt("; ".join(groomed.damaged), where=f"pool {pool.id}")
        return result_of(groomed, stats, swept)

    def _sweep(self, pool: Pool, needed: Collection[str], task: Task) -> Swept:
        resources = self._resources
        storage = resources.storages.of(pool.store)
        if pool.store not in resources.settings.store_folders:
            storage.sweep()  # of a folder only while nobody writes: it is done at start
        sweeping = Sweeping(
            storage, resources.metadata, pool.store, resources.clock, resources.storages.of
        )
        return sweeping.run(resources.settings.tree.groom.orphan_hours, task, needed)

    def _noted(self, pool: Pool, groomed: Groomed, swept: Swept) -> PoolStats:
        metadata, now = self._resources.metadata, self._resources.clock.now()
        storage = self._resources.storages.of(pool.store)
        stats = PoolStats(
            id=pool.id, group=pool.group, store=pool.store, at=now,
            now=pool_figures(storage, groomed.after),
            deployments=deployment_figures(storage, groomed.after),
            before=pool_figures(storage, groomed.before), groomed_at=now,
            orphans=swept.orphans, orphan_bytes=swept.orphan_bytes,
        )  # fmt: skip
        metadata.pools.set(pool.id, groomed_at=now)
        return metadata.store_stats.put(stats)

    def _tell(self, pool: Pool, groomed: Groomed, stats: PoolStats) -> None:
        if groomed.damaged:
            text = f"blocks that snapshots need can not be read: {'; '.join(groomed.damaged)}"
            self._resources.event("objects damaged", text, severity=Severity.ERROR)
        if groomed.dropped:
            freed = (stats.before or stats.now).stored_bytes - stats.now.stored_bytes
            text = f"groomed {pool.id} in {pool.store}: {freed / MB:,.1f} MB are free again"
            self._resources.event("groom done", text)


def result_of(groomed: Groomed, stats: PoolStats, swept: Swept) -> dict[str, object]:
    before, now = stats.before or stats.now, stats.now
    return {
        "stored_bytes_before": before.stored_bytes,
        "dead_bytes_before": before.dead_bytes,
        "stored_bytes": now.stored_bytes,
        "dead_bytes": now.dead_bytes,
        "moved_bytes": groomed.moved_bytes,
        "packs_dropped": groomed.dropped,
        "waiting": groomed.waiting,
        "orphans_deleted": swept.deleted,
        "orphan_bytes_deleted": swept.deleted_bytes,
    }
