"""Transactions on real heads, however the oplog is cut and whatever happens in between."""

import shutil
from collections.abc import Callable, Iterator

import bson
import pytest

from mmsconsole.head.position import HeadPosition
from mmsconsole.mongod.fingerprint import differences, fingerprint
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import InTransaction
from mmsconsole.oplog.entry import Entry, entries
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.task import Task
from tests.head.conftest import Recorded, TestedHead, needs_source
from tests.support import oplog_entries as made

CHUNK_ENTRIES = 400


def everything(recorded: Recorded) -> Iterator[Entry]:
    for array in recorded.arrays:
        yield from entries(array)


def is_part(entry: Entry) -> bool:
    """Of a transaction of several entries."""
    if entry.op != b"c" or not isinstance(decide(entry), InTransaction):
        return False
    o = bson.decode(entry.raw)["o"]
    return "commitTransaction" in o or not {"partialTxn", "prepare", "count"}.isdisjoint(o)


def chunks(recorded: Recorded, after: Optime, until: Optime) -> Iterator[bytes]:
    """What a stored oplog would give: nothing but what comes after `after`; each entry of a
    transaction in a chunk of its own.
    """
    kept: list[bytes] = []
    for entry in everything(recorded):
        if not after < entry.optime <= until:
            continue
        if kept and (is_part(entry) or len(kept) == CHUNK_ENTRIES):
            yield array_of(kept)
            kept = []
        kept.append(entry.raw)
        if is_part(entry):
            yield array_of(kept)
            kept = []
    if kept:
        yield array_of(kept)


def go_on(recorded: Recorded, head: TestedHead, until: Optime) -> HeadPosition:
    """With a new applier, as after a restart of the engine."""
    position = head.positions.read()
    assert position is not None
    applier = head.applier()
    for chunk in chunks(recorded, position.replay_from, until):
        position = applier.apply(chunk, None, Task())
    return position


def last_optime(recorded: Recorded) -> Optime:
    return list(entries(recorded.arrays[-1]))[-1].optime


@needs_source
def test_the_engine_may_be_restarted_between_any_two_entries_of_a_transaction(
    recorded: Recorded, head: TestedHead
) -> None:
    parts = [entry.optime for entry in everything(recorded) if is_part(entry)]
    assert len(parts) >= 10
    held_back = 0
    for part in parts:
        position = go_on(recorded, head, part)
        assert position.applied == part
        held_back += position.replay_from < part
    assert held_back > 3

    end = last_optime(recorded)
    assert go_on(recorded, head, end) == HeadPosition(end, end)
    assert differences(recorded.fingerprint, fingerprint(head.client)) == []


@needs_source
def test_a_snapshot_amid_a_prepared_transaction_goes_on_where_the_transaction_began(
    recorded: Recorded, head: TestedHead, start_mongod: Callable[..., MongodProcess]
) -> None:
    amid = next(e.optime for e in everything(recorded) if b"amid the wide one" in e.raw)
    position = go_on(recorded, head, amid)
    assert position.replay_from < position.applied == amid
    head.process.stop()
    files = head.process.options.dbpath
    shutil.copytree(files, files.with_name("snapshot"))

    snapshot = TestedHead(start_mongod("snapshot"), start=None)
    go_on(recorded, snapshot, last_optime(recorded))
    found = fingerprint(snapshot.client)
    snapshot.close()

    assert differences(recorded.fingerprint, found) == []


def parts_of(count: int, prepared: bool) -> list[made.Made]:
    """A transaction in `count` entries from second 10 on, committed by the last of them, or
    prepared by it.
    """
    marks = [{"partialTxn": True}] * (count - 1) + [{"prepare": True} if prepared else {}]
    return [
        made.transaction(
            10 + n,
            {"applyOps": [made.inner(made.insert(1, {"_id": n}))], **mark},
            previous=9 + n if n else 0,
        )
        for n, mark in enumerate(marks)
    ]


@pytest.mark.parametrize("end", ["commitTransaction", "abortTransaction"])
def test_a_prepared_transaction_that_began_before_a_restart_ends_as_it_should(
    head: TestedHead, end: str
) -> None:
    written = [made.create(2), *parts_of(3, prepared=True), made.insert(14, {"_id": "between"})]
    for entry in written:
        head.applier().apply(made.array(*written[: written.index(entry) + 1]), None, Task())
    assert head.positions.read() == HeadPosition(Optime(14, 1), Optime(10, 0))
    assert [one["_id"] for one in head.client.app.c.find()] == ["between"]

    ending = made.transaction(15, {end: 1}, previous=12)
    head.applier().apply(made.array(*written[1:], ending), None, Task())

    inserted = [0, 1, 2] if end == "commitTransaction" else []
    found = [one["_id"] for one in head.client.app.c.find()]
    assert found == ["between", *inserted]
    assert head.positions.read() == HeadPosition(Optime(15, 1), Optime(15, 1))


def test_two_transactions_that_are_open_at_once_are_both_read_again(head: TestedHead) -> None:
    other = {**made.SESSION, "uid": b"o" * 32}
    first = parts_of(2, prepared=True)
    second = made.transaction(
        12,
        {"applyOps": [made.inner(made.insert(1, {"_id": "x"}))], "prepare": True},
        session=other,
    )
    ends = [
        made.transaction(13, {"commitTransaction": 1}, previous=11),
        made.transaction(14, {"commitTransaction": 1}, previous=12, session=other),
    ]
    head.applier().apply(made.array(made.create(2), *first, second), None, Task())

    after_first = head.applier().apply(made.array(*first, second, ends[0]), None, Task())
    assert after_first == HeadPosition(Optime(13, 1), Optime(12, 0))

    after_both = head.applier().apply(made.array(second, *ends), None, Task())
    assert after_both == HeadPosition(Optime(14, 1), Optime(14, 1))
    assert [one["_id"] for one in head.client.app.c.find()] == [0, 1, "x"]
