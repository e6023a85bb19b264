"""Checks of stores: when they are due, what they note, and what is told of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from mmsconsole.metadata.asking import ask_for_check, check_resource
from mmsconsole.metadata.checks import FINDINGS_MAX, CheckFinding, StoreCheck, doubted_key
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.stores.check.checking import Checking, Part
from mmsconsole.stores.check.needed_blocks import hurt_snapshots
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

SCHEDULE = "schedule"
KEPT = 30
"""Checks of one store."""
NAMED_MAX = 3


def is_due(interval_hours: float, last: StoreCheck | None, now: datetime) -> bool:
    """Whether the store's next check is to be asked for. Pure.

    `last` is the newest one that was asked for, whatever became of it. With a clock that ran
    backwards nothing is due until it has caught up.
    """
    if interval_hours <= 0:
        return False
    return last is None or now - last.asked_at >= timedelta(hours=interval_hours)


def queue_due_checks(resources: Resources) -> None:
    """Of every store that has anything in it, or a copy."""
    metadata, settings = resources.metadata, resources.settings.tree.check
    now = resources.clock.now()
    waiting = {job.resource for job in metadata.jobs.open(kind=JobKind.CHECK)}
    copies = {one.copy_to for one in metadata.deployments.listed() if one.copy_to}
    for store in {pool.store for pool in metadata.pools.all()} | copies:
        last = metadata.checks.one({"store": store}, sort=[("asked_at", -1)])
        if check_resource(store) not in waiting and is_due(settings.interval_hours, last, now):
            ask_for_check(metadata, store, settings.read_percent / 100, now, SCHEDULE)


class StoreChecks:
    """For the jobs of that kind."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._metadata = resources.metadata

    def run(self, job: Job, task: Task) -> Mapping[str, object]:
        """Its result is in the check's record; a store that is not well is no failure of the
        job. Raises StorageError where the store does not answer.
        """
        check = self._metadata.checks.set(job.subject, started_at=self._resources.clock.now())
        storage = self._resources.storages.of(check.store)
        last = self._metadata.checks.last_finished(check.store)
        checking = Checking(
            storage, self._metadata, check.store, Part(check.begins_at, check.share),
            since=last.started_at if last else None,
        )  # fmt: skip
        found = self._with_hurt(check.store, list(checking.run(task)), task)
        self._cast_doubt(found)
        if check.share >= 1.0:
            self._clear_doubt(check.store, found)
        done = self._metadata.checks.set(
            check.id, finished_at=self._resources.clock.now(), objects=checking.objects,
            bytes_read=checking.bytes_read, found=len(found), findings=tuple(found[:FINDINGS_MAX]),
        )  # fmt: skip
        self._metadata.checks.forget(check.store, KEPT)
        self._tell(done)
        return {"objects": done.objects, "bytes_read": done.bytes_read, "found": done.found}

    def _with_hurt(self, store: str, found: list[CheckFinding], task: Task) -> list[CheckFinding]:
        """Findings of packs are given the snapshots that need them."""
        by_key = {one.key: _pack_of(one.key) for one in found}
        packs = self._metadata.packs.found([id_ for id_ in by_key.values() if id_])
        hurt: dict[str, tuple[str, ...]] = {}
        for pool in self._metadata.pools.all({"store": store}):
            bad = [pack for pack in packs.values() if pack.pool == pool.id]
            if bad:
                storage = self._resources.storages.of(store)
                hurt |= hurt_snapshots(storage, self._metadata, pool, bad, task)
        return [
            replace(one, snapshots=hurt[id_]) if (id_ := by_key[one.key]) in hurt else one
            for one in found
        ]

    def _cast_doubt(self, found: Iterable[CheckFinding]) -> None:
        for one in found:
            for id_ in one.snapshots:
                free = {"_id": id_, "doubt": {"$in": [None, ""]}}
                self._metadata.snapshots.set_where(free, doubt=one.doubt)

    def _clear_doubt(self, store: str, found: Iterable[CheckFinding]) -> None:
        """Every byte was read: what an earlier check had found is well again."""
        clear_doubt(self._metadata, store, {id_ for one in found for id_ in one.snapshots})

    def _tell(self, check: StoreCheck) -> None:
        if check.good:
            share = f", {check.share:.0%} of them read whole" if check.share else ""
            text = f"the store {check.store} is well: {check.objects} objects are there{share}"
            self._resources.event("store checked", text)
            return
        named = "; ".join(f"{one.key} is {one.fault}" for one in check.findings[:NAMED_MAX])
        text = f"the store {check.store} is damaged, {check.found} objects: {named}"
        self._resources.event("store damaged", text, severity=Severity.ERROR)


def _pack_of(key: str) -> str:
    """The id in the key of a pack or of its list of moved blocks; empty for other objects."""
    folder, _, name = key.rpartition("/")
    return name.partition(".")[0] if folder.startswith("packs/") else ""


def clear_doubt(metadata: Metadata, store: str, hurt: Collection[str]) -> list[str]:
    """That of checks, from all snapshots in a store but those that are hurt; returns their ids."""
    cleared = []
    for deployment in list(metadata.deployments.all({"store": store})):
        for snapshot in list(metadata.snapshots.of(deployment.id)):
            if snapshot.id not in hurt and doubted_key(snapshot.doubt):
                seen = {"_id": snapshot.id, "doubt": snapshot.doubt}
                if metadata.snapshots.set_where(seen, doubt="") is not None:
                    cleared.append(snapshot.id)
    return cleared
