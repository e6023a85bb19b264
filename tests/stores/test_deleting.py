"""What could not be deleted at once is deleted later, unless something refers to it by then."""

import pytest

from mmsconsole.errors import StorageUnreachable
from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.deleting import Deleting, retry_deletions
from mmsconsole.stores.oplog.oplog_store import OplogStore
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Task
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.oplog_chunks import fill, keys
from tests.support.snapshots import CutRoot, deployment_record

DAYS = 2 * 86_400


@pytest.fixture
def oplog(storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock) -> OplogStore:
    made = OplogStore(OnePlace(storage), metadata, manual_clock)
    fill(made)
    return made


def retried(metadata: Metadata, storage: FaultyStorage, clock: ManualClock) -> None:
    clock.advance(DAYS)
    retry_deletions(metadata, Storages.one(storage), clock.now())


def everything(storage: FaultyStorage) -> set[str]:
    return {stored.key for stored in storage.list("")}


def test_what_a_lock_has_kept_and_a_rebuild_has_brought_back_stays(
    storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock, cut: CutRoot,
    blockstore: Blockstore, oplog: OplogStore,
) -> None:  # fmt: skip
    """A deployment was removed by mistake; its store was locked, so that it can be had back."""
    snapshot = metadata.snapshots.add(cut("s1"))
    chunks = list(metadata.chunks.in_order("d1"))
    packs = list(metadata.packs.all())
    there = storage.locked = everything(storage)
    blockstore.forget(snapshot)
    blockstore.sweep_manifests("d1", Task())
    oplog.drop("d1", Task())
    for pack in packs:
        Deleting(storage, metadata, "default").delete(pack.key)
        metadata.packs.remove(pack.id)
    retried(metadata, storage, manual_clock)

    metadata.packs.put_all(packs)
    metadata.snapshots.add(snapshot)
    metadata.chunks.put_all(chunks)
    storage.locked = set()
    retried(metadata, storage, manual_clock)

    assert everything(storage) == there


def test_without_a_record_it_goes_when_the_lock_has_ended(
    storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock, oplog: OplogStore
) -> None:
    metadata.deployments.add(deployment_record())
    storage.locked = set(keys(storage))
    oplog.drop("d1", Task())
    retried(metadata, storage, manual_clock)
    assert keys(storage)

    storage.locked = set()
    retried(metadata, storage, manual_clock)

    assert keys(storage) == []
    assert list(metadata.deletions.all()) == []


def test_a_store_that_is_away_is_asked_once_in_one_go(
    storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock
) -> None:
    """Each call may take minutes, and everything that is to be deleted anywhere waits for it."""
    metadata.deletions.note("default", [(f"oplog/d1/{n}", "") for n in range(5)])
    storage.fail("delete", error=StorageUnreachable("no answer"))
    asked = storage.calls["delete"]

    retried(metadata, storage, manual_clock)

    assert storage.calls["delete"] == asked + 1
    assert {one.reason for one in metadata.deletions.all()} == {"no answer"}
