"""Snapshots of a folder that changes, and what each must hold for as long as it is there."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.errors import LeaseLost
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks import packs
from mmsconsole.stores.blocks.blockstore import Blockstore, Cut
from mmsconsole.stores.blocks.manifest_reader import read_uses
from mmsconsole.stores.groom.grooming import Groomed, Grooming
from mmsconsole.stores.groom.grooming_plan import Limits
from mmsconsole.task import Task
from tests.support.snapshots import (
    contents,
    deployment_record,
    files_below,
    half_random,
    snapshot_record,
    write_files,
)

EVERYTHING = Limits(living_percent=100, dead_bytes=0)
"""Whatever is dead comes back."""
BLOCK_BYTES = 64 << 10


@pytest.fixture
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four blocks."""
    monkeypatch.setattr(packs, "PACK_BYTES", 4 * BLOCK_BYTES // 2)


def blocks(*seeds: int) -> bytes:
    return b"".join(half_random(seed, BLOCK_BYTES) for seed in seeds)


class History:
    """One deployment, in a pool of its group."""

    def __init__(
        self, storage: Storage, metadata: Metadata, folder: Path, group: str = "default"
    ) -> None:
        self.storage = storage
        self.metadata = metadata
        self.id = f"d-{group}"
        self.root = folder / self.id
        self.expected: dict[str, dict[str, bytes]] = {}
        self._folder = folder
        self._made = 0
        record = deployment_record(self.id)
        metadata.deployments.add(
            replace(record, group=group, name=self.id, block_bytes=BLOCK_BYTES)
        )
        self.pool = metadata.pools.ensure(group, "default")
        self.blockstore = Blockstore(storage, metadata, self.pool, threads=1)

    @property
    def deployment(self) -> Deployment:
        return self.metadata.deployments.get(self.id)

    def take(
        self, id_: str, files: Mapping[str, bytes], previous: Snapshot | None = None,
        blockstore: Blockstore | None = None, head: str = "h1",
    ) -> Snapshot:  # fmt: skip
        """A complete snapshot of a folder with these files alone. Raises LeaseLost."""
        snapshot = self.begin(id_, files, head)
        return self.finish(snapshot, previous, blockstore)

    def begin(self, id_: str, files: Mapping[str, bytes], head: str = "h1") -> Snapshot:
        """Its record, as an attempt writes it before it looks for anything."""
        self._made += 1
        write_files(self._root(id_), files)
        self.metadata.snapshots.add(snapshot_record(id_, deployment=self.id, head=head))
        return self.metadata.snapshots.set(
            id_, attempt=f"a{self._made}", epoch=self.metadata.pools.epoch(self.pool.id)
        )

    def finish(
        self, snapshot: Snapshot, previous: Snapshot | None = None,
        blockstore: Blockstore | None = None,
    ) -> Snapshot:  # fmt: skip
        return self.complete(snapshot, self.made(snapshot, previous, blockstore))

    def made(
        self, snapshot: Snapshot, previous: Snapshot | None = None,
        blockstore: Blockstore | None = None,
    ) -> Cut:  # fmt: skip
        """Everything is stored, but the record does not tell of it."""
        root = self._root(snapshot.id)
        store = blockstore or self.blockstore
        return store.cut(snapshot, root, files_below(root), previous, Task())

    def complete(self, snapshot: Snapshot, made: Cut) -> Snapshot:
        done = self.metadata.snapshots.set_where(
            {"_id": snapshot.id, "state": "running", "attempt": snapshot.attempt},
            state=SnapshotState.COMPLETE, manifest_key=made.manifest_key,
            manifest_sha256=made.manifest_sha256, manifest_bytes=made.manifest_bytes,
            bytes=made.bytes,
        )  # fmt: skip
        if done is None:
            raise LeaseLost("called off", where=snapshot.id)
        self.expected[snapshot.id] = contents(self._root(snapshot.id))
        return done

    def forget(self, id_: str) -> None:
        self.blockstore.forget(self.metadata.snapshots.get(id_))
        self.expected.pop(id_, None)

    def groom(
        self, limits: Limits = EVERYTHING, storage: Storage | None = None, task: Task | None = None
    ) -> Groomed:
        pool = self.metadata.pools.get(self.pool.id)
        grooming = Grooming(storage or self.storage, self.metadata, pool)
        return grooming.run(limits, task or Task())

    def used(self, snapshot: str) -> dict[str, int]:
        """By pack: which blocks its manifest names."""
        key = self.metadata.snapshots.get(snapshot).manifest_key
        return read_uses(self.storage, key).by_id()

    def check(self) -> None:
        """Every complete snapshot can be made again, byte for byte."""
        complete = {one.id: one for one in self.metadata.snapshots.complete(self.id)}
        assert set(complete) == set(self.expected)
        for id_, snapshot in complete.items():
            self._made += 1
            target = self._folder / f"made-{self.id}-{self._made}"
            self.blockstore.materialise(snapshot, target, Task())
            assert contents(target) == self.expected[id_], id_
            self.blockstore.check_complete(snapshot, Task())

    def stored_bytes(self) -> int:
        """Of everything below packs/."""
        return sum(stored.bytes for stored in self.storage.list(f"packs/{self.pool.group}"))

    def packs(self) -> list[str]:
        """Keys of the packs that are there."""
        found = self.storage.list(f"packs/{self.pool.group}")
        return [stored.key for stored in found if stored.key.endswith(".pack")]

    def packs_bytes(self) -> int:
        return sum(self.storage.size(key) for key in self.packs())

    def _root(self, id_: str) -> Path:
        return self._folder / f"root-{self.id}-{id_}"
