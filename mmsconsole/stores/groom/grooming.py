"""Groom: space comes back from blocks that no snapshot uses any more.

condemn   the packs that are worth it, then the epoch is raised: no cut that begins now refers to
          them
empty     what is needed of them is copied, and it is told where to (moving.py)
drop      a condemned pack goes when no cut runs that may have looked at it before, and a mark
          made after that finds nothing in it that lies nowhere else

It runs beside everything else. Broken off at any point, the next one goes on with what is
condemned. Manifests are never touched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmsconsole.metadata.blocks import UNTOLD, Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.moved import moved_key
from mmsconsole.stores.deleting import Deleting
from mmsconsole.stores.groom.grooming_plan import GroomPlan, Limits, PackUsage, plan
from mmsconsole.stores.groom.marking import Mark, Marking, deployments_of_others, usages
from mmsconsole.stores.groom.moving import Moving
from mmsconsole.stores.groom.uses import KnownUses
from mmsconsole.task import Task

ROUNDS = 2
"""A cut that stood in the way of the first may have ended meanwhile."""


@dataclass(frozen=True, slots=True)
class Look:
    plan: GroomPlan
    stored_bytes: int
    dead_bytes: int


@dataclass(frozen=True, slots=True)
class Groomed:
    before: Mark
    after: Mark
    moved_bytes: int
    dropped: int
    """Packs."""
    waiting: int
    """Packs that a running cut may refer to, or that are damaged: the next groom goes on."""
    damaged: tuple[str, ...]
    """Why packs can not be emptied: people must be told."""


class Grooming:
    """Of one pool; one at a time."""

    def __init__(
        self, storage: Storage, metadata: Metadata, pool: Pool, known: KnownUses | None = None
    ) -> None:
        """`known`: what an earlier one has read of manifests."""
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._marking = Marking(storage, metadata, pool, known or KnownUses())
        self._moving = Moving(storage, metadata, pool)
        self._deleting = Deleting(storage, metadata, pool.store)
        self._dropped = 0

    def look(self, limits: Limits, task: Task) -> Look:
        """What run() would do now. Raises as Marking.mark does."""
        making = self._attempts()
        mark = self._marking.mark(task)
        packs = list(usages(self._storage, mark))
        return Look(
            self._planned(mark, limits, making),
            stored_bytes=sum(pack.stored_bytes for pack in packs),
            dead_bytes=sum(pack.dead_bytes for pack in packs),
        )

    def run(self, limits: Limits, task: Task) -> Groomed:
        """Raises ObjectMissing or ObjectCorrupt where it can not be told what is needed, and
        has then deleted nothing; DiskFull, StorageError, MetadataError, Cancelled.
        """
        making = self._attempts()
        before = self._marking.mark(task)
        self._condemn(self._planned(before, limits, making).packs)
        self.go_on(task)
        after = self._marking.mark(task)
        self._forget(after)
        waiting = len(self._condemned())
        damaged = tuple(self._moving.damaged.values())
        return Groomed(before, after, self._moving.moved_bytes, self._dropped, waiting, damaged)

    def go_on(self, task: Task) -> None:
        """With what is condemned already: nothing else is. Raises as run() does."""
        for _ in range(ROUNDS):
            if condemned := self._condemned():
                self._empty_and_drop(condemned, task)

    def _planned(self, mark: Mark, limits: Limits, making: frozenset[str]) -> GroomPlan:
        """`making`: the attempts that ran when the mark was begun. Their packs are not yet in
        any manifest, and are about to be.
        """
        return plan(
            (usage for usage in usages(self._storage, mark)
             if not mark.packs[usage.id].condemned and mark.packs[usage.id].attempt not in making),
            limits,
        )  # fmt: skip

    def _condemn(self, packs: Sequence[PackUsage]) -> None:
        condemn(self._metadata, self._pool.id, [pack.id for pack in packs], self._condemned())

    def _condemned(self) -> list[Pack]:
        """Those that are still there."""
        query = {"pool": self._pool.id, "condemned": {"$gt": 0}, "dropped": {"$ne": True}}
        return list(self._metadata.packs.all(query))

    def _empty_and_drop(self, condemned: Sequence[Pack], task: Task) -> None:
        """Nothing can be added to what is needed of those that are free before the mark."""
        free = {pack.id for pack in self._free(condemned)}
        mark = self._marking.mark(task)
        dead = [pack for pack in condemned if pack.id not in mark.living]
        living = [pack for pack in condemned if pack.id in mark.living]
        for packs in (dead, living):  # the dead ones first: they make room
            self._moving.empty(packs, mark, task)
            emptied = (pack for pack in packs if pack.id not in self._moving.damaged)
            self._drop((pack for pack in emptied if pack.id in free), mark, task)

    def _free(self, condemned: Sequence[Pack]) -> list[Pack]:
        """Those that no running cut can have looked at before they were condemned."""
        epochs = [cut.epoch for cut in self._running() if not self._revoked(cut)]
        oldest = min(epochs, default=None)
        return [pack for pack in condemned if oldest is None or pack.condemned <= oldest]

    def _revoked(self, cut: Snapshot) -> bool:
        """Nobody works on it any more: its attempt is taken back, so that it can not complete."""
        if cut.id in self._worked_on():
            return False
        query = {"_id": cut.id, "state": SnapshotState.RUNNING.value, "attempt": cut.attempt}
        return self._metadata.snapshots.set_where(query, attempt="") is not None

    def _running(self) -> list[Snapshot]:
        others = deployments_of_others(self._metadata, self._pool)
        query = {"state": SnapshotState.RUNNING.value, "attempt": {"$nin": ["", None]}}
        found = self._metadata.snapshots.all(query)
        return [cut for cut in found if cut.deployment not in others]

    def _worked_on(self) -> set[str]:
        return {job.subject for job in self._metadata.jobs.open(kind=JobKind.SNAPSHOT)}

    def _attempts(self) -> frozenset[str]:
        worked_on = self._worked_on()
        return frozenset(cut.attempt for cut in self._running() if cut.id in worked_on)

    def _drop(self, packs: Iterable[Pack], mark: Mark, task: Task) -> None:
        """The record first: broken off in between, the object is an orphan, and nothing says that
        it is there. It stays, as dropped, where manifests lead through its list of moved blocks.
        """
        for pack in packs:
            task.check()
            if pack.id in mark.reached:
                self._metadata.packs.set(pack.id, dropped=True)
                self._deleting.delete(pack.key)
            else:
                self._forget_pack(pack)
            self._dropped += 1

    def _forget(self, mark: Mark) -> None:
        """Packs that are gone, and no manifest leads to any more."""
        for pack in mark.packs.values():
            if pack.dropped and pack.id not in mark.reached:
                self._forget_pack(pack)

    def _forget_pack(self, pack: Pack) -> None:
        self._metadata.packs.remove(pack.id)
        for key in (pack.key, moved_key(pack.key)):
            self._deleting.delete(key)


def condemn(
    metadata: Metadata, pool: str, ids: Sequence[str], condemned: Iterable[Pack] = ()
) -> None:
    """No cut that begins from now on refers to these packs.

    They are condemned before the epoch is raised, and only then told which one that is: so no cut
    of that epoch, or a later one, has seen them before, however long this takes. It is done for
    those too that are `condemned`, and at which somebody died in between.
    """
    metadata.packs.condemn(ids)
    untold = [pack.id for pack in condemned if pack.condemned == UNTOLD]
    if ids or untold:
        metadata.packs.tell_epoch([*ids, *untold], metadata.pools.bump(pool))
