"""The oplog store keeps a deployment's oplog without gap or overlap."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson.int64 import Int64

from mmsconsole.errors import (
    MetadataError,
    ObjectCorrupt,
    ObjectMissing,
    OplogError,
    StorageError,
    UsageError,
)
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.stores.framing import CHUNK, frame, unframe
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.stores.oplog import oplog_store as oplog
from mmsconsole.stores.oplog.oplog_store import ChunkBody, OplogStore, StoredOplog
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Task
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage

WALL = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock) -> OplogStore:
    return OplogStore(OnePlace(storage), metadata, manual_clock)


def at(t: int, term: int = 1) -> Optime:
    return Optime(t, 1, term)


def entries_of(start: int, end: int) -> list[bytes]:
    """Two arrays of entries after `start`, up to `end`."""
    documents = [
        bson.encode({"ts": at(second).timestamp, "op": "n", "o": {"msg": "x" * 50}})
        for second in range(start + 1, end + 1)
    ]
    return [array_of(documents[:1]), array_of(documents[1:])]


def body(start: int, end: int, start_term: int = 1, end_term: int = 1) -> ChunkBody:
    arrays = entries_of(start, end)
    return ChunkBody(at(start, start_term), at(end, end_term), end - start, [*arrays], WALL)


def chunk_keys(storage: FaultyStorage) -> list[str]:
    return [stored.key for stored in storage.list("oplog")]


def test_a_chunk_comes_back_as_it_was(
    store: OplogStore, metadata: Metadata, manual_clock: ManualClock
) -> None:
    chunk = store.put("d1", body(10, 15))

    assert metadata.chunks.last("d1") == chunk
    assert store.read(chunk) == b"".join(entries_of(10, 15))
    assert (chunk.start, chunk.end, chunk.entries) == (at(10), at(15), 5)
    assert (chunk.wall, chunk.stored_at) == (WALL, manual_clock.now())
    assert chunk.raw_bytes == sum(map(len, entries_of(10, 15)))


def test_the_object_says_by_itself_what_it_holds(store: OplogStore, storage: FaultyStorage) -> None:
    chunk = store.put("d1", body(10, 15))

    header = unframe(storage.get(chunk.key), CHUNK, chunk.key).header

    assert chunk.key.startswith("oplog/d1/0000000015-0000000001-")
    assert header == {
        "deployment": "d1",
        "start": {"ts": at(10).timestamp, "term": 1},
        "end": {"ts": at(15).timestamp, "term": 1},
        "entries": 5,
        "raw_bytes": chunk.raw_bytes,
        "wall": WALL,
        "after_gap": True,
    }


def test_chunks_follow_one_another(store: OplogStore) -> None:
    made = [store.put("d1", body(start, start + 5)) for start in range(10, 30, 5)]

    assert [chunk for chunk, _ in store.entries("d1", at(10))] == made
    assert [chunk.after_gap for chunk in made] == [True, False, False, False]
    assert store.window("d1") == StoredOplog(at(10), at(30))


def test_reading_begins_with_the_chunk_that_holds_the_position(store: OplogStore) -> None:
    made = [store.put("d1", body(start, start + 5)) for start in range(10, 30, 5)]

    def after(t: int) -> list[OplogChunk]:
        return [chunk for chunk, _ in store.entries("d1", at(t))]

    assert after(12) == made
    assert after(15) == made[1:]
    assert after(29) == made[3:]
    assert after(30) == []


def test_reading_goes_on_over_many_pages(
    store: OplogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oplog, "PAGE", 2)
    made = [store.put("d1", body(start, start + 1)) for start in range(10, 17)]

    assert list(store.chunks("d1", at(10))) == made


@pytest.mark.parametrize(
    ("start", "term", "said"),
    [
        (16, 1, "ends at 15:1, the chunk starts at 16:1"),
        (14, 1, "ends at 15:1, the chunk starts at 14:1"),
        (15, 2, "rolled back"),
    ],
)
def test_a_chunk_that_does_not_continue_is_refused(
    store: OplogStore, storage: FaultyStorage, start: int, term: int, said: str
) -> None:
    first = store.put("d1", body(10, 15))

    with pytest.raises(OplogError, match=said) as caught:
        store.put("d1", body(start, 20, start_term=term))

    assert caught.value.where == "d1"
    assert chunk_keys(storage) == [first.key]


def test_a_term_that_is_not_known_contradicts_nothing(store: OplogStore) -> None:
    store.put("d1", body(10, 15))
    store.put("d1", body(15, 20, start_term=-1))

    assert store.window("d1") == StoredOplog(at(10), at(20))


def test_the_same_chunk_once_more_is_no_error(store: OplogStore, storage: FaultyStorage) -> None:
    first = store.put("d1", body(10, 15))

    assert store.put("d1", body(10, 15)) == first
    assert chunk_keys(storage) == [first.key]


@pytest.mark.parametrize(("start", "end"), [(10, 10), (10, 9)])
def test_a_chunk_that_holds_nothing_is_refused(store: OplogStore, start: int, end: int) -> None:
    with pytest.raises(UsageError, match="holds nothing"):
        store.put("d1", ChunkBody(at(start), at(end), 0, [], None))


def test_deployments_do_not_meet(store: OplogStore) -> None:
    store.put("d1", body(10, 15))
    other = store.put("d2", body(40, 45))

    assert list(store.chunks("d2", at(40))) == [other]
    assert store.window("d3") is None


def test_a_new_stretch_may_begin_behind_a_gap_when_it_is_asked_for(store: OplogStore) -> None:
    store.put("d1", body(10, 15))
    store.put("d1", body(15, 20))
    store.put("d1", body(30, 35), after_gap=True)
    store.put("d1", body(35, 40))

    assert store.windows("d1") == [StoredOplog(at(10), at(20)), StoredOplog(at(30), at(40))]
    assert store.window("d1") == StoredOplog(at(30), at(40))


def test_a_new_stretch_may_not_overlap_an_old_one(store: OplogStore) -> None:
    store.put("d1", body(10, 15))

    with pytest.raises(OplogError, match="starts at 12:1"):
        store.put("d1", body(12, 20), after_gap=True)


def test_what_could_have_a_gap_but_has_none_continues(store: OplogStore) -> None:
    store.put("d1", body(10, 15))
    store.put("d1", body(15, 20), after_gap=True)

    assert store.windows("d1") == [StoredOplog(at(10), at(20))]


def test_reading_over_a_gap_names_it(store: OplogStore) -> None:
    store.put("d1", body(10, 15))
    store.put("d1", body(30, 35), after_gap=True)

    read = store.entries("d1", at(10))
    next(read)
    with pytest.raises(OplogError, match="nothing between 15:1 and 30:1"):
        next(read)


def test_reading_from_before_the_first_chunk_names_the_gap(store: OplogStore) -> None:
    store.put("d1", body(10, 15))

    with pytest.raises(OplogError, match="nothing between 9:1 and 10:1"):
        list(store.chunks("d1", at(9)))


def test_a_chunk_record_that_was_lost_is_a_gap(store: OplogStore, metadata: Metadata) -> None:
    made = [store.put("d1", body(start, start + 5)) for start in range(10, 30, 5)]
    metadata.chunks.remove(made[1].id)

    with pytest.raises(OplogError, match="nothing between 15:1 and 20:1"):
        list(store.chunks("d1", at(10)))


def test_any_wrong_byte_is_corrupt(store: OplogStore, storage: FaultyStorage) -> None:
    chunk = store.put("d1", body(10, 15))

    for byte in range(chunk.stored_bytes):
        storage.flip("get", byte=byte)
        with pytest.raises(ObjectCorrupt) as caught:
            store.read(chunk)
        assert caught.value.where == chunk.key


def test_a_missing_object_stops_the_reading(store: OplogStore, storage: FaultyStorage) -> None:
    storage.delete(store.put("d1", body(10, 15)).key)

    with pytest.raises(ObjectMissing):
        list(store.entries("d1", at(10)))


def test_a_chunk_is_not_taken_for_another(store: OplogStore) -> None:
    first = store.put("d1", body(10, 15))
    second = store.put("d1", body(15, 20))

    with pytest.raises(ObjectCorrupt, match="another chunk"):
        store.read(replace(first, key=second.key, sha256=second.sha256))


def test_a_put_that_fails_leaves_no_record_and_can_be_tried_again(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata
) -> None:
    storage.fail("put")
    with pytest.raises(StorageError):
        store.put("d1", body(10, 15))
    assert metadata.chunks.last("d1") is None

    assert store.read(store.put("d1", body(10, 15)))


def test_of_two_writers_one_is_refused(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second writer has looked before the first one was done."""
    first = store.put("d1", body(10, 15))
    winner = store.put("d1", body(15, 20))
    monkeypatch.setattr(metadata.chunks, "last", lambda deployment: first)

    with pytest.raises(OplogError, match="somebody else has stored the oplog from 15:1 on"):
        store.put("d1", body(15, 22))

    assert chunk_keys(storage) == [first.key, winner.key]
    assert store.read(winner)


