"""What must hold of a store with history at any time, whoever was killed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from mmsconsole.metadata.jobs import Job, JobState
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.operations.check_views import CheckView
from mmsconsole.operations.views import Window
from mmsconsole.settings import DEFAULT_STORE
from mmsconsole.storage.open import open_storage
from mmsconsole.stores.groom.grooming import Grooming, Look
from mmsconsole.stores.groom.grooming_plan import Limits
from mmsconsole.task import Task
from tests.support.product import Product, gaps_between

TRIES = 8
"""Retention, or a snapshot that ends, may change between two looks what is right."""
BAD_NEWS = frozenset({
    "objects damaged", "files damaged", "verification bad", "store damaged", "head suspect",
})  # fmt: skip
"""Kinds of events that no kill may lead to."""


class HistoryRules:
    """Each method asserts one, or brings about what it says."""

    def __init__(self, product: Product, orphan_hours: float) -> None:
        self._product = product
        self._storage = open_storage(product.settings)
        self._margin = timedelta(hours=orphan_hours)

    # -- snapshots

    def complete(self) -> list[Snapshot]:
        """By optime, oldest first."""
        product = self._product
        deployment = product.deployment.id
        return product.ask(lambda: list(product.metadata.snapshots.complete(deployment)))

    def nothing_stays_half_deleted(self) -> None:
        product = self._product
        deployment = product.deployment.id

        def look() -> bool | None:
            marked = list(product.metadata.snapshots.deleting(deployment))
            return None if marked else True

        product.wait("a snapshot is being deleted for ever", look)

    def are_there(self, wanted: Iterable[str]) -> None:
        lost = set(wanted) - {one.id for one in self.complete()}
        assert not lost, f"snapshots that had to stay are gone: {sorted(lost)}"

    # -- stored oplog

    def windows_are_whole(self) -> None:
        """The oplog that each window is told to have is there."""
        torn: list[str] = []
        for _ in range(TRIES):
            complete = self.complete()
            torn = [
                said
                for window in self._product.status.windows
                if (said := self._torn(window, complete))
            ]
            if not torn:
                return
        raise AssertionError("; ".join(torn))

    def _torn(self, window: Window, complete: list[Snapshot]) -> str:
        product = self._product
        deployment = product.deployment.id
        base = next((one for one in complete if one.optime == window.start), None)
        if base is None or base.replay_start is None:
            return f"no snapshot at the start of {window}"
        begin = base.replay_start
        spans = product.ask(lambda: list(product.metadata.chunks.spans(deployment, begin)))
        if window.end == window.start:
            return ""
        if not spans or spans[0][0] > begin or spans[-1][1] < window.end:
            return f"{window} is not reached by what is stored: {spans[:1]} to {spans[-1:]}"
        gaps = gaps_between(spans)
        return f"gaps in {window}: {gaps}" if gaps else ""

    # -- the store

    def groomed(self) -> None:
        """A groom brings the store to what a fresh mark needs: no pack is dead, none is worth to
        be rewritten, none waits; and what was an orphan for long enough is gone.
        """
        left: Look | None = None
        for _ in range(TRIES):
            began = self._product.stage.clock.now()
            asked = self._product.ask(self._product.operations.start_groom)
            job = self.wait_for_job(asked.id)
            left = self._look()
            if not left.plan.packs and not job.result["waiting"]:
                self._no_orphan_is_older_than(began - self._margin)
                return
        raise AssertionError(f"a groom leaves {left}")

    def _look(self) -> Look:
        tree = self._product.settings.tree.groom
        grooming = Grooming(self._storage, self._product.metadata, self._pool())
        return self._product.ask(lambda: grooming.look(Limits(tree.living_percent, 0), Task()))

    def _pool(self) -> Pool:
        deployment = self._product.deployment
        pools = self._product.metadata.pools
        return self._product.ask(lambda: pools.ensure(deployment.group, deployment.store))

    def _no_orphan_is_older_than(self, at: datetime) -> None:
        orphans = self._product.metadata.orphans
        old = self._product.ask(lambda: list(orphans.seen_by(DEFAULT_STORE, at, 100)))
        assert not old, f"orphans stay: {[one.key for one in old]}"

    def checked(self) -> None:
        """Every object is there, and has the bytes that it had."""
        self.is_well(self._product.ask(lambda: self._product.operations.start_check(share=1.0)))

    def is_well(self, asked: CheckView) -> None:
        jobs = self._product.metadata.jobs
        job = self._product.ask(lambda: jobs.one({"subject": asked.id}))
        self.wait_for_job(job.id)
        found = self._product.ask(lambda: self._product.operations.check(asked.id))
        assert found.good, f"the check found {found.findings}"
        assert found.objects > 0

    # -- what was told

    def no_bad_news(self) -> None:
        product = self._product
        events = product.ask(lambda: list(product.metadata.events.recent(limit=10_000)))
        told = [f"{one.kind}: {one.text}" for one in events if one.kind in BAD_NEWS]
        assert not told, told

    def wait_for_job(self, id_: str) -> Job:
        """As it ends, which must be well."""

        def look() -> Job | None:
            job = self._product.metadata.jobs.get(id_)
            return job if job.ended else None

        ended = self._product.wait(f"job {id_} did not end", look)
        assert ended.state is JobState.DONE, f"the {ended.kind} job {ended.state}: {ended.error}"
        return ended
