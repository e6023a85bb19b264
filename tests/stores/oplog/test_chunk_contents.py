"""What is inside a chunk is known from its bytes alone."""

from datetime import UTC, datetime

import bson
import pytest
from bson.int64 import Int64
from bson.timestamp import Timestamp

from mmsconsole.errors import UnreadableEntry
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.stores.oplog.chunk_contents import Contents, contents_of, holds, optimes_of, up_to

WALL = datetime(2024, 1, 1, 12, tzinfo=UTC)


def entry(t: int, term: int = 1) -> bytes:
    return bson.encode({
        "op": "n", "ns": "", "o": {"t": t}, "ts": Timestamp(t, 1), "t": Int64(term), "wall": WALL,
    })  # fmt: skip


def arrays(*groups: list[int]) -> list[bytes]:
    return [array_of([entry(t) for t in group]) for group in groups]


def at(t: int, term: int = 1) -> Optime:
    return Optime(t, 1, term)


@pytest.mark.parametrize(
    "given", [arrays([1, 2], [3]), arrays([1], [], [2, 3]), [b"".join(arrays([1], [2, 3]))]]
)
def test_the_first_the_last_and_their_number(given: list[bytes]) -> None:
    assert contents_of(given) == Contents(at(1), at(3), 3)


def test_no_entries_are_nothing() -> None:
    assert contents_of([]) is None
    assert contents_of(arrays([], [])) is None


@pytest.mark.parametrize("given", [arrays([2, 3], [3]), arrays([2, 3], [1]), arrays([2, 1])])
def test_entries_out_of_order_are_refused(given: list[bytes]) -> None:
    with pytest.raises(UnreadableEntry, match="out of order"):
        contents_of(given)


@pytest.mark.parametrize("given", [b"\x00", b"\x05\x00\x00", b"\x04\x00\x00\x00", b"\xff" * 8])
def test_what_is_no_array_is_refused(given: bytes) -> None:
    with pytest.raises(UnreadableEntry):
        contents_of([given])


def test_a_chunk_is_cut_behind_an_entry_and_nothing_else_of_it_changes() -> None:
    given = b"".join(arrays([1, 2, 3], [4, 5, 6], [7]))
    for last in range(1, 8):
        kept = up_to(given, at(last))
        assert kept is not None
        assert optimes_of(b"".join(kept.arrays)) == [at(t) for t in range(1, last + 1)]
        assert (kept.entries, kept.wall) == (last, WALL)
        decoded = [bson.decode(array) for array in kept.arrays]
        assert [each["o"]["t"] for array in decoded for each in array.values()] == list(
            range(1, last + 1)
        )


@pytest.mark.parametrize("position", [at(0), at(4), at(2, term=2), Optime(2, 2, 1)])
def test_an_entry_that_is_not_there_cuts_nothing(position: Optime) -> None:
    given = b"".join(arrays([1, 2, 3]))
    assert up_to(given, position) is None
    assert not holds(given, position)


def test_an_entry_whose_term_is_not_known_is_found_by_its_time() -> None:
    assert holds(b"".join(arrays([1, 2, 3])), at(2, term=-1))