def test_dropping_takes_records_and_objects(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata
) -> None:
    orphan = store.put("d1", body(10, 15))
    metadata.chunks.remove(orphan.id)
    store.put("d1", body(20, 25))
    kept = store.put("d2", body(20, 25))

    store.drop("d1", Task())

    assert store.window("d1") is None
    assert chunk_keys(storage) == [kept.key]


# -- gaps and overlaps


def two_arrays(*seconds: int, term: int = 1) -> list[bytes]:
    documents = [
        bson.encode({"ts": at(second).timestamp, "t": Int64(term), "op": "n", "o": {}})
        for second in seconds
    ]
    return [array_of(documents[:1]), array_of(documents[1:])]


@pytest.mark.parametrize(
    ("told", "held", "said"),
    [
        ((15, 18, 3), two_arrays(15, 16, 18), "begins with the entry 15:1: an overlap"),
        ((15, 18, 3), two_arrays(14, 16, 18), "begins with the entry 14:1: an overlap"),
        ((15, 18, 2), two_arrays(16, 17), "ends with the entry 17:1"),
        ((15, 18, 3), two_arrays(16, 17, 19), "ends with the entry 19:1"),
        ((15, 18, 3), two_arrays(16, 17, 18, term=2), "ends with the entry 18:1"),
        ((15, 18, 4), two_arrays(16, 17, 18), "of 4 entries holds 3"),
        ((15, 18, 3), two_arrays(17, 16, 18), "out of order"),
        ((15, 18, 0), [], "holds no entries"),
        ((15, 18, 0), two_arrays(), "holds no entries"),
    ],
)
def test_entries_that_are_not_those_of_the_chunk_are_not_stored(
    store: OplogStore, storage: FaultyStorage, told: tuple[int, int, int], held: list[bytes],
    said: str,
) -> None:  # fmt: skip
    first = store.put("d1", body(10, 15))
    start, end, entries = told

    with pytest.raises(OplogError, match=said):
        store.put("d1", ChunkBody(at(start), at(end), entries, held, WALL))

    assert chunk_keys(storage) == [first.key]


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": at(9)},
        {"end": at(16)},
        {"end": at(15, 2)},
        {"entries": 4},
        {"deployment": "d2"},
    ],
    ids=str,
)
def test_a_record_that_says_something_else_than_its_object_is_found(
    store: OplogStore, wrong: dict[str, Any]
) -> None:
    chunk = store.put("d1", body(10, 15))

    with pytest.raises(ObjectCorrupt, match="another chunk"):
        store.read(replace(chunk, **wrong))


