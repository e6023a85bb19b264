"""The connection to the head ends at its n-th call, for every n: the head comes out the same.

So a crash comes between the position and the batch, into the batch, between the batch and the
position, and between any two of the calls that one command makes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument

from mmsconsole.clock import SystemClock
from mmsconsole.errors import ApplyFailed, Cancelled, CommandFailed, SourceUnreachable
from mmsconsole.head.applier import Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.spool import FileSpool
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.task import Task
from tests.head.conftest import BEGINNING, NO_SCAN, TestedHead
from tests.support import oplog_entries as made

EXISTS = {"u": {"$exists": True}}
PARTIAL = {"partialTxn": True}


def part(seconds: int, previous: int, *operations: made.Made, **more: Any) -> made.Made:
    """An entry of a transaction."""
    inside = [made.inner(operation) for operation in operations]
    return made.transaction(seconds, {"applyOps": inside, **more}, previous)


FIRST = made.array(
    made.create(2),
    made.index(3, "u", unique=True, partialFilterExpression=EXISTS),
    # One document, updated and deleted; one value that three documents have in turn.
    made.insert(4, {"_id": 1, "u": "x"}),
    made.update(5, 1, {"i": {"n": 1}}),
    made.delete(6, 1),
    made.insert(7, {"_id": 2, "u": "x"}),
    made.update(8, 2, {"u": {"u": "y"}}),
    made.insert(9, {"_id": 3, "u": "x"}),
    made.replace(10, {"_id": 2, "again": True}),
    made.delete(11, 2),
    # A transaction in two parts, with a write of somebody else between them.
    part(12, 0, made.insert(0, {"_id": 4}), made.update(0, 3, {"i": {"t": 1}}), **PARTIAL),
    made.insert(13, {"_id": 5}),
)
SECOND = made.array(
    part(14, 12, made.delete(0, 5), made.update(0, 4, {"i": {"t": 2}}), count=4),
    made.create(15, "d", ui=made.OTHER_UUID),
    made.insert(16, {"_id": 1}, ns="app.d", ui=made.OTHER_UUID),
    made.command(17, {"dropIndexes": "c", "index": "u_1"}),
    made.index(18, "t"),
    made.command(19, {"renameCollection": "app.d", "to": "app.e"}, ui=made.OTHER_UUID),
    made.insert(20, {"_id": 2}, ns="app.e", ui=made.OTHER_UUID),
    made.command(21, {"drop": "e"}, ui=made.OTHER_UUID),
    made.update(22, 3, {"u": {"u": "z"}}),
    made.noop(23),
)
END = Optime(23, 1)

BEFORE, AMID, BEHIND = "before", "amid", "behind"


class Ending:
    """A connection that ends at its n-th call: before the head has got the command, when it has
    carried out a half of it, or before its answer comes.
    """

    def __init__(self, connection: WireConnection, nth: int, when: str) -> None:
        self.calls = 0
        self._connection = connection
        self._nth, self._when = nth, when
        self._awaited = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def send(self, command: Sequence[Buffer]) -> None:
        self.calls += 1
        if self.calls == self._nth:
            self._end(RawBSONDocument(b"".join(command)))
        self._connection.send(command)
        self._awaited += 1

    def receive(self) -> bytearray:
        self._awaited -= 1
        return self._connection.receive()

    def call(self, command: Sequence[Buffer]) -> bytearray:
        self.send(command)
        return self._connection.checked(self.receive())

    def run(self, db: str, command: Mapping[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.calls == self._nth:
            self._end({**command, "$db": db})
        return self._connection.run(db, command)

    def _end(self, command: Mapping[str, Any]) -> None:
        while self._awaited:  # what was sent before is carried out
            self.receive()
        body = dict(command)
        database = body.pop("$db")
        if self._when is AMID and len(body.get("applyOps", [])) > 1:
            body["applyOps"] = body["applyOps"][: len(body["applyOps"]) // 2]
        if self._when is not BEFORE:
            with suppress(CommandFailed):  # a replay has its own misses
                self._connection.run(database, body)
        raise SourceUnreachable("the connection has ended")


class Replayed:
    """A head that is emptied and given the same oplog again and again."""

    def __init__(self, head: TestedHead) -> None:
        self.head = head
        self._spool = FileSpool(head.process.options.dbpath)

    def empty(self) -> None:
        self.head.client.drop_database("app")
        self.head.positions.write(HeadPosition(BEGINNING, BEGINNING))

    def apply(self, connection: Any, *arrays: bytes, task: Task | None = None) -> HeadPosition:
        positions = PositionStore(connection)
        applier = Applier(connection, positions, self._spool, NO_SCAN, SystemClock())
        for array in arrays:
            applier.apply(array, None, task or Task())
        return applier.position

    def apply_until_it_ends(self, nth: int, when: str) -> bool:
        """Whether there was an n-th call at all."""
        ending = Ending(self.head.connection, nth, when)
        with suppress(SourceUnreachable):
            self.apply(ending, FIRST, SECOND)
        return ending.calls >= nth

    @property
    def state(self) -> dict[str, Any]:
        database = self.head.client.app
        return {
            name: (list(database[name].find()), database[name].index_information())
            for name in sorted(database.list_collection_names())
        }


@pytest.fixture
def replayed(head: TestedHead) -> Replayed:
    return Replayed(head)


def struck(replayed: Replayed, when: str) -> Iterator[int]:
    """1, 2, 3 … as long as there is an n-th call; the head has ended there each time."""
    nth = 1
    while True:
        replayed.empty()
        if not replayed.apply_until_it_ends(nth, when):
            return
        yield nth
        nth += 1


@pytest.mark.parametrize("when", [BEFORE, AMID, BEHIND])
def test_a_head_whose_connection_ends_at_any_call_comes_out_the_same(
    replayed: Replayed, when: str
) -> None:
    replayed.empty()
    replayed.apply(replayed.head.connection, FIRST, SECOND)
    expected = replayed.state
    assert [document["_id"] for document in expected["c"][0]] == [3, 4]

    nth = 0
    for nth in struck(replayed, when):
        reached = replayed.apply(replayed.head.connection, FIRST, SECOND)
        assert (replayed.state, reached) == (expected, HeadPosition(END, END)), f"call {nth}"
    assert nth > 20


def test_a_head_whose_replay_is_broken_off_too_comes_out_the_same(replayed: Replayed) -> None:
    replayed.empty()
    replayed.apply(replayed.head.connection, FIRST, SECOND)
    expected = replayed.state

    for nth in struck(replayed, AMID):
        replayed.apply_until_it_ends(nth // 2 + 3, BEHIND)
        reached = replayed.apply(replayed.head.connection, FIRST, SECOND)
        assert (replayed.state, reached) == (expected, HeadPosition(END, END)), f"call {nth}"


def test_a_replay_that_is_cancelled_keeps_what_is_in_doubt(replayed: Replayed) -> None:
    replayed.empty()
    replayed.apply(replayed.head.connection, FIRST, SECOND)
    expected = replayed.state
    cancelled = Task()
    cancelled.cancellation.cancel()

    for nth in struck(replayed, AMID):
        with suppress(Cancelled):  # there may be nothing left to apply
            replayed.apply(replayed.head.connection, FIRST, SECOND, task=cancelled)
        reached = replayed.apply(replayed.head.connection, FIRST, SECOND)
        assert (replayed.state, reached) == (expected, HeadPosition(END, END)), f"call {nth}"


def test_what_is_tolerated_in_a_replay_ends_where_the_crash_was(replayed: Replayed) -> None:
    """Wherever the connection ended: a missing document behind that place is an error."""
    wrong = made.array(made.update(24, "never there", {"i": {"a": 1}}))
    for nth in struck(replayed, AMID):
        if nth % 5:
            continue
        replayed.apply(replayed.head.connection, FIRST, SECOND)
        with pytest.raises(ApplyFailed, match="the document is missing"):
            replayed.apply(replayed.head.connection, FIRST, SECOND, wrong)
