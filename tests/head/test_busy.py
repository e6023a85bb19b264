"""A head's mongod that is short of cache or time: the same again, and no word against the head."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from mmsconsole.errors import ApplyFailed, Cancelled, MongodBusy
from mmsconsole.head.applier import Applier
from mmsconsole.head.building import HeadBuilder, SliceFeed
from mmsconsole.head.busy import PAUSES
from mmsconsole.head.creating import create_collections
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.server import HeadServer
from mmsconsole.head.spool import FileSpool
from mmsconsole.mongod.process import HEAD_FLAGS, MongodProcess
from mmsconsole.mongod.source_errors import BUSY_CODES
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.task import Task
from tests.head.conftest import BEGINNING, NO_SCAN, TestedHead
from tests.head.test_building import Store, collection, encoded
from tests.head.test_every_call import END, FIRST, SECOND
from tests.support import oplog_entries as made
from tests.support.clock import ManualClock

ALL_REFUSED = -1
PING = {"ping": 1, "$db": "admin"}
CREATED = made.array(made.create(2))


class Busy:
    """A connection to a head that carries out so many operations of its next batches, one number
    for each, and is then too busy; `None`: all of them. As 6.0.5 answers.
    """

    def __init__(
        self, connection: WireConnection, stops: Sequence[int | None], code: int = 388
    ) -> None:
        self._connection = connection
        self._stops = deque(stops)
        self._code = code
        self._awaited: deque[int | None] = deque()
        self.batches = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def send(self, command: Sequence[Buffer]) -> None:
        body = RawBSONDocument(b"".join(command))
        batch = "applyOps" in body
        self.batches += batch
        stop = self._stops.popleft() if batch and self._stops else None
        if stop is not None:
            stop = min(stop, len(body["applyOps"]) - 1)
            part = {**body, "applyOps": body["applyOps"][:stop]}
            command = [bson.encode(part if stop > 0 else PING)]
        self._awaited.append(stop)
        self._connection.send(command)

    def receive(self) -> bytearray:
        stop, reply = self._awaited.popleft(), self._connection.receive()
        if stop is None:
            return reply
        results = bson.decode(reply).get("results", [])
        if len(results) < stop:  # something else has stopped it before
            return reply
        told = {"results": [*results, False]} if stop != ALL_REFUSED else {}
        return bytearray(bson.encode({"ok": 0.0, "code": self._code, "errmsg": "no room", **told}))

    def call(self, command: Sequence[Buffer]) -> bytearray:
        self.send(command)
        return self._connection.checked(self.receive())


@pytest.fixture
def quick() -> ManualClock:
    return ManualClock(auto_advance=True)


@pytest.fixture
def head(standalone: MongodProcess) -> Iterator[TestedHead]:
    head = TestedHead(standalone, BEGINNING)
    yield head
    head.client.drop_database("app")
    head.positions.remove()
    head.close()


Apply = Callable[..., HeadPosition]


@pytest.fixture
def apply(head: TestedHead, quick: ManualClock) -> Apply:
    """apply(connection, *arrays, task) with a new applier, by a clock that never really waits."""

    def apply(connection: Any, *arrays: bytes, task: Task | None = None) -> HeadPosition:
        spool = FileSpool(head.process.options.dbpath)
        applier = Applier(connection, PositionStore(connection), spool, NO_SCAN, quick)
        for array in arrays:
            applier.apply(array, None, task or Task())
        return applier.position

    return apply


def inserts(*seconds: int) -> bytes:
    return made.array(*(made.insert(n, {"_id": n}) for n in seconds))


def ids(head: TestedHead) -> list[int]:
    return [document["_id"] for document in head.client.app.c.find(sort=[("_id", 1)])]


@pytest.mark.parametrize("code", sorted(BUSY_CODES))
@pytest.mark.parametrize("stop", [ALL_REFUSED, 0, 2])
def test_what_a_head_is_too_busy_for_is_applied_after_a_pause(
    head: TestedHead, apply: Apply, quick: ManualClock, code: int, stop: int
) -> None:
    busy = Busy(head.connection, [None, stop], code)

    position = apply(busy, CREATED, inserts(3, 4, 5))

    assert (ids(head), position) == ([3, 4, 5], HeadPosition(Optime(5, 1), Optime(5, 1)))
    assert quick.slept == [PAUSES[0]]


def test_every_other_error_is_still_one_of_the_head(head: TestedHead, apply: Apply) -> None:
    with pytest.raises(ApplyFailed, match=r"no room \(code 96\)"):
        apply(Busy(head.connection, [None, 1], code=96), CREATED, inserts(3, 4))


def test_a_head_that_is_busy_again_and_again_is_left_as_it_is(
    head: TestedHead, apply: Apply, quick: ManualClock
) -> None:
    """Not for good: what comes next goes on from its position."""
    entries = inserts(3, 4, 5)

    with pytest.raises(MongodBusy, match=r"too busy .* no room \(code 388\)"):
        apply(Busy(head.connection, [None, 1, *[0] * 20]), CREATED, entries)
    assert quick.slept == list(PAUSES)

    assert apply(head.connection, entries).applied == Optime(5, 1)
    assert ids(head) == [3, 4, 5]


def test_tries_are_counted_anew_when_something_was_applied(head: TestedHead, apply: Apply) -> None:
    seconds = range(3, 3 + 3 * len(PAUSES))

    apply(Busy(head.connection, [None, *[1] * (len(seconds) - 1)]), CREATED, inserts(*seconds))

    assert ids(head) == list(seconds)


def test_who_cancels_does_not_wait_for_a_busy_head(head: TestedHead, apply: Apply) -> None:
    task = Task()
    busy = Busy(head.connection, [None, 1, *[0] * 20])
    apply(busy, CREATED)
    send = busy.send
    busy.send = lambda command: (send(command), task.cancellation.cancel())  # type: ignore[method-assign]

    with pytest.raises(Cancelled):
        apply(busy, inserts(3, 4, 5), task=task)

    assert apply(head.connection, inserts(3, 4, 5)).applied == Optime(5, 1)
    assert ids(head) == [3, 4, 5]


@pytest.mark.parametrize("stops", [[None, 500], [None, ALL_REFUSED], [None, 999, 7, 0], [5, 5, 5]])
def test_what_was_sent_behind_is_applied_again_behind_it(
    head: TestedHead, apply: Apply, stops: list[int | None]
) -> None:
    """The head has tried it already, without what it builds on."""
    apply(head.connection, CREATED)
    entries = [made.insert(n, {"_id": n}) for n in range(10, 1510)]
    entries += [made.update(n, n - 1500, {"i": {"a": 1}}) for n in range(1510, 3010)]
    entries += [made.update(n, n - 3000, {"u": {"a": 2}}) for n in range(3010, 4510)]
    entries += [made.delete(4510, 10), made.insert(4511, {"_id": 10, "a": 2})]

    position = apply(Busy(head.connection, stops), made.array(*entries))

    assert position == HeadPosition(Optime(4511, 1), Optime(4511, 1))
    assert head.client.app.c.count_documents({"a": 2}) == 1500


def test_a_document_that_is_missing_behind_a_busy_moment_is_not_passed_over(
    head: TestedHead, apply: Apply
) -> None:
    apply(head.connection, CREATED)
    entries = [made.insert(n, {"_id": n}) for n in range(10, 1510)]
    entries.append(made.update(1510, "nobody", {"u": {"a": 1}}))

    with pytest.raises(ApplyFailed, match="1 documents could not be made good"):
        apply(Busy(head.connection, [500]), made.array(*entries))


@pytest.mark.parametrize("stop", [ALL_REFUSED, 0, 1])
def test_a_head_that_is_too_busy_at_any_call_comes_out_the_same(
    head: TestedHead, apply: Apply, stop: int
) -> None:
    def applied(*stops: int | None) -> tuple[int, HeadPosition, list[Any]]:
        head.client.drop_database("app")
        head.positions.write(HeadPosition(BEGINNING, BEGINNING))
        busy = Busy(head.connection, stops)
        position = apply(busy, FIRST, SECOND)
        return busy.batches, position, list(head.client.app.c.find())

    batches, position, expected = applied()
    assert (position, [document["_id"] for document in expected]) == (
        HeadPosition(END, END),
        [3, 4],
    )

    for nth in range(batches):
        assert applied(*[None] * nth, stop)[1:] == (position, expected), f"batch {nth}"


def test_a_slice_is_inserted_again_when_the_head_was_too_busy(
    standalone: MongodProcess, quick: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = HeadServer(standalone, standalone.client(), (6, 0))
    of, store, feed = collection("app.c"), Store(), SliceFeed()
    create_collections(server.client, [of], Task())
    feed.add(of, store.put(of, encoded({"_id": 1}, {"_id": 2})))
    feed.finish()
    answers = [{"ok": 1.0, "writeErrors": [{"index": 1, "code": 365, "errmsg": "no room"}]}] * 2
    call = WireConnection.call

    def answered(connection: WireConnection, command: Sequence[Buffer]) -> bytearray:
        reply = call(connection, command)
        inserted = b"insert" in command[0] and answers
        return bytearray(bson.encode(answers.pop())) if inserted else reply

    monkeypatch.setattr(WireConnection, "call", answered)
    try:
        anything: Any = store
        HeadBuilder(server, anything, quick).run(feed, Task())

        assert server.client.app.c.count_documents({}) == 2
        assert quick.slept == list(PAUSES[:2])
    finally:
        server.client.drop_database("app")
        server.client.local.mmsconsole_built.drop()
        server.client.close()


def test_a_real_mongod_that_is_too_busy_for_a_moment_is_waited_for(
    start_mongod: Callable[..., MongodProcess], quick: ManualClock
) -> None:
    """By its own fail points."""
    flags = [*HEAD_FLAGS, "--setParameter", "enableTestCommands=1"]
    head = TestedHead(start_mongod(extra=flags), BEGINNING)
    applier = Applier(head.connection, head.positions, FileSpool(head.process.options.dbpath),
                      NO_SCAN, quick)  # fmt: skip
    failing = {"failCommands": ["applyOps", "createIndexes", "dropIndexes"], "errorCode": 388}

    def fail() -> None:
        command = {"configureFailPoint": "failCommand", "mode": {"times": 2}, "data": failing}
        head.client.admin.command(command)

    for number, entries in enumerate((
        CREATED, inserts(3, 4), made.array(made.index(5, "t")),
        made.array(made.command(6, {"dropIndexes": "c", "index": "t_1"})),
        made.array(made.command(7, {"collMod": "c", "validator": {}})),
    )):  # fmt: skip
        fail()
        applier.apply(entries, None, Task())
        assert len(quick.slept) == 2 * (number + 1)
    assert ids(head) == [3, 4]
    assert list(head.client.app.c.index_information()) == ["_id_"]
    head.close()
