"""Everything that writes to storage, as something that can be done, broken off and done again.

Each begins with a fresh deployment, so that one database serves all attempts. `check` holds at
any moment, also after a kill: what a record refers to is there, byte for byte.
"""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import bson

from mmsconsole.daemon.removing import remove_deployment
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.restore.restoring import Restoring
from mmsconsole.restore.target import WORK
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.groom.sweeping import Sweeping
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.placing import remove_head
from mmsconsole.task import Task
from tests.support import oplog_entries as made
from tests.support.clock import ManualClock
from tests.support.faulty_disk import Fault
from tests.support.history import History
from tests.support.keeping import Days, optime, time
from tests.support.snapshots import (
    LATER,
    completed,
    contents,
    deployment_record,
    files_below,
    half_random,
    snapshot_record,
    write_files,
)

ARRAY = array_of([bson.encode({"_id": number, "text": "a shop " * 20}) for number in range(20)])
OTHER = array_of([bson.encode({"_id": "other"})])
FILES = {"a.wt": half_random(1, 6000), "db/b.wt": half_random(2, 5000), "empty": b""}


def chunk_body(start: int, end: int) -> ChunkBody:
    entries = [made.noop(second) for second in range(start + 1, end + 1)]
    return ChunkBody(at(start), at(end), len(entries), [made.array(*entries)], None)


def at(seconds: int) -> Optime:
    return Optime(seconds, 1, 1)


class Operation:
    """One deployment, and what is done to it."""

    writes = True
    """Else it only takes away, and needs no room."""
    spared: tuple[Fault, ...] = ()
    """What would strike it where another fault does as well."""

    def __init__(self, resources: Resources, folder: Path, number: int) -> None:
        self.resources = resources
        self.metadata = resources.metadata
        self.storage = resources.storage
        self.id = f"d{number}"
        self.head = f"h{number}"
        self.folder = folder / str(number)
        self.folder.mkdir(parents=True)
        record = replace(deployment_record(self.id), name=self.id, group=f"g{number}")
        self.metadata.deployments.add(record)
        self.prepare()

    def prepare(self) -> None:
        """What was there before."""

    def run(self) -> None:
        """What is broken off; called again, it goes on or begins anew."""
        raise NotImplementedError

    def check(self) -> None:
        raise NotImplementedError

    def check_done(self) -> None:
        """After a run that came to its end."""
        self.check()

    def keys(self, folder: str) -> list[str]:
        return [stored.key for stored in self.storage.list(folder)]


# -- slices


class SliceStored(Operation):
    array = ARRAY

    def prepare(self) -> None:
        empty = bson.encode({})
        self.collection = SyncCollection(
            id=f"c{self.id}", head=self.head, ns="shop.orders", uuid=b"0123456789abcdef",
            kind="collection", options=empty, id_index=empty, indexes=(),
        )  # fmt: skip

    def put(self, sequence: int, array: bytes) -> None:
        self.resources.sync_store.put(self.head, self.collection, sequence, array)

    def run(self) -> None:
        self.put(0, self.array)

    def arrays(self) -> list[bytes]:
        slices = self.metadata.slices.of(self.head)
        return [self.resources.sync_store.get(one) for one in slices]

    def check(self) -> None:
        assert self.arrays() in ([], [self.array])

    def check_done(self) -> None:
        assert self.arrays() == [self.array]


class SliceReplaced(SliceStored):
    array = OTHER

    def prepare(self) -> None:
        super().prepare()
        self.put(0, ARRAY)

    def check(self) -> None:
        assert self.arrays() in ([], [ARRAY], [OTHER])


class SlicesDropped(SliceStored):
    writes = False

    def prepare(self) -> None:
        super().prepare()
        for sequence in range(3):
            self.put(sequence, ARRAY)

    def run(self) -> None:
        self.resources.sync_store.drop_collection(self.head, self.collection.id, Task())
        self.resources.sync_store.drop(self.head, Task())

    def check(self) -> None:
        assert set(self.arrays()) <= {ARRAY}

    def check_done(self) -> None:
        assert self.arrays() == []
        assert self.keys(f"slices/{self.head}") == []


# -- chunks


class ChunkStored(Operation):
    before = chunk_body(10, 12)
    body = chunk_body(12, 15)

    def prepare(self) -> None:
        self.resources.oplog_store.put(self.id, self.before)

    def run(self) -> None:
        self.resources.oplog_store.put(self.id, self.body)

    def arrays(self) -> list[bytes]:
        stored = self.resources.oplog_store.entries(self.id, at(10))
        return [arrays for _, arrays in stored]

    def check(self) -> None:
        first, second = bytes(self.before.arrays[0]), bytes(self.body.arrays[0])
        assert self.arrays() in ([first], [first, second])

    def check_done(self) -> None:
        self.check()
        assert len(self.arrays()) == 2


