"""A batch is one applyOps command over the bytes of its entries."""

import bson

from mmsconsole.head.batch import BYTES_MAX, ENTRIES_MAX, Batch, Outcome, alone
from mmsconsole.mongod.wire import MESSAGE_BYTES_MAX
from mmsconsole.oplog.entry import entries
from tests.support import oplog_entries as made


def test_the_command_holds_the_entries_byte_for_byte() -> None:
    written = [made.insert(1, {"_id": n}) for n in range(12)]
    batch = Batch(list(entries(made.array(*written))))

    command = bson.decode(b"".join(batch.command))

    assert command == {
        "applyOps": written,
        "allowAtomic": False,
        "alwaysUpsert": False,
        "bypassDocumentValidation": True,
        "$db": "admin",
    }


def test_a_batch_is_full_when_it_has_its_number_of_entries() -> None:
    batch = Batch()
    entry = made.peeked(made.delete(1, 1))
    assert all(batch.add(entry) for _ in range(ENTRIES_MAX))
    assert not batch.add(entry)
    assert len(bson.decode(b"".join(batch.command))["applyOps"]) == ENTRIES_MAX


def test_a_batch_is_full_when_it_has_its_bytes() -> None:
    half = made.peeked(made.insert(1, {"s": "x" * (BYTES_MAX // 2)}))
    batch = Batch()
    assert batch.add(half)
    assert not batch.add(half)


def test_an_entry_larger_than_a_batch_goes_alone() -> None:
    largest = made.peeked(made.insert(1, {"s": "x" * (16 << 20)}))
    batch = Batch()
    assert batch.add(largest)
    assert not batch.add(made.peeked(made.delete(1, 1)))
    assert sum(map(len, batch.command)) < MESSAGE_BYTES_MAX


def test_an_operation_of_our_own_is_an_entry_too() -> None:
    operation = bson.encode(made.inner(made.delete(1, 1)))
    assert alone(operation).raw == operation


def test_an_answer_without_results_has_none() -> None:
    assert Outcome.of({"ok": 0, "code": 20, "errmsg": "no"}) == Outcome([], 20, "no")
