"""A crash at any moment: the same entries are applied again and the head comes out the same."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import pytest
from bson import Decimal128
from bson.raw_bson import RawBSONDocument

from mmsconsole.clock import SystemClock
from mmsconsole.errors import ApplyFailed, CommandFailed, SourceUnreachable
from mmsconsole.head.applier import Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.spool import FileSpool
from mmsconsole.mongod.fingerprint import differences, fingerprint
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.task import Task
from tests.head.conftest import NO_SCAN, Recorded, TestedHead, needs_source
from tests.support import oplog_entries as made


class Failing:
    """A connection to a head that is lost now and then, a part of the command carried out."""

    def __init__(self, connection: WireConnection, chance: random.Random) -> None:
        self._connection = connection
        self._random = chance
        self._awaited = 0
        """Answers to what was sent before."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def send(self, command: Sequence[Buffer]) -> None:
        if self._random.random() > 0.3:
            self._connection.send(command)
            self._awaited += 1
            return
        body = dict(RawBSONDocument(b"".join(command)))
        operations = body.get("applyOps", [])
        if len(operations) > 1:
            body["applyOps"] = operations[: self._random.randrange(len(operations))]
        database = body.pop("$db")
        while self._awaited:
            self.receive()
        with suppress(CommandFailed):  # a replay within a replay has its own misses
            self._connection.run(database, body)
        self._lose("lost")

    def receive(self) -> bytearray:
        reply = self._connection.receive()
        self._awaited -= 1
        return reply

    def call(self, command: Sequence[Buffer]) -> bytearray:
        self.send(command)
        return self._connection.checked(self.receive())

    def run(self, db: str, command: Mapping[str, Any]) -> dict[str, Any]:
        chance = self._random.random()
        if chance < 0.05:
            self._lose("lost before")
        reply = self._connection.run(db, command)
        if chance < 0.1:
            self._lose("lost after")
        return reply

    def _lose(self, what: str) -> NoReturn:
        self._connection.close()
        raise SourceUnreachable(what)


def apply_all(applier: Applier, arrays: list[bytes]) -> None:
    for array in arrays:
        applier.apply(array, None, Task())


def apply_again_and_again(head: TestedHead, arrays: list[bytes], seed: int) -> int:
    """Until all is applied; returns how often the connection was lost."""
    chance = random.Random(seed)
    spool = FileSpool(head.process.options.dbpath)
    for lost in range(10_000):
        opened = WireConnection.connect(head.process.options.listen, None, 120)
        connection: Any = Failing(opened, chance)
        try:
            positions = PositionStore(connection)
            applier = Applier(connection, positions, spool, NO_SCAN, SystemClock())
            apply_all(applier, arrays)
        except SourceUnreachable:
            continue
        finally:
            opened.close()
        return lost
    raise AssertionError("no progress")


@needs_source
def test_a_head_that_is_lost_again_and_again_equals_its_source_in_the_end(
    recorded: Recorded, head: TestedHead
) -> None:
    lost = apply_again_and_again(head, recorded.arrays, seed=1)

    assert lost > 50
    assert differences(recorded.fingerprint, fingerprint(head.client)) == []


class Killing:
    """A connection to a head whose mongod is killed when it has carried out the n-th command."""

    def __init__(self, head: TestedHead, commands: int) -> None:
        self._head = head
        self._commands = commands

    def __getattr__(self, name: str) -> Any:
        return getattr(self._head.connection, name)

    def receive(self) -> bytearray:
        reply = self._head.connection.receive()
        self._commands -= 1
        if self._commands == 0:
            self._head.process.kill()
        return reply

    def call(self, command: Sequence[Buffer]) -> bytearray:
        self._head.connection.send(command)
        return self._head.connection.checked(self.receive())


@needs_source
def test_a_killed_mongod_goes_on_from_its_own_position(
    recorded: Recorded, head: TestedHead, start_mongod: Callable[..., MongodProcess]
) -> None:
    connection: Any = Killing(head, commands=40)
    spool = FileSpool(head.process.options.dbpath)
    applier = Applier(connection, head.positions, spool, NO_SCAN, SystemClock())
    with pytest.raises(SourceUnreachable):
        apply_all(applier, recorded.arrays)

    restarted = TestedHead(start_mongod("head0"), start=None)
    apply_all(restarted.applier(), recorded.arrays)
    found = fingerprint(restarted.client)
    restarted.close()

    assert differences(recorded.fingerprint, found) == []


