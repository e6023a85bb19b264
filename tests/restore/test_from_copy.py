"""A store that is damaged, or lost: repaired from head and source, restored from the copy."""

import random
from dataclasses import dataclass

import pytest

from mmsconsole.daemon.checking import StoreChecks
from mmsconsole.daemon.copying import CopyKeeper
from mmsconsole.daemon.repairing import StoreRepairs
from mmsconsole.metadata.asking import ask_for_check, ask_for_repair
from mmsconsole.metadata.jobs import JobState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.fingerprint import Fingerprint, differences
from mmsconsole.optime import Optime
from mmsconsole.restore.restoring import Restoring
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.manifest_reader import PlacedBlock
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.backups import Bench
from tests.support.damaged import flip
from tests.support.snapshots import manifest_of

pytestmark = pytest.mark.xdist_group("restores")


@dataclass
class World:
    """A backup with one snapshot and some oplog behind it, and a copy of both."""

    bench: Bench
    resources: Resources
    snapshot: Snapshot
    point: Optime
    at_snapshot: Fingerprint
    at_point: Fingerprint

    def restored(self, point: Optime | None = None) -> Fingerprint:
        record = self.bench.restore_record(self.snapshot, point)
        done = Restoring(self.resources, record).run(Task())
        return self.bench.state_of(self.bench.folder / done.target)


@pytest.fixture(scope="module")
def world(lasting_bench: Bench) -> World:
    bench = lasting_bench
    stores = {"default": bench.storage, "offsite": LocalStorage(bench.folder / "offsite")}
    storages = Storages(list(stores), stores.__getitem__)
    given = bench.resources
    resources = Resources(given.settings, given.metadata, storages, given.clock, given.binaries)
    bench.client.still.c.insert_many(
        {"_id": number, "text": random.randbytes(1500)} for number in range(2000)
    )
    backup = bench.synced()
    bench.wait_stored(bench.write())
    snapshot, at_snapshot = bench.snapshot(backup), bench.state()
    point = bench.write(*range(1000, 1100))
    bench.wait_stored(point)
    at_point = bench.state()
    bench.metadata.deployments.set(bench.deployment.id, copy_to="offsite")
    CopyKeeper(resources).round(Task())
    return World(bench, resources, snapshot, point, at_snapshot, at_point)


def checked(world: World) -> bool:
    metadata, now = world.bench.metadata, world.bench.clock.now()
    job = ask_for_check(metadata, "default", 1.0, now, "ada")
    StoreChecks(world.resources).run(job, Task())
    metadata.jobs.set(job.id, state=JobState.DONE)
    return metadata.checks.get(job.subject).good


def still_blocks(world: World) -> list[PlacedBlock]:
    """Those of the collection that nobody writes to any more, in the first of its packs."""
    manifest = manifest_of(world.bench.storage, world.snapshot)
    largest = max(manifest.files(), key=lambda file: file.size).path
    blocks = [block for block in manifest.blocks(Task()) if block.path == largest]
    return [block for block in blocks if block.pack == blocks[0].pack]


def flip_still(world: World) -> str:
    """One byte of each of these blocks; the key of their pack."""
    blocks = still_blocks(world)
    key = world.bench.metadata.packs.get(blocks[0].pack).key
    for _, _, offset, stored_bytes, _ in (block.record for block in blocks):
        flip(world.bench.storage, key, offset + stored_bytes // 2)
    return key


def chunk_behind(world: World) -> str:
    found = world.bench.metadata.chunks.holding(world.bench.deployment.id, world.point)
    assert found is not None
    return found.key


def test_blocks_come_again_from_the_running_head_and_oplog_from_the_source(world: World) -> None:
    bench, storage = world.bench, world.bench.storage
    bench.metadata.deployments.set(bench.deployment.id, copy_to="")
    chunk = chunk_behind(world)
    before = {stored.key: storage.get(stored.key) for stored in storage.list("packs")}
    key = flip_still(world)
    storage.delete(chunk)
    assert not checked(world)

    job = ask_for_repair(bench.metadata, "default", bench.clock.now(), "ada")
    done = StoreRepairs(world.resources).run(job, Task())
    bench.metadata.jobs.set(job.id, state=JobState.DONE)
    bench.metadata.deployments.set(bench.deployment.id, copy_to="offsite")

    found = {one["key"]: (one["source"], one["left"]) for one in done["objects"]}
    assert found == {chunk: ("the source's oplog", ""), key: ("the head's files", "")}
    assert {stored.key: storage.get(stored.key) for stored in storage.list("packs")} == before
    assert checked(world)
    assert differences(world.restored(world.point), world.at_point) == []


def test_a_moment_is_restored_around_a_damaged_pack_and_a_lost_chunk(world: World) -> None:
    storage, chunk = world.bench.storage, chunk_behind(world)
    CopyKeeper(world.resources).round(Task())
    before = {stored.key: storage.get(stored.key) for stored in storage.list("")}
    flip_still(world)
    storage.delete(chunk)

    assert differences(world.restored(world.point), world.at_point) == []

    kinds = [event.kind for event in world.bench.metadata.events.recent()]
    assert "copy used" in kinds
    for key, data in before.items():
        storage.put(key, [data])


def test_a_snapshot_and_a_moment_are_restored_when_the_first_store_is_lost(world: World) -> None:
    storage, kept = world.bench.storage, dict[str, bytes]()
    CopyKeeper(world.resources).round(Task())
    for stored in list(storage.list("")):
        kept[stored.key] = storage.get(stored.key)
        storage.delete(stored.key)

    assert differences(world.restored(), world.at_snapshot) == []
    assert differences(world.restored(world.point), world.at_point) == []

    for key, data in kept.items():
        storage.put(key, [data])
