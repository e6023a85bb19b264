"""Transactions are put together until they commit."""

import bson
import pytest

from mmsconsole.errors import OplogError
from mmsconsole.oplog.transactions import TransactionBuffer
from mmsconsole.optime import INCREMENT_MAX, Optime
from tests.support import oplog_entries as made

OTHER_SESSION = {**made.SESSION, "uid": b"v" * 32}


class ListSpool:
    """A spool that remembers what it holds."""

    def __init__(self) -> None:
        self.data = b""
        self.cleared = 0

    def put(self, data: bytes) -> int:
        self.data += data
        return len(self.data) - len(data)

    def get(self, place: int, length: int) -> bytes:
        return self.data[place : place + length]

    def clear(self) -> None:
        self.data = b""
        self.cleared += 1


def operations(*names: str) -> list[made.Made]:
    return [made.inner(made.insert(1, {"_id": name})) for name in names]


def part(seconds: int, previous: int, *names: str, **marks: object) -> made.Made:
    fields = {name: marks.pop(name) for name in ("number", "session") if name in marks}
    o = {"applyOps": operations(*names), **marks}
    return made.transaction(seconds, o, previous, **fields)


def take(buffer: TransactionBuffer, *entries: made.Made, applied: bool = False) -> list[str]:
    """The _ids that are to be inserted."""
    found = []
    for entry in entries:
        for piece in buffer.take(made.peeked(entry), applied):
            found += [operation["o"]["_id"] for operation in bson.decode(piece.read()).values()]
    buffer.release()
    return found


@pytest.fixture
def spool() -> ListSpool:
    return ListSpool()


@pytest.fixture
def buffer(spool: ListSpool) -> TransactionBuffer:
    return TransactionBuffer(spool)


COMMIT, ABORT = {"commitTransaction": 1}, {"abortTransaction": 1}
PARTIAL, PREPARE = {"partialTxn": True}, {"prepare": True}
ROWS = {
    "small": ([part(1, 0, "a", "b")], ["a", "b"]),
    "large": (
        [part(1, 0, "a", **PARTIAL), part(2, 1, "b", **PARTIAL), part(3, 2, "c", count=3)],
        ["a", "b", "c"],
    ),
    "prepared and committed": (
        [part(1, 0, "a", **PREPARE), made.transaction(2, COMMIT, 1)], ["a"],
    ),
    "prepared in parts and committed": (
        [part(1, 0, "a", **PARTIAL), part(2, 1, "b", **PREPARE), made.transaction(9, COMMIT, 2)],
        ["a", "b"],
    ),
    "prepared and aborted": ([part(1, 0, "a", **PREPARE), made.transaction(2, ABORT, 1)], []),
    "not yet committed": ([part(1, 0, "a", **PARTIAL), part(2, 1, "b", **PREPARE)], []),
    "begun anew under the same number": ([part(1, 0, "a", **PARTIAL), part(2, 0, "b")], ["b"]),
    "left by its session": (
        [part(1, 0, "a", **PARTIAL), part(2, 0, "b", number=2)], ["b"],
    ),
    "abort of what was never seen": ([made.transaction(2, ABORT, 1)], []),
}  # fmt: skip


@pytest.mark.parametrize("kind", ROWS)
def test_what_is_applied_of_a_transaction(buffer: TransactionBuffer, kind: str) -> None:
    entries, expected = ROWS[kind]
    assert take(buffer, *entries) == expected


def test_transactions_of_different_sessions_do_not_mix(buffer: TransactionBuffer) -> None:
    mixed = [
        part(1, 0, "a", **PARTIAL),
        part(2, 0, "x", session=OTHER_SESSION, **PARTIAL),
        part(3, 1, "b"),
        part(4, 2, "y", session=OTHER_SESSION),
    ]
    assert take(buffer, *mixed) == ["a", "b", "x", "y"]


@pytest.mark.parametrize(
    "entry",
    [made.transaction(5, COMMIT, 4), part(5, 4, "b"), part(5, 4, "b", **PARTIAL)],
    ids=["commit", "last part", "part"],
)
def test_a_transaction_whose_beginning_was_not_read_is_an_error(
    buffer: TransactionBuffer, entry: made.Made
) -> None:
    with pytest.raises(OplogError, match="5:1"):
        take(buffer, entry)