def crashed(head: TestedHead, until: int) -> HeadPosition:
    """The position of a head that crashed while it applied what comes after second 10."""
    position = HeadPosition(Optime(10, 1), Optime(10, 1), Optime(until, 1))
    head.positions.write(position)
    return position


def unique(head: TestedHead, *made_before: made.Made) -> None:
    """Let the head hold app.c, unique in `u` but for documents without, as of second 10."""
    exists = {"u": {"$exists": True}}
    index = made.index(3, "u", unique=True, partialFilterExpression=exists)
    head.applier().apply(made.array(made.create(2), index, *made_before), None, Task())


def test_an_update_may_miss_its_document_when_a_later_entry_deletes_it(head: TestedHead) -> None:
    unique(head, made.insert(4, {"_id": 2}))
    crashed(head, until=12)

    range_in_doubt = made.array(
        made.update(11, 1, {"u": {"a": 1}}), made.delete(12, 1), made.insert(13, {"_id": 3})
    )
    position = head.applier().apply(range_in_doubt, None, Task())

    assert position == HeadPosition(Optime(13, 1), Optime(13, 1))
    assert [d["_id"] for d in head.client.app.c.find()] == [2, 3]


def test_a_value_may_clash_with_that_of_a_later_entry(head: TestedHead) -> None:
    entries = [
        made.insert(11, {"_id": 1, "u": "x"}), made.delete(12, 1),
        made.insert(13, {"_id": 2, "u": "x"}), made.update(14, 2, {"i": {"a": 1}}),
    ]  # fmt: skip
    unique(head, *entries[2:])
    crashed(head, until=14)

    head.applier().apply(made.array(*entries), None, Task())

    assert list(head.client.app.c.find()) == [{"_id": 2, "u": "x", "a": 1}]


def test_a_clash_that_nothing_makes_good_gives_the_head_up(head: TestedHead) -> None:
    """Passing over entry 12 would lose `name` without a word: entry 11 has taken it away."""
    entries = [
        made.replace(11, {"_id": 1}),
        made.update(12, 1, {"i": {"u": "x", "name": "n"}}),
        made.update(13, 1, {"u": {"u": "y"}}),
        made.insert(14, {"_id": 2, "u": "x"}),
    ]
    unique(head, made.insert(4, {"_id": 1}), *entries)
    crashed(head, until=14)

    with pytest.raises(ApplyFailed, match="1 documents could not be made good"):
        head.applier().apply(made.array(*entries), None, Task())


def test_what_is_forgiven_up_to_the_crash_is_an_error_behind_it(head: TestedHead) -> None:
    unique(head)
    crashed(head, until=12)
    applier = head.applier()

    with pytest.raises(ApplyFailed, match="the document is missing"):
        applier.apply(
            made.array(made.insert(12, {"_id": 1}), made.update(13, 2, {"i": {"a": 1}})),
            None,
            Task(),
        )
    assert head.positions.read() == HeadPosition(
        Optime(12, 1), Optime(12, 1), applying_until=Optime(13, 1)
    )


def test_the_position_stays_where_it_was_until_the_range_is_through(head: TestedHead) -> None:
    unique(head)
    before = crashed(head, until=13)
    applier = head.applier()

    first = applier.apply(made.array(made.insert(11, {"_id": 1})), None, Task())
    then = applier.apply(made.array(made.noop(12), made.insert(13, {"_id": 2})), None, Task())

    assert first == before
    assert then == HeadPosition(Optime(13, 1), Optime(13, 1))


@pytest.mark.parametrize("identity", [float("nan"), Decimal128("NaN")])
def test_a_document_whose_id_is_nan_may_be_there_already_in_a_clustered_collection(
    head: TestedHead, identity: object
) -> None:
    clustered = {"v": 2, "key": {"_id": 1}, "name": "_id_", "unique": True}
    create = made.command(2, {"create": "c", "clusteredIndex": clustered})
    entries = [made.insert(11, {"_id": identity}), made.update(12, identity, {"i": {"a": 1}})]
    head.applier().apply(made.array(create, *entries), None, Task())
    crashed(head, until=12)

    head.applier().apply(made.array(*entries), None, Task())

    found = head.client.app.c.find_one()
    assert found is not None
    assert found["a"] == 1
    assert head.client.app.c.count_documents({}) == 1