def test_objects_that_were_swapped_are_not_taken_for_each_other(
    store: OplogStore, storage: FaultyStorage
) -> None:
    mine, other = store.put("d1", body(10, 15)), store.put("d2", body(10, 15))
    first, second = storage.get(mine.key), storage.get(other.key)
    storage.put(mine.key, [second])
    storage.put(other.key, [first])

    for chunk in (mine, other):
        with pytest.raises(ObjectCorrupt, match="sha256"):
            store.read(chunk)
    with pytest.raises(ObjectCorrupt, match="another chunk"):
        store.read(replace(mine, sha256=other.sha256))


def test_a_header_that_lies_about_its_entries_is_found(
    store: OplogStore, storage: FaultyStorage
) -> None:
    """Header, record and sha256 agree; the entries are others."""
    chunk, lying = store.put("d1", body(10, 15)), store.put("d2", body(11, 16))
    data = storage.get(lying.key)
    content = data[unframe(data, CHUNK, lying.key).end :]
    header = unframe(storage.get(chunk.key), CHUNK, chunk.key).header
    forged = frame(CHUNK, header) + content
    storage.put(chunk.key, [forged])

    with pytest.raises(ObjectCorrupt, match=r"its record is wrong: .* ends with the entry 16:1"):
        store.read(replace(chunk, sha256=sha256_hex([forged])))


def test_records_that_overlap_are_found_when_they_are_read(
    store: OplogStore, metadata: Metadata
) -> None:
    store.put("d1", body(10, 15))
    second = store.put("d1", body(15, 20))
    metadata.chunks.set(second.id, start=at(14))

    with pytest.raises(OplogError, match="overlaps: a chunk starts at 14:1, before 15:1"):
        list(store.chunks("d1", at(10)))


def test_records_that_meet_in_two_histories_are_found_when_they_are_read(
    store: OplogStore, metadata: Metadata
) -> None:
    store.put("d1", body(10, 15))
    second = store.put("d1", body(15, 20))
    metadata.chunks.set(second.id, start=at(15, term=2))

    with pytest.raises(OplogError, match="in term 2, not in term 1: it was rolled back"):
        list(store.chunks("d1", at(10)))


@pytest.mark.parametrize("position", [at(10, 2), at(12, 2), Optime(12, 2, 1)])
def test_who_goes_on_from_an_entry_that_was_rolled_back_is_refused(
    store: OplogStore, position: Optime
) -> None:
    store.put("d1", ChunkBody(at(10), at(15), 5, two_arrays(11, 12, 13, 14, 15), WALL))

    with pytest.raises(OplogError, match="rolled back"):
        list(store.entries("d1", position))


def test_the_same_chunk_once_more_after_a_crash_before_its_record(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata
) -> None:
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(metadata.chunks, "add", _does_not_answer)
        with pytest.raises(MetadataError):
            store.put("d1", body(10, 15))
    assert store.window("d1") is None
    left = chunk_keys(storage)

    chunk = store.put("d1", body(10, 15))

    assert store.read(chunk) == b"".join(entries_of(10, 15))
    assert chunk.key not in left


def _does_not_answer(chunk: OplogChunk) -> OplogChunk:
    raise MetadataError("does not answer")