def test_a_part_that_is_missing_in_the_middle_is_an_error(buffer: TransactionBuffer) -> None:
    take(buffer, part(1, 0, "a", **PARTIAL))
    with pytest.raises(OplogError, match="2:1 is missing"):
        take(buffer, part(3, 2, "c"))


def test_what_was_applied_before_is_not_given_again(buffer: TransactionBuffer) -> None:
    again = [part(1, 0, "a", **PARTIAL), part(2, 1, "b"), part(3, 0, "c", number=2, **PREPARE)]
    assert take(buffer, *again, applied=True) == []
    assert take(buffer, made.transaction(9, COMMIT, 3, number=2)) == ["c"]


def test_what_began_before_the_reading_and_was_applied_is_passed_over(
    buffer: TransactionBuffer,
) -> None:
    assert take(buffer, part(5, 4, "b"), made.transaction(6, COMMIT, 5), applied=True) == []


def test_reading_begins_again_at_the_position_when_nothing_is_open(
    buffer: TransactionBuffer,
) -> None:
    take(buffer, part(1, 0, "a"))
    assert buffer.replay_from(Optime(7, 1)) == Optime(7, 1)


def test_reading_begins_again_before_the_oldest_open_transaction(
    buffer: TransactionBuffer,
) -> None:
    take(buffer, part(3, 0, "a", **PREPARE))
    take(buffer, part(5, 0, "x", session=OTHER_SESSION, **PREPARE))
    assert buffer.replay_from(Optime(7, 1)) == Optime(3, 0)

    take(buffer, made.transaction(8, COMMIT, 3))
    assert buffer.replay_from(Optime(8, 1)) == Optime(5, 0)


def test_a_transaction_stays_needed_until_the_position_has_passed_its_end(
    buffer: TransactionBuffer,
) -> None:
    take(buffer, part(3, 0, "a", **PREPARE), made.transaction(8, COMMIT, 3))
    assert buffer.replay_from(Optime(7, 1)) == Optime(3, 0)
    assert buffer.replay_from(Optime(8, 1)) == Optime(8, 1)


def test_the_position_before_the_first_increment_is_in_the_second_before(
    buffer: TransactionBuffer,
) -> None:
    first = part(3, 0, "a", **PREPARE)
    first["ts"] = bson.Timestamp(3, 0)
    take(buffer, first)
    assert buffer.replay_from(Optime(7, 1)) == Optime(2, INCREMENT_MAX)


def test_what_does_not_fit_into_memory_goes_through_the_spool(spool: ListSpool) -> None:
    buffer = TransactionBuffer(spool, memory_bytes_max=300)
    take(buffer, part(1, 0, "a", **PARTIAL), part(2, 1, "b", **PARTIAL), part(3, 2, "c", **PREPARE))
    assert len(spool.data) > 100

    assert take(buffer, made.transaction(4, COMMIT, 3)) == ["a", "b", "c"]
    assert spool.data == b""


def test_the_spool_is_kept_while_another_transaction_needs_it(spool: ListSpool) -> None:
    buffer = TransactionBuffer(spool, memory_bytes_max=0)
    take(buffer, part(1, 0, "x", session=OTHER_SESSION, **PREPARE))
    take(buffer, part(2, 0, "a"))
    assert take(buffer, made.transaction(3, COMMIT, 1, session=OTHER_SESSION)) == ["x"]
    assert spool.data == b""


def test_memory_is_given_back_when_a_transaction_ends(spool: ListSpool) -> None:
    buffer = TransactionBuffer(spool, memory_bytes_max=300)
    for number in range(10):
        take(buffer, part(2 * number + 1, 0, "a", number=number, **PREPARE))
        take(buffer, made.transaction(2 * number + 2, ABORT, 2 * number + 1, number=number))
    take(buffer, part(99, 0, "a", number=99, **PREPARE))
    assert spool.data == b""


@pytest.mark.parametrize("name", ["lsid", "txnNumber"])
def test_an_entry_without_its_session_is_an_error(buffer: TransactionBuffer, name: str) -> None:
    entry = made.transaction(2, COMMIT, 1)
    del entry[name]
    with pytest.raises(OplogError):
        take(buffer, entry)