class OplogCutBack(ChunkStored):
    """To the middle of the first of three chunks."""

    common = at(13)

    def prepare(self) -> None:
        for start, end in ((10, 15), (15, 16), (16, 18)):
            self.resources.oplog_store.put(self.id, chunk_body(start, end))

    def run(self) -> None:
        self.resources.oplog_store.cut_back(self.id, self.common)

    def check(self) -> None:
        window = self.resources.oplog_store.window(self.id)
        assert window is not None
        assert window.start == at(10)
        assert window.end >= self.common
        whole = bytes(chunk_body(10, window.end.t).arrays[0])
        assert entries_in(b"".join(self.arrays())) == entries_in(whole)

    def check_done(self) -> None:
        assert self.arrays() == [bytes(chunk_body(10, 13).arrays[0])]
        assert len(self.keys(f"oplog/{self.id}")) == 1


class OplogDropped(ChunkStored):
    writes = False

    def run(self) -> None:
        self.resources.oplog_store.drop(self.id, Task())

    def check(self) -> None:
        assert self.arrays() in ([], [bytes(self.before.arrays[0])])

    def check_done(self) -> None:
        assert self.arrays() == []
        assert self.keys(f"oplog/{self.id}") == []


def entries_in(arrays: bytes) -> list[dict[str, object]]:
    found = []
    while arrays:
        length = int.from_bytes(arrays[:4], "little")
        found += bson.decode(arrays[:length]).values()
        arrays = arrays[length:]
    return found


# -- snapshots


def blocks_of(resources: Resources, id_: str) -> Blockstore:
    """Each operation has a group of its own."""
    return resources.blockstore(replace(deployment_record(), group=f"g{id_[1:]}"))


class SnapshotCut(Operation):
    checked = 0

    def prepare(self) -> None:
        self.blocks = blocks_of(self.resources, self.id)
        self.root = write_files(self.folder / "head", FILES)
        self.snapshot = self.metadata.snapshots.add(
            snapshot_record(f"s{self.id}", deployment=self.id)
        )

    def run(self) -> None:
        files = files_below(self.root)
        cut = self.blocks.cut(self.snapshot, self.root, files, None, Task())
        done = completed(self.snapshot, cut)
        self.blocks.check_complete(done, Task())
        self.metadata.snapshots.set(
            done.id, state=done.state, manifest_key=done.manifest_key,
            manifest_sha256=done.manifest_sha256, manifest_bytes=done.manifest_bytes,
            bytes=done.bytes,
        )  # fmt: skip

    def check(self) -> None:
        for snapshot in self.complete():
            self.checked += 1
            target = self.folder / f"checked{self.checked}"
            self.blocks.materialise(snapshot, target, Task())
            assert contents(target) == FILES

    def complete(self) -> list[Snapshot]:
        return list(self.metadata.snapshots.complete(self.id))

    def check_done(self) -> None:
        assert len(self.complete()) == 1
        self.check()


class SnapshotForgotten(SnapshotCut):
    writes = False

    def prepare(self) -> None:
        super().prepare()
        super().run()

    def run(self) -> None:
        self.blocks.forget(self.snapshot)

    def check_done(self) -> None:
        assert self.complete() == []
        assert self.keys(f"manifests/{self.id}") == []


class SnapshotExpired(SnapshotCut):
    """By the policy, beside one that stays; the oplog goes as far as that allows."""

    writes = False

    def prepare(self) -> None:
        self.days = Days(self.resources, self.id)
        self.days.passes(2, step=1)
        for hour in (0, 1):
            self.days.snapshot(hour)
        self.metadata.snapshots.set(self.days.name(0), expires_at=time(1))
        self.metadata.policies.change(self.id, {"oplog_hours": 1}, time(0), "ada")

    def run(self) -> None:
        self.days.tick()

    def check(self) -> None:
        """What has a record has its objects; and the window reaches from its snapshot on."""
        assert set(self.days.hours()) <= set(self.days.manifests())
        stored = {chunk.key for chunk in self.metadata.chunks.all({"deployment": self.id})}
        assert stored <= set(self.days.chunk_keys())
        assert self.days.oplog_begins() <= 1
        (stretch,) = self.metadata.chunks.stretches(self.id)
        assert stretch[1] == optime(2)

    def check_done(self) -> None:
        self.check()
        assert self.days.hours() == [1] == self.days.manifests()
        assert self.days.oplog_begins() == 1
        assert len(self.days.chunk_keys()) == 1
        assert len(self.days.told()) == 1
        assert list(self.metadata.deletions.all()) == []
        self.metadata.deployments.set(self.id, removed=True)  # no later tick looks at it


