"""Oplog chunks: found in order, and no end continued twice."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from mmsconsole.errors import AlreadyExists, NotFound
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from tests.metadata.records import chunk

# Seconds and increments cross: 9:30 comes after 9:4 and before 10:1.
POSITIONS = [
    Optime(9, 4, 1),
    Optime(9, 30, 1),
    Optime(10, 1, 1),
    Optime(10, 2, 2),
    Optime(70, 1, 2),
]
CHUNKS = [chunk(start, end) for start, end in pairwise(POSITIONS)]


@pytest.fixture
def stored(metadata: Metadata) -> Metadata:
    shuffled = list(CHUNKS)
    random.Random(1).shuffle(shuffled)
    for each in shuffled:
        metadata.chunks.add(each)
    metadata.chunks.add(chunk(Optime(1, 1), Optime(500, 1), deployment="d2"))
    return metadata


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (Optime(0, 0), CHUNKS),
        (Optime(9, 4), CHUNKS),
        (Optime(9, 29), CHUNKS),
        (Optime(9, 30), CHUNKS[1:]),
        (Optime(9, 31), CHUNKS[1:]),
        (Optime(10, 0), CHUNKS[1:]),
        (Optime(10, 1), CHUNKS[2:]),
        (Optime(10, 2), CHUNKS[3:]),
        (Optime(69, 900), CHUNKS[3:]),
        (Optime(70, 1), []),
        (Optime(71, 0), []),
    ],
    ids=lambda value: str(value) if isinstance(value, Optime) else f"{len(value)} chunks",
)
def test_after_finds_what_holds_entries_beyond_a_position_in_order(
    stored: Metadata, position: Optime, expected: list[OplogChunk]
) -> None:
    assert list(stored.chunks.after("d1", position)) == expected


def test_a_position_keeps_its_term(stored: Metadata) -> None:
    assert [c.end.term for c in stored.chunks.after("d1", Optime(0, 0))] == [1, 1, 2, 2]


def test_the_first_and_the_last_are_by_position_and_not_by_time_of_writing(
    stored: Metadata,
) -> None:
    assert stored.chunks.first("d1") == CHUNKS[0]
    assert stored.chunks.last("d1") == CHUNKS[-1]
    assert stored.chunks.last("none") is None


@pytest.mark.parametrize(
    "again",
    [
        chunk(Optime(9, 4, 7), Optime(9, 5)),
        chunk(Optime(9, 5), Optime(9, 30, 7)),
    ],
    ids=["the same start", "the same end"],
)
def test_two_writers_can_not_continue_one_end(stored: Metadata, again: OplogChunk) -> None:
    with pytest.raises(AlreadyExists):
        stored.chunks.add(again)


def test_the_chunks_after_a_position_are_read_from_the_index_there_on(stored: Metadata) -> None:
    query = {
        "deployment": "d1", "end.t": {"$gte": 70},
        "$or": [{"end.t": {"$gt": 70}}, {"end.i": {"$gt": 0}}],
    }  # fmt: skip
    plan = stored.database.command(
        "explain",
        {"find": "oplog_chunks", "filter": query, "sort": {"end.t": 1, "end.i": 1}},
        verbosity="executionStats",
    )

    assert plan["executionStats"]["totalDocsExamined"] == 1


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (None, CHUNKS[::-1]),
        (Optime(70, 2), CHUNKS[::-1]),
        (Optime(70, 1), CHUNKS[2::-1]),
        (Optime(10, 2), CHUNKS[1::-1]),
        (Optime(10, 0), CHUNKS[:1]),
        (Optime(9, 30), []),
    ],
    ids=str,
)
def test_before_goes_backwards_from_a_position(
    stored: Metadata, position: Optime | None, expected: list[OplogChunk]
) -> None:
    assert list(stored.chunks.before("d1", position, 10)) == expected
    assert list(stored.chunks.before("d1", position, 1)) == expected[:1]


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (Optime(9, 4), None),
        (Optime(9, 5), CHUNKS[0]),
        (Optime(9, 30), CHUNKS[0]),
        (Optime(9, 31), CHUNKS[1]),
        (Optime(10, 2), CHUNKS[2]),
        (Optime(70, 1), CHUNKS[3]),
        (Optime(70, 2), None),
    ],
    ids=str,
)
def test_one_chunk_holds_a_position(
    stored: Metadata, position: Optime, expected: OplogChunk | None
) -> None:
    assert stored.chunks.holding("d1", position) == expected


def test_no_chunk_holds_what_lies_in_a_gap(stored: Metadata) -> None:
    stored.chunks.add(chunk(Optime(90, 1), Optime(95, 1)))
    assert stored.chunks.holding("d1", Optime(80, 1)) is None


def test_a_chunk_is_replaced_in_one_step(stored: Metadata) -> None:
    shorter = replace(CHUNKS[3], end=Optime(69, 1, 2), key="other", entries=1, sha256="ab")
    assert stored.chunks.replace(CHUNKS[3], shorter) == shorter
    assert stored.chunks.last("d1") == shorter
    assert len(list(stored.chunks.after("d1", Optime(0, 0)))) == len(CHUNKS)


def test_a_chunk_that_is_not_there_any_more_is_not_replaced(stored: Metadata) -> None:
    with pytest.raises(NotFound):
        stored.chunks.replace(replace(CHUNKS[3], key="another"), CHUNKS[3])
    assert stored.chunks.last("d1") == CHUNKS[3]
