"""The sync store keeps slices, byte for byte."""

from pathlib import Path

import bson
import pytest
import zstandard

from mmsconsole.errors import DiskFull, ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.syncs import Slice, SyncCollection
from mmsconsole.rawbson import array_of
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.framing import SLICE, unframe
from mmsconsole.stores.places import OnePlace
from mmsconsole.stores.sync import SyncStore
from mmsconsole.task import Cancellation, Cancelled, Task
from tests.support.faulty import FaultyStorage, no_space

ARRAY = array_of([bson.encode({"_id": number, "text": "a shop " * 20}) for number in range(50)])
OTHER = array_of([bson.encode({"_id": "other"})])


@pytest.fixture
def store(storage: FaultyStorage, metadata: Metadata) -> SyncStore:
    return SyncStore(OnePlace(storage), metadata)


def collection(id_: str = "c1") -> SyncCollection:
    empty = bson.encode({})
    return SyncCollection(
        id=id_,
        head="h1",
        ns="shop.orders",
        uuid=b"0123456789abcdef",
        kind="collection",
        options=empty,
        id_index=empty,
        indexes=(),
    )


def stored_keys(storage: FaultyStorage) -> list[str]:
    return [stored.key for stored in storage.list("slices")]


def test_a_slice_comes_back_as_it_was(store: SyncStore, metadata: Metadata) -> None:
    slice_ = store.put("h1", collection(), 0, ARRAY)

    assert [slice_] == list(metadata.slices.of("h1", "c1"))
    assert store.get(slice_) == ARRAY
    assert slice_.raw_bytes == len(ARRAY)
    assert slice_.stored_bytes < len(ARRAY) / 2


def test_a_view_into_a_buffer_is_stored_while_it_is_valid(store: SyncStore) -> None:
    buffer = bytearray(b"before" + ARRAY + b"behind")
    slice_ = store.put("h1", collection(), 0, memoryview(buffer)[6:-6])
    buffer[:] = bytes(len(buffer))

    assert store.get(slice_) == ARRAY


def test_the_object_says_by_itself_what_it_holds(store: SyncStore, storage: FaultyStorage) -> None:
    slice_ = store.put("h1", collection(), 3, ARRAY)

    header = unframe(storage.get(slice_.key), SLICE, slice_.key).header

    assert slice_.key.startswith("slices/h1/c1/00000003-")
    assert header == {
        "head": "h1",
        "collection": "c1",
        "ns": "shop.orders",
        "uuid": b"0123456789abcdef",
        "kind": "collection",
        "options": bson.encode({}),
        "sequence": 3,
        "raw_bytes": len(ARRAY),
    }


def test_the_object_can_be_read_with_nothing_but_zstd(
    store: SyncStore, storage: FaultyStorage
) -> None:
    data = storage.get(store.put("h1", collection(), 0, ARRAY).key)
    header_bytes = int.from_bytes(data[12:16], "little")

    assert zstandard.ZstdDecompressor().decompress(data[20 + header_bytes :]) == ARRAY


def test_any_wrong_byte_is_corrupt(store: SyncStore, storage: FaultyStorage) -> None:
    slice_ = store.put("h1", collection(), 0, ARRAY)

    for byte in range(slice_.stored_bytes):
        storage.flip("get", byte=byte)
        with pytest.raises(ObjectCorrupt) as caught:
            store.get(slice_)
        assert caught.value.where == slice_.key
    assert store.get(slice_) == ARRAY


def test_a_short_or_missing_object_is_said(store: SyncStore, storage: FaultyStorage) -> None:
    slice_ = store.put("h1", collection(), 0, ARRAY)

    storage.shorten("get")
    with pytest.raises(ObjectCorrupt):
        store.get(slice_)
    storage.delete(slice_.key)
    with pytest.raises(ObjectMissing):
        store.get(slice_)


def test_a_slice_of_another_collection_is_not_taken_for_it(store: SyncStore) -> None:
    right = store.put("h1", collection(), 0, ARRAY)
    wrong = store.put("h1", collection("c2"), 0, OTHER)
    crossed = Slice(
        right.id, "h1", "c1", 0, wrong.key, wrong.sha256, wrong.raw_bytes, wrong.stored_bytes
    )

    with pytest.raises(ObjectCorrupt, match="says that it is slice"):
        store.get(crossed)


def test_an_object_larger_than_its_record_says_is_not_unpacked(store: SyncStore) -> None:
    true = store.put("h1", collection(), 0, ARRAY)
    false = Slice(
        true.id, "h1", "c1", 0, true.key, true.sha256, true.raw_bytes - 1, true.stored_bytes
    )

    with pytest.raises(ObjectCorrupt, match="another size"):
        store.get(false)


@pytest.mark.parametrize("error", [no_space(), StorageError("broken")])
def test_a_put_that_fails_leaves_no_record(
    store: SyncStore, storage: FaultyStorage, metadata: Metadata, error: StorageError
) -> None:
    storage.fail("put", error=error)

    with pytest.raises(type(error)):
        store.put("h1", collection(), 0, ARRAY)

    assert list(metadata.slices.of("h1")) == []
    assert isinstance(error, DiskFull) == (error.code == "disk_full")


def test_a_slice_that_is_put_again_replaces_the_one_before(
    store: SyncStore, storage: FaultyStorage, metadata: Metadata
) -> None:
    store.put("h1", collection(), 0, OTHER)
    slice_ = store.put("h1", collection(), 0, ARRAY)

    assert list(metadata.slices.of("h1")) == [slice_]
    assert stored_keys(storage) == [slice_.key]
    assert store.get(slice_) == ARRAY


def test_dropping_a_collection_leaves_the_others(
    store: SyncStore, storage: FaultyStorage, metadata: Metadata
) -> None:
    store.put("h1", collection(), 0, ARRAY)
    store.put("h1", collection(), 1, ARRAY)
    kept = store.put("h1", collection("c2"), 0, OTHER)

    store.drop_collection("h1", "c1", Task())

    assert list(metadata.slices.of("h1")) == [kept]
    assert stored_keys(storage) == [kept.key]


def test_dropping_a_head_takes_what_no_record_knows_too(
    store: SyncStore, storage: FaultyStorage, metadata: Metadata
) -> None:
    orphan = store.put("h1", collection(), 0, ARRAY)
    metadata.slices.remove(orphan.id)
    store.put("h1", collection("c2"), 0, ARRAY)
    kept = store.put("h2", collection(), 0, OTHER)

    store.drop("h1", Task())
    store.drop("h1", Task())

    assert list(metadata.slices.of("h1")) == []
    assert stored_keys(storage) == [kept.key]


def test_a_drop_can_be_cancelled_and_goes_on_the_next_time(
    store: SyncStore, storage: FaultyStorage
) -> None:
    store.put("h1", collection(), 0, ARRAY)
    cancelled = Cancellation()
    cancelled.cancel()

    with pytest.raises(Cancelled):
        store.drop("h1", Task(cancelled))
    store.drop("h1", Task())

    assert stored_keys(storage) == []


def test_an_id_that_would_leave_its_folder_is_refused(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> None:
    store = SyncStore(OnePlace(LocalStorage(tmp_path)), metadata)

    for hostile in ("../../etc", "", "a/b", "."):
        with pytest.raises(Exception, match="is not an id"):
            store.drop(hostile, Task())
