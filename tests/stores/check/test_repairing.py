"""Whatever is wrong in a store is taken again from where it still is, or named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmsconsole.errors import OplogError, StorageError
from mmsconsole.metadata.checks import CheckFinding, Fault, StoreCheck
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deletions import Deletion
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.catalogue import CatalogueWriter, catalogue_key
from mmsconsole.stores.check.suspects import suspected
from mmsconsole.stores.places import OnePlace
from mmsconsole.stores.sync import SyncStore
from tests.stores.oplog.test_cut_back import at, body
from tests.stores.test_sync import collection
from tests.support.damaged import Stand, flip, make_copy, put_head
from tests.support.faulty import FaultyStorage
from tests.support.history import History, blocks
from tests.support.snapshots import LATER, block_packs

Pick = Callable[[Stand], str]


@pytest.fixture
def second(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "offsite")


@pytest.fixture
def stand(
    storage: FaultyStorage, second: LocalStorage, metadata: Metadata, tmp_path: Path
) -> Stand:
    """Two snapshots that share a block, three chunks, and a catalogue."""
    history = History(storage, metadata, tmp_path)
    first = history.take("s1", {"a": blocks(1, 2)})
    history.take("s2", {"a": blocks(1, 3)}, first)
    put_head(metadata, history.id, "h1", tmp_path / f"root-{history.id}-s2")
    made = Stand(history, second)
    for start in (10, 20, 30):
        made.oplog.put(history.id, body(start, start + 10))
    with CatalogueWriter({"engine": "e1"}) as writer:
        writer.add("groups", {"_id": "default"})
        writer.store(storage, catalogue_key("e1", datetime(2024, 1, 1, tzinfo=UTC), "ab"))
    return made


def chunks(stand: Stand) -> list[OplogChunk]:
    return list(stand.metadata.chunks.in_order(stand.history.id))


def pack_of(stand: Stand, snapshot: str, other: str) -> str:
    """The pack that only one of them needs."""
    blocks = {pack.id: pack.key for pack in block_packs(stand.history.storage, stand.metadata)}
    used = stand.history.used(snapshot).keys() - stand.history.used(other).keys()
    (key,) = (blocks[id_] for id_ in used & blocks.keys())
    return key


def manifest(stand: Stand) -> str:
    return stand.metadata.snapshots.get("s1").manifest_key


COPIED: dict[str, Pick] = {
    "pack": lambda stand: pack_of(stand, "s2", "s1"),
    "manifest": manifest,
    "chunk": lambda stand: chunks(stand)[1].key,
}


@pytest.mark.parametrize("kind", COPIED)
@pytest.mark.parametrize("how", ["missing", "truncated", *range(0, 100, 14)])
def test_any_damage_is_found_and_repaired_from_the_copy_to_the_very_bytes(
    kind: str, how: str | int, stand: Stand, second: LocalStorage
) -> None:
    make_copy(stand.history, second)
    storage, key = stand.history.storage, COPIED[kind](stand)
    whole = storage.get(key)
    if how == "missing":
        storage.delete(key)
    elif how == "truncated":
        storage.put(key, [whole[:-3]])
    else:
        flip(storage, key, (len(whole) - 1) * int(how) // 98)
    assert stand.wrong() == [key]

    (remedy,) = stand.repair()

    assert (remedy.key, remedy.source, remedy.left) == (key, "the store offsite", "")
    assert storage.get(key) == whole
    assert stand.wrong() == []


@pytest.mark.parametrize("kind", COPIED)
def test_a_copy_that_is_damaged_is_found_hurts_nobody_and_is_made_right_from_the_first_store(
    kind: str, stand: Stand, second: LocalStorage
) -> None:
    make_copy(stand.history, second)
    key = COPIED[kind](stand)
    whole = second.get(key)
    flip(second, key, len(whole) // 2)
    (found,) = stand.found("offsite")
    assert (found.key, found.snapshots, found.deployment) == (key, (), "")

    (remedy,) = stand.repair(store="offsite")

    assert (remedy.source, remedy.left) == ("the store default", "")
    assert second.get(key) == whole


def test_what_is_not_yet_copied_is_no_fault_of_the_copy(stand: Stand, second: LocalStorage) -> None:
    make_copy(stand.history, second)
    stand.oplog.put(stand.history.id, body(40, 50))
    second.delete(chunks(stand)[0].key)

    assert stand.wrong("offsite") == []


def test_a_copy_is_no_help_where_it_is_wrong_too_or_away(
    stand: Stand, second: LocalStorage
) -> None:
    make_copy(stand.history, second)
    key = manifest(stand)
    for storage in stand.storages.values():
        flip(storage, key, 40)
    before = second.get(key)

    (remedy,) = stand.repair()
    assert remedy.snapshots == ("s1",)
    assert "mmsconsole snapshot delete s1" in remedy.left
    (copy,) = stand.repair(store="offsite")
    assert copy.left == "it is wrong in default too: repair that first"
    assert second.get(key) == before

    away = FaultyStorage(second)
    away.fail("size", 1, StorageError("away"))
    stand.storages["offsite"] = away
    assert stand.repair([key]) == [remedy]


def test_oplog_is_taken_again_from_the_source_while_that_has_it(
    stand: Stand, metadata: Metadata
) -> None:
    storage, lost = stand.history.storage, chunks(stand)[1]
    entries = stand.oplog.read(lost)
    flip(storage, lost.key, -5)
    stand.again = [body(20, 30)]

    (remedy,) = stand.repair()

    assert (remedy.source, remedy.left) == ("the source's oplog", "")
    assert stand.wrong() == []
    again = chunks(stand)[1]
    assert (again.id, again.start, again.end) == (lost.id, lost.start, lost.end)
    assert stand.oplog.read(again) == entries
    assert [one.key for one in storage.list("oplog")] == [one.key for one in chunks(stand)]
    assert list(metadata.deletions.all()) == list[Deletion]()


def test_oplog_that_the_source_has_no_more_is_named_with_its_moments(stand: Stand) -> None:
    lost = chunks(stand)[1]
    stand.history.storage.delete(lost.key)

    (remedy,) = stand.repair()

    assert remedy.source == ""
    assert remedy.left.startswith(f"the moments after {at(20)} up to {at(30)}")
    assert "take one now" in remedy.left
    assert chunks(stand)[1] == lost


def test_other_entries_than_those_that_were_stored_are_refused(stand: Stand) -> None:
    lost = chunks(stand)[1]

    with pytest.raises(OplogError, match="other entries"):
        stand.oplog.put_again(lost, body(20, 29))

    assert chunks(stand)[1] == lost


@pytest.mark.parametrize("how", ["flipped", "truncated"])
def test_a_damaged_catalogue_goes_once_there_is_another_one(how: str, stand: Stand) -> None:
    storage = stand.history.storage
    (stored,) = storage.list("catalogue")
    if how == "flipped":
        flip(storage, stored.key, stored.bytes // 2)
    else:
        storage.put(stored.key, [storage.get(stored.key)[:-1]])
    assert stand.wrong() == [stored.key]

    (planned,) = stand.repair(dry=True)
    assert (planned.source, stand.catalogues) == ("a new backup of the metadata", 0)
    assert stand.repair() == [planned]

    assert stand.catalogues == 1
    assert list(storage.list("catalogue")) == []


def test_a_slice_can_not_come_again_and_is_named(stand: Stand, metadata: Metadata) -> None:
    slices = SyncStore(OnePlace(stand.history.storage), metadata)
    slice_ = slices.put("h1", collection(), 0, b"\x05\0\0\0\0")
    flip(stand.history.storage, slice_.key, -1)

    (remedy,) = stand.repair()

    assert (remedy.key, remedy.source) == (slice_.key, "")
    assert "initial sync" in remedy.left


def test_what_was_wrong_and_is_not_any_more_or_has_gone_is_let_alone(
    stand: Stand, metadata: Metadata
) -> None:
    gone = metadata.snapshots.get("s1").manifest_key
    stand.history.forget("s1")

    remedies = stand.repair([gone, chunks(stand)[0].key, "oplog/nobody/x.chunk", "else/where"])

    assert remedies == []


def test_manifests_come_before_the_packs_that_they_tell_of(
    stand: Stand, second: LocalStorage
) -> None:
    """Without them nobody would know what is needed of a pack."""
    make_copy(stand.history, second)
    key = pack_of(stand, "s2", "s1")
    second.delete(key)
    for lost in (key, stand.metadata.snapshots.get("s2").manifest_key):
        stand.history.storage.delete(lost)

    remedies = stand.repair()

    assert [(one.source, one.left) for one in remedies] == [
        ("the store offsite", ""), ("the head's files", ""),
    ]  # fmt: skip
    assert stand.wrong() == []
    stand.history.check()


def test_all_objects_of_a_store_come_back_from_the_copy(stand: Stand, second: LocalStorage) -> None:
    make_copy(stand.history, second)
    storage = stand.history.storage
    before = {one.key: storage.get(one.key) for one in storage.list("")}
    copied = {one.key: before[one.key] for one in second.list("")}
    for key in before:
        storage.delete(key)

    assert all(not one.left for one in stand.repair())

    assert {one.key: storage.get(one.key) for one in storage.list("")} == copied
    assert {key.partition("/")[0] for key in before.keys() - copied.keys()} == {"catalogue"}
    assert stand.wrong() == []
    stand.history.check()


def finished(stand: Stand, found: int, *findings: CheckFinding) -> None:
    done = StoreCheck(new_id(), "default", LATER, 0.1, finished_at=LATER, found=found)
    stand.metadata.checks.add(replace(done, findings=findings))


def test_suspected_is_what_any_check_has_found_and_what_snapshots_are_in_doubt_for(
    stand: Stand, metadata: Metadata
) -> None:
    assert suspected(metadata, "default") is None, "no check has told anything"

    finished(stand, 1, CheckFinding("oplog/d/1", Fault.MISSING, "is gone"))
    finished(stand, 0)
    metadata.snapshots.set("s1", doubt=CheckFinding("packs/p", Fault.DAMAGED, "is wrong").doubt)
    metadata.snapshots.set("s2", doubt="its head was damaged")
    assert suspected(metadata, "default") == ["oplog/d/1", "packs/p"]

    finished(stand, 501, CheckFinding("oplog/d/2", Fault.MISSING, "is gone"))
    assert suspected(metadata, "default") is None, "not everything that was found was kept"
