"""What a daemon does with a history, in order: each step is tried, as its job would be."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from mmsconsole.daemon.checking import StoreChecks
from mmsconsole.daemon.copying import CopyKeeper
from mmsconsole.daemon.grooming import Grooms
from mmsconsole.daemon.retention import Retention
from mmsconsole.errors import MmsError
from mmsconsole.metadata.asking import ask_for_check, ask_for_groom
from mmsconsole.metadata.in_use import mark_for_deletion
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.faults.operations import at, chunk_body
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.history import History
from tests.support.snapshots import LATER, contents, half_random, manifest_of

FIRST, SECOND = "default", "far"
OLD, NEW = "old", "new"
FILES = {name: half_random(number, 900) for number, name in enumerate("abcdefgh")}
LEFT = {**{name: FILES[name] for name in "ac"}, "new": half_random(99, 900)}
"""What the new snapshot holds: packs of the old one are dead, and half dead."""
DAY = timedelta(days=1).total_seconds()


class Round:
    """A snapshot is taken, an older one goes, the store is groomed, copied and checked."""

    def __init__(self, resources: Resources, folder: Path) -> None:
        self.stores = {name: FaultyStorage(LocalStorage(folder / name)) for name in (FIRST, SECOND)}
        storages = Storages([FIRST, SECOND], self.stores.__getitem__)
        self.clock = ManualClock(LATER)
        self.resources = replace(resources, storages=storages, clock=self.clock)
        self.metadata = resources.metadata
        self._folder = folder
        self._keeper = CopyKeeper(self.resources)
        self._grooms = Grooms(self.resources)
        self._attempts = self._made = 0
        self.history = History(self.stores[FIRST], self.metadata, self._below("history"))
        self.metadata.deployments.set(self.history.id, copy_to=SECOND)
        self.old = self.history.take(OLD, FILES)
        self._put(10, 12)
        self._copy()
        for store in self.stores.values():
            store.heal()

    def run(self) -> list[str]:
        """The steps that failed: nobody mends anything in between."""
        steps = (self._store, self._take, self._expire, self._groom, self._copy, self._check)
        return [step.__name__ for step in steps if not _done(step)]

    def days_pass(self) -> None:
        """An orphan goes a day after it was seen, and a day later from the copy."""
        assert self.run() == []
        for _ in range(3):
            self.clock.advance(DAY + 3600)
            for step in (self._expire, self._groom, self._copy):
                step()

    # -- steps; each may be taken again

    def _store(self) -> None:
        if self.resources.oplog_store.window(self.history.id).end == at(12):  # type: ignore[union-attr]
            self._put(12, 15)

    def _put(self, start: int, end: int) -> None:
        self.resources.oplog_store.put(self.history.id, chunk_body(start, end))

    def _take(self) -> None:
        if NEW not in {id_.partition("-")[0] for id_ in self.history.expected}:
            self._attempts += 1
            old = self.metadata.snapshots.find(OLD)
            self.history.take(f"{NEW}-{self._attempts}", LEFT, old)

    def _expire(self) -> None:
        """Only when there is a newer one."""
        if len(self.history.expected) > 1 and self.metadata.snapshots.find(OLD) is not None:
            mark_for_deletion(self.metadata, OLD, "it is old")
            self.history.expected.pop(OLD)
        Retention(self.resources).tick()

    def _groom(self) -> None:
        pool, now = self.history.pool, self.clock.now()
        self._grooms.run(ask_for_groom(self.metadata, pool.id, now, "ada"), Task())

    def _copy(self) -> None:
        self._keeper.round(Task())

    def _check(self) -> None:
        job = ask_for_check(self.metadata, FIRST, 1.0, self.clock.now(), "ada")
        StoreChecks(self.resources).run(job, Task())

    # -- what must hold

    def check(self) -> None:
        """At any time: snapshots are whole, in the copy too, and no check has found anything."""
        self.history.check()
        self._check_copy()
        found = [check.findings for check in self.metadata.checks.all() if check.found]
        assert not found, found
        assert self._window() >= at(12)

    def _check_copy(self) -> None:
        """Whatever has a manifest there can be restored from there alone."""
        copy = Blockstore(self.stores[SECOND], self.metadata, self.history.pool, threads=1)
        for snapshot in self.metadata.snapshots.complete(self.history.id):
            if snapshot.manifest_key in self.keys(SECOND):
                assert self._restored(copy, snapshot) == self.history.expected[snapshot.id]

    def _restored(self, blockstore: Blockstore, snapshot: Snapshot) -> dict[str, bytes]:
        self._made += 1
        target = self._folder / f"copied{self._made}"
        blockstore.materialise(snapshot, target, Task())
        return contents(target)

    def check_done(self) -> None:
        """The store has what records refer to, and the copy the same."""
        self.check()
        (complete,) = self.metadata.snapshots.complete(self.history.id)
        assert complete.id.startswith(NEW)
        kept = list(self.metadata.packs.all({"dropped": False}))
        pages = {page.hash for page in manifest_of(self.stores[FIRST], complete).pages}
        assert sum(pack.blocks for pack in kept) == len(LEFT) + len(pages)
        chunks = {chunk.key for chunk in self.metadata.chunks.all()}
        there = {key for key in self.keys(FIRST) if not key.endswith(".moved")}
        assert there == {complete.manifest_key, *(pack.key for pack in kept), *chunks}
        assert self._window() == at(15)
        extra = self.keys(SECOND) ^ self.keys(FIRST)
        assert not extra, extra
        assert list(self.metadata.deletions.all()) == []

    def _window(self) -> Optime:
        window = self.resources.oplog_store.window(self.history.id)
        assert window is not None
        return window.end

    def keys(self, store: str) -> set[str]:
        return {stored.key for stored in self.stores[store].list("")}

    def _below(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True)
        return folder


def _done(step: Callable[[], None]) -> bool:
    with suppress(MmsError):
        step()
        return True
    return False