class PoolGroomed(Operation):
    """A pack without a living block, and one with some; a pack of pages that goes, and one that
    stays: one snapshot does.
    """

    writes = False  # a full disk is met in SnapshotCut, which fills packs in the same way
    spared = (Fault.IO_ERROR,)  # a kill comes at the same changes, and nobody tidies up after it
    files: ClassVar = {name: half_random(number, 900) for number, name in enumerate("abcdefgh")}

    def prepare(self) -> None:
        folder = self.folder / "history"
        folder.mkdir()
        self.history = History(self.storage, self.metadata, folder, f"g{self.id}")
        first = self.history.take(f"x{self.id}", self.files)
        assert len(self.keys("packs/" + self.history.pool.group)) == 2 + 1
        self.history.take(f"y{self.id}", {name: self.files[name] for name in "ac"}, first)
        self.history.forget(f"x{self.id}")

    def run(self) -> None:
        self.history.groom()

    def check(self) -> None:
        self.history.check()

    def check_done(self) -> None:
        """What a crash has left behind without a record goes a day later."""
        kept = list(self.metadata.packs.all({"pool": self.history.pool.id, "dropped": False}))
        keys = sorted(pack.key for pack in kept)
        if self.packs() != keys:
            clock, homes = ManualClock(LATER), Storages.one(self.storage).of
            for _ in range(2):
                Sweeping(self.storage, self.metadata, "default", clock, homes).run(24, Task())
                clock.advance(24 * 3600)
        self.check()
        assert (self.packs(), sorted(pack.blocks for pack in kept)) == (keys, [1, 2])

    def packs(self) -> list[str]:
        return [key for key in self.keys(f"packs/{self.history.pool.group}") if ".pack" in key]


class Restored(SnapshotCut):
    """Into a folder that is not there yet; all attempts from the snapshot of the first."""

    cut: ClassVar[dict[Path, Snapshot]] = {}

    def prepare(self) -> None:
        work = self.folder.parent
        if work not in self.cut:
            super().prepare()
            super().run()
            self.cut[work] = self.snapshot
        self.snapshot = self.cut[work]
        self.target = self.folder / "out/restored"
        self.restore = self.metadata.restores.add(
            Restore(
                f"r{self.id}", self.id, self.snapshot.id, str(self.target),
                self.resources.clock.now(),
            )
        )  # fmt: skip

    def run(self) -> None:
        record = self.metadata.restores.get(self.restore.id)
        Restoring(self.resources, record).run(Task())

    def check(self) -> None:
        """It is whole, or there is nothing that could be taken for a restore."""
        state = self.metadata.restores.get(self.restore.id).state
        if state is RestoreState.DONE or not (self.target / WORK).exists():
            assert contents_but_work(self.target) in ({}, FILES)

    def check_done(self) -> None:
        assert self.metadata.restores.get(self.restore.id).state is RestoreState.DONE
        assert contents(self.target) == FILES


def contents_but_work(target: Path) -> dict[str, bytes]:
    found = contents(target)
    return {path: data for path, data in found.items() if not path.startswith(WORK)}


# -- the end of a head, and of a deployment


class HeadRemoved(SlicesDropped):
    def prepare(self) -> None:
        super().prepare()
        self.path = write_files(self.folder / "head", FILES)
        self.metadata.heads.add(
            Head(self.head, self.id, str(self.path), "6.0.5", "6.0", self.resources.clock.now())
        )

    def run(self) -> None:
        head = self.metadata.heads.find(self.head)
        if head is not None:
            remove_head(self.resources, head, Task())

    def check(self) -> None:
        """What is left of it has a record, by which it is found again."""
        super().check()
        if self.path.exists() or self.keys(f"slices/{self.head}"):
            assert self.metadata.heads.find(self.head) is not None

    def check_done(self) -> None:
        super().check_done()
        assert not self.path.exists()


class DeploymentRemoved(HeadRemoved):
    def prepare(self) -> None:
        super().prepare()
        self.resources.oplog_store.put(self.id, chunk_body(10, 12))
        blocks = blocks_of(self.resources, self.id)
        snapshot = snapshot_record(f"s{self.id}", deployment=self.id)
        done = completed(
            snapshot, blocks.cut(snapshot, self.path, files_below(self.path), None, Task())
        )
        self.metadata.snapshots.add(done)

    def run(self) -> None:
        remove_deployment(self.resources, self.id, Task())

    def check(self) -> None:
        """Until everything is gone there is a record to go on by."""
        super().check()
        if any(map(self.keys, (f"slices/{self.head}", f"oplog/{self.id}", f"manifests/{self.id}"))):
            assert self.metadata.deployments.find(self.id) is not None

    def check_done(self) -> None:
        super().check_done()
        assert self.metadata.deployments.find(self.id) is None
        assert self.keys(f"oplog/{self.id}") + self.keys(f"manifests/{self.id}") == []


OPERATIONS: list[type[Operation]] = [
    SliceStored, SliceReplaced, SlicesDropped, ChunkStored, OplogCutBack, OplogDropped,
    SnapshotCut, SnapshotForgotten, SnapshotExpired, PoolGroomed, Restored, HeadRemoved,
    DeploymentRemoved,
]  # fmt: skip
