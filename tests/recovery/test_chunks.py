"""The stored oplog from the headers of its chunks: what belongs together, and what does not."""

import pytest

from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.recovery.chunks import linked
from mmsconsole.recovery.rebuilding import Extent, Oplog
from mmsconsole.stores.framing import CHUNK, frame, optime_document, unframe
from tests.metadata.records import chunk
from tests.recovery.conftest import Stand, at, body

Span = tuple[int, int, int] | tuple[int, int, int, int]
"""start, end, term, and the term at the start where that is another one."""


def made(span: Span) -> OplogChunk:
    start, end, term, *before = span
    return chunk(at(start, before[0] if before else term), at(end, term))


def sorted_newest_first(*spans: Span) -> list[OplogChunk]:
    chunks = [made(span) for span in spans]
    return sorted(chunks, key=lambda c: (c.end.term, c.end.t, c.end.i), reverse=True)


CASES: dict[str, tuple[list[Span], list[tuple[int, int, bool]], list[tuple[int, int]]]] = {
    "nothing": ([], [], []),
    "one": ([(0, 5, 1)], [(0, 5, True)], []),
    "an unbroken stretch": (
        [(0, 5, 1), (5, 9, 1), (9, 12, 2, 1)],
        [(0, 5, True), (5, 9, False), (9, 12, False)],
        [],
    ),
    "a gap": ([(0, 5, 1), (7, 9, 1)], [(0, 5, True), (7, 9, True)], []),
    "a writer that died before its record, and what was written after": (
        [(0, 5, 1), (5, 8, 1), (5, 7, 1), (7, 9, 1)],
        [(0, 5, True), (5, 7, False), (7, 9, False)],
        [(5, 8)],
    ),
    "the same stretch twice": ([(0, 5, 1), (0, 5, 1)], [(0, 5, True)], [(0, 5)]),
    "what a rollback took back, behind the common point": (
        [(0, 5, 1), (5, 9, 1), (9, 14, 1), (5, 7, 2, 1)],
        [(0, 5, True), (5, 7, False)],
        [(5, 9), (9, 14)],
    ),
    "a chunk that was shortened by a rollback": (
        [(0, 9, 1), (0, 6, 1), (6, 8, 2, 1)],
        [(0, 6, True), (6, 8, False)],
        [(0, 9)],
    ),
    "the end of another history is no end to go on from": (
        [(0, 5, 1), (5, 8, 3, 2)],
        [(5, 8, True)],
        [(0, 5)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_chunks_are_put_together(case: str) -> None:
    spans, expected, left_out = CASES[case]

    found = list(linked(sorted_newest_first(*spans)))

    kept = [one.chunk for one in reversed(found) if one.belongs]
    assert [(one.start.t, one.end.t, one.after_gap) for one in kept] == expected
    others = [(one.chunk.start.t, one.chunk.end.t) for one in found if not one.belongs]
    assert sorted(others) == left_out


# -- from a store


def test_a_damaged_chunk_is_told_and_leaves_a_gap(stand: Stand) -> None:
    keys = stand.chunks(body(10, 15), body(15, 20), body(20, 25))
    stand.back_up()
    stand.change_object(keys[1], lambda data: data.__setitem__(-9, data[-9] ^ 1))

    report = stand.rebuilt()

    assert stand.spans() == [(at(10), at(15), True), (at(20), at(25), True)]
    assert any(keys[1] in told for told in report.told)


@pytest.mark.parametrize("byte", [5, 12, 30, 60, -3])
def test_no_wrong_byte_of_a_chunk_gets_through(stand: Stand, byte: int) -> None:
    keys = stand.chunks(body(10, 15))
    stand.back_up()
    stand.change_object(keys[0], lambda data: data.__setitem__(byte, data[byte] ^ 1))

    report = stand.rebuilt()

    assert stand.spans() == []
    assert any(keys[0] in told for told in report.told)


def test_what_was_given_up_does_not_come_back(stand: Stand) -> None:
    stand.chunks(body(10, 15), body(15, 20))
    stand.metadata.deployments.set("d1", oplog_from=at(15))
    stand.back_up()

    stand.rebuilt()

    assert stand.spans() == [(at(15), at(20), True)]


def test_chunks_can_be_read_that_were_found_by_their_headers_alone(stand: Stand) -> None:
    stand.chunks(body(10, 15), body(15, 20))
    stand.back_up()
    stand.lose_metadata()

    stand.rebuild(Extent(Oplog.HEADERS, blocks=False))

    entries = stand.resources.oplog_store.entries("d1", at(10))
    assert [len(arrays) > 0 for _, arrays in entries] == [True, True]


LIES = {
    "another deployment": {"deployment": "d2"},
    "from nowhere": {"start": None},
    "backwards": {"start": optime_document(at(99))},
    "more entries": {"entries": 6},
    "no entries": {"entries": 0},
    "bytes without end": {"raw_bytes": 1 << 60},
    "a start behind its first entry": {"start": optime_document(at(12))},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_is_not_believed(stand: Stand, lie: str) -> None:
    key = stand.chunks(body(10, 15))[0]
    stand.back_up()
    header, end = unframe(stand.storage.get(key), CHUNK, key)
    content = stand.storage.get(key)[end:]
    stand.storage.put(key, [frame(CHUNK, header | LIES[lie]), content])

    report = stand.rebuilt()

    assert stand.spans() == []
    assert any(key in told for told in report.told)


def test_a_name_that_lies_is_not_believed(stand: Stand) -> None:
    key = stand.chunks(body(10, 15))[0]
    data = stand.storage.get(key)
    stand.back_up()
    stand.storage.put("oplog/d1/0000000099-0000000001-abc.chunk", [data])
    stand.storage.put("oplog/d1/notes.txt", [b"not ours"])

    report = stand.rebuilt()

    assert stand.spans() == [(at(10), at(15), True)]
    assert any("abc.chunk: is another chunk than its name says" in told for told in report.told)
    assert any("notes.txt" in told for told in report.told)


def test_a_snapshot_that_the_source_took_back_is_invalid(stand: Stand) -> None:
    stand.chunks(body(10, 15))
    stand.snapshot("good", 14)
    stand.snapshot("void", 15)
    stand.back_up()
    stand.resources.oplog_store.cut_back("d1", at(14))
    stand.chunks(body(14, 16, term=2, start_term=1))

    stand.rebuilt()

    states = {one.id: one.state for one in stand.metadata.snapshots.all()}
    assert states == {"good": SnapshotState.COMPLETE, "void": SnapshotState.INVALID}


def test_leftovers_of_a_dead_writer_are_told(stand: Stand) -> None:
    stand.chunks(body(10, 15))
    chunks = stand.resources.oplog_store._objects
    left = chunks.made("d1", body(15, 19), stand.resources.clock.now(), after_gap=False)
    chunks.put(left)
    stand.chunks(body(15, 18), body(18, 20))
    stand.back_up()

    report = stand.rebuilt()

    spans = [(start.t, end.t) for start, end, _ in stand.spans()]
    assert spans == [(10, 15), (15, 18), (18, 20)]
    assert any(left.record.key in told for told in report.told)
