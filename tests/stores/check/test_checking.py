"""A check finds whatever is not as it was stored, and says what that hurts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.errors import StorageError
from mmsconsole.metadata.checks import CheckFinding, Fault
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import StoredObject
from mmsconsole.stores.check.checking import Checking, Part, joined
from mmsconsole.stores.check.needed_blocks import hurt_snapshots
from mmsconsole.stores.oplog.oplog_store import OplogStore
from mmsconsole.stores.places import OnePlace
from mmsconsole.stores.sync import SyncStore
from mmsconsole.task import Task
from tests.stores.oplog.test_cut_back import at, fill
from tests.stores.test_sync import collection
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import CutRoot, page_pack_keys

NOTHING = Part(0.0, 0.0)
EVERYTHING = Part(0.0, 1.0)

Check = Callable[[Part], list[CheckFinding]]


@pytest.fixture
def snapshot(cut: CutRoot, metadata: Metadata) -> Snapshot:
    return metadata.snapshots.add(cut("s1"))


@pytest.fixture
def oplog(
    snapshot: Snapshot, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock
) -> OplogStore:
    store = OplogStore(OnePlace(storage), metadata, manual_clock)
    fill(store)
    return store


@pytest.fixture
def filled(oplog: OplogStore, storage: FaultyStorage, metadata: Metadata) -> FaultyStorage:
    """With a snapshot, oplog and a slice of one deployment."""
    metadata.heads.add(
        Head("h9", "d1", "/heads/h9", "6.0.5", "6.0", datetime(2024, 1, 1, tzinfo=UTC))
    )
    SyncStore(OnePlace(storage), metadata).put("h9", collection(), 0, b"\x05\0\0\0\0")
    return storage


@pytest.fixture
def check(filled: FaultyStorage, metadata: Metadata) -> Check:
    def run(part: Part) -> list[CheckFinding]:
        return list(Checking(filled, metadata, "default", part).run(Task()))

    return run


def keys(storage: FaultyStorage) -> list[str]:
    ours = ("packs/", "manifests/d1/", "oplog/d1/", "slices/")
    return [stored.key for stored in storage.list("") if stored.key.startswith(ours)]


def test_a_store_that_is_as_it_was_has_no_findings(
    check: Check, filled: FaultyStorage, metadata: Metadata
) -> None:
    assert check(EVERYTHING) == check(NOTHING) == []

    checking = Checking(filled, metadata, "default", EVERYTHING)
    list(checking.run(Task()))
    assert checking.objects == len(keys(filled))
    assert checking.bytes_read == sum(filled.size(key) for key in keys(filled))


@pytest.mark.parametrize("store", ["default", "offsite"])
def test_it_tells_how_much_of_all_that_belongs_there_was_looked_at(
    store: str, filled: FaultyStorage, metadata: Metadata
) -> None:
    """In bytes: so there is a percentage, and an end that can be foreseen."""
    told: list[tuple[str, int, int | None]] = []
    task = Task(report=lambda *report: told.append(report))
    metadata.deployments.set("d1", copy_to="offsite")

    list(Checking(filled, metadata, store, NOTHING).run(task))

    copied = [key for key in keys(filled) if store == "default" or not key.startswith("slices/")]
    whole = sum(filled.size(key) for key in copied)
    assert {(phase, total) for phase, _, total in told} == {("checking", whole)}
    done = [done for _, done, _ in told]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, whole)


@pytest.mark.parametrize("part", [NOTHING, EVERYTHING])
def test_every_object_that_is_missing_or_not_as_long_as_it_was_is_found(
    part: Part, check: Check, filled: FaultyStorage
) -> None:
    for key in keys(filled):
        whole = filled.get(key)
        for damaged in (None, whole[:-1], whole + b"\0", b""):
            filled.delete(key)
            if damaged is not None:
                filled.put(key, [damaged])
            found = check(part)
            filled.put(key, [whole])

            assert [one.key for one in found] == [key]
            assert found[0].fault is (Fault.MISSING if damaged is None else Fault.DAMAGED)


def test_every_wrong_byte_is_found_when_it_is_read(check: Check, filled: FaultyStorage) -> None:
    for key in keys(filled):
        whole = filled.get(key)
        for position in range(0, len(whole), max(1, len(whole) // 7)):
            wrong = bytearray(whole)
            wrong[position] ^= 0x40
            filled.put(key, [wrong])

            assert [one.key for one in check(EVERYTHING)] == [key], position
        filled.put(key, [whole])


def test_a_wrong_chunk_hurts_the_moments_in_it_and_a_manifest_its_snapshot(
    check: Check, filled: FaultyStorage, snapshot: Snapshot, metadata: Metadata
) -> None:
    chunk = list(metadata.chunks.in_order("d1"))[1]
    filled.delete(chunk.key)
    filled.delete(snapshot.manifest_key)

    manifest, oplog = check(NOTHING)

    assert (manifest.key, manifest.snapshots) == (snapshot.manifest_key, ("s1",))
    assert (oplog.deployment, oplog.after, oplog.until) == ("d1", at(15), at(20))


def test_a_pack_hurts_those_snapshots_that_need_it(
    cut: CutRoot, snapshot: Snapshot, filled: FaultyStorage, metadata: Metadata, root: object
) -> None:
    metadata.snapshots.add(cut("s2", previous=snapshot))
    pool = metadata.pools.ensure("default", "default")
    blocks, pages = sorted(metadata.packs.of(pool.id), key=lambda pack: -pack.blocks)
    assert pages.key in page_pack_keys(filled)

    for pack in (blocks, pages):
        filled.delete(pack.key)
        found = hurt_snapshots(filled, metadata, pool, [pack], Task())

        assert found == {pack.id: ("s1", "s2")}


def test_what_goes_as_it_should_while_it_is_looked_at_is_no_finding(
    filled: FaultyStorage, snapshot: Snapshot, metadata: Metadata
) -> None:
    """Records have been read, and then their objects are expired, groomed, rotated."""
    checking = Checking(filled, metadata, "default", EVERYTHING).run(Task())
    packs = [pack.key for pack in metadata.packs.all()]
    (chunk, *_) = metadata.chunks.in_order("d1")
    gone = {*packs, snapshot.manifest_key, chunk.key}
    listed, seen = filled.list, []

    def list_then_remove(prefix: str, after: str = "") -> Iterator[StoredObject]:
        found = list(listed(prefix, after))
        for one in found:
            if one.key in gone and one.key.startswith(prefix):
                seen.append(one.key)
                metadata.packs.collection.delete_one({"key": one.key})
                metadata.snapshots.collection.delete_one({"manifest_key": one.key})
                metadata.chunks.collection.delete_one({"key": one.key})
                filled.delete(one.key)
        return iter(found)

    filled.list = list_then_remove  # type: ignore[method-assign]

    assert list(checking) == []
    assert set(seen) == gone


def test_a_manifest_is_read_when_it_is_new_and_then_with_its_share(
    filled: FaultyStorage, snapshot: Snapshot, metadata: Metadata
) -> None:
    """That it is there, with its size, is looked at every time."""
    done = datetime(2100, 1, 2, tzinfo=UTC)
    metadata.snapshots.set("s1", finished_at=done)
    key = snapshot.manifest_key
    whole = filled.get(key)
    wrong = bytearray(whole)
    wrong[len(whole) // 2] ^= 1

    def found(since: datetime | None, part: Part = NOTHING) -> list[str]:
        checking = Checking(filled, metadata, "default", part, since)
        return [one.key for one in checking.run(Task())]

    filled.put(key, [wrong])
    before, after = done - timedelta(seconds=1), done + timedelta(seconds=1)
    assert found(None) == found(before) == found(done) == [key]
    assert found(after) == []
    assert found(after, EVERYTHING) == [key]
    filled.put(key, [whole[:-1]])
    assert found(after) == [key]
    filled.put(key, [whole])
    metadata.snapshots.set("s1", finished_at=None)
    filled.put(key, [wrong])
    assert found(after) == [key], "one that is being made"


def test_a_store_that_does_not_answer_is_no_finding(check: Check, filled: FaultyStorage) -> None:
    filled.fail("get_range", error=StorageError("away"))

    with pytest.raises(StorageError, match="away"):
        check(EVERYTHING)


def test_objects_of_other_stores_are_not_looked_at(
    filled: FaultyStorage, metadata: Metadata
) -> None:
    checking = Checking(filled, metadata, "offsite", EVERYTHING)

    assert list(checking.run(Task())) == []
    assert checking.objects == 0


@pytest.mark.parametrize("share", [0.1, 0.25, 0.3, 1.0])
def test_some_checks_of_a_share_read_every_object(share: float) -> None:
    names = {f"oplog/d1/{number}" for number in range(500)}
    part, read = Part(0.7, share), set[str]()
    for _ in range(-int(-1 // share)):
        chosen = {name for name in names if part.holds(name)}
        assert len(chosen) < 500 * share * 1.5 + 1
        read |= chosen
        part = Part(part.end, share)

    assert read == names


def objects(*names: str) -> Iterator[StoredObject]:
    return (StoredObject(name, 1) for name in names)


def test_records_are_held_against_what_is_listed(snapshot: Snapshot) -> None:
    records = [replace(snapshot, manifest_key=key) for key in "bdf"]

    found = joined(records, lambda one: one.manifest_key, objects("a", "b", "c", "f", "g"))

    assert [stored and stored.key for _, stored in found] == ["b", None, "f"]
