"""Entries gathered and cut, without one of them being decoded."""

from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson.int64 import Int64
from bson.timestamp import Timestamp

from mmsconsole import rawbson
from mmsconsole.agent.chunking import ChunkBuilder, entry_head, first_optime, without_first
from mmsconsole.errors import OplogError, UnreadableEntry
from mmsconsole.optime import Optime
from tests.support.uplink import documents_of

WALL = datetime(2024, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
START = Optime(10, 1, 1)


def entry(seconds: int, **more: Any) -> bytes:
    return bson.encode({
        "lsid": {"id": 1}, "op": "i", "ns": "a.b", "o": {"_id": seconds, "ts": Timestamp(1, 1)},
        "ts": Timestamp(seconds, 1), "t": Int64(2), "v": Int64(2), "wall": WALL, **more,
    })  # fmt: skip


def batch(*seconds: int) -> bytearray:
    return bytearray(rawbson.array_of([entry(each) for each in seconds]))


def builder(max_bytes: int = 1 << 20, max_seconds: float = 1.0) -> ChunkBuilder:
    return ChunkBuilder(START, max_bytes, max_seconds)


def test_the_head_of_an_entry_is_found_wherever_its_fields_stand() -> None:
    head = entry_head(entry(7), 0)
    assert head.optime.same_entry(Optime(7, 1, 2))
    assert head.wall == WALL


def test_the_first_entry_of_a_set_has_no_term() -> None:
    raw = bson.encode({"op": "n", "ts": Timestamp(5, 1), "o": {}})
    assert entry_head(raw, 0).optime.same_entry(Optime(5, 1, -1))


def test_what_has_no_ts_is_no_entry() -> None:
    with pytest.raises(UnreadableEntry):
        entry_head(bson.encode({"op": "i"}), 0)


def test_a_wall_clock_beyond_the_calendar_is_left_out() -> None:
    raw = bytearray(entry(7))
    at = rawbson.find(raw, b"wall")
    assert at is not None
    raw[at.start : at.end] = (1 << 62).to_bytes(8, "little")
    assert entry_head(raw, 0).wall is None


def test_an_array_without_its_first_document_is_an_array_of_the_rest() -> None:
    data = bytearray(b"before") + batch(11, 12, 13) + b"after"
    rest = without_first(data, 6)
    assert documents_of(rest) == [entry(12), entry(13)]
    assert bson.decode(bytes(without_first(batch(11), 0))) == {}


def test_a_chunk_holds_the_arrays_as_they_came() -> None:
    gathering = builder()
    first, second = batch(11, 12), batch(13)
    gathering.add(first, 0, now=0)
    gathering.add(second, 0, now=0.5)
    body = gathering.cut()
    assert body.start.same_entry(START)
    assert body.end.same_entry(Optime(13, 1, 2))
    assert (body.entries, body.wall) == (3, WALL)
    assert [bytes(array) for array in body.arrays] == [bytes(first), bytes(second)]


def test_the_next_chunk_starts_where_the_last_one_ended() -> None:
    gathering = builder()
    gathering.add(batch(11), 0, now=0)
    first = gathering.cut()
    gathering.add(batch(12), 0, now=1)
    assert gathering.cut().start.same_entry(first.end)


def test_a_chunk_is_cut_by_its_size() -> None:
    gathering = builder(max_bytes=2 * len(entry(1)))
    gathering.add(batch(11), 0, now=0)
    assert not gathering.due(now=0)
    gathering.add(batch(12), 0, now=0)
    assert gathering.due(now=0)


def test_a_chunk_is_cut_by_its_age_which_begins_with_its_first_entry() -> None:
    gathering = builder(max_seconds=2)
    assert gathering.seconds_left(now=100) == 2
    gathering.add(batch(11), 0, now=100)
    gathering.add(batch(12), 0, now=101.5)
    assert gathering.seconds_left(now=101.5) == 0.5
    assert not gathering.due(now=101.9)
    assert gathering.due(now=102)


def test_nothing_is_cut_while_there_are_no_entries() -> None:
    gathering = builder()
    gathering.add(bytearray(rawbson.array_of([])), 0, now=0)
    assert not gathering.due(now=1000)


def test_entries_that_do_not_lie_behind_what_came_before_are_refused() -> None:
    gathering = builder()
    gathering.add(batch(12), 0, now=0)
    with pytest.raises(OplogError):
        gathering.add(batch(12), 0, now=0)


def test_the_first_position_of_an_empty_batch_is_none() -> None:
    assert first_optime(bytearray(rawbson.array_of([])), 0) is None
    assert first_optime(batch(11, 12), 0) == Optime(11, 1)
