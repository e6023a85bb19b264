"""Oplog chunks: found in order, and no end continued twice."""

import random
from itertools import pairwise

import pytest

from mmsconsole.errors import AlreadyExists
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
