"""Batches one behind the other: the head goes from one to the next without waiting for us."""

from collections.abc import Sequence
from typing import Any

import bson
import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import ApplyFailed
from mmsconsole.head.applier import Applier
from mmsconsole.head.position import HeadPosition
from mmsconsole.head.spool import FileSpool
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.task import Task
from tests.head.conftest import NO_SCAN, TestedHead
from tests.support import oplog_entries as made


class Noting:
    """A connection that notes when batches are sent and when answers to them are read."""

    def __init__(self, head: TestedHead) -> None:
        self._connection = head.connection
        self._awaited: list[bool] = []
        self.noted: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def send(self, command: Sequence[Buffer]) -> None:
        batch = "applyOps" in bson.decode(b"".join(command))
        self._awaited.append(batch)
        self.noted += ["sent"] if batch else []
        self._connection.send(command)

    def receive(self) -> bytearray:
        self.noted += ["answered"] if self._awaited.pop(0) else []
        return self._connection.receive()


def noting(head: TestedHead, tolerate_until: Optime = NO_SCAN) -> tuple[Applier, Noting]:
    head.applier().apply(made.array(made.create(2)), None, Task())
    through = Noting(head)
    connection: Any = through
    head.positions._connection = connection
    spool = FileSpool(head.process.options.dbpath)
    applier = Applier(connection, head.positions, spool, tolerate_until, SystemClock())
    through.noted.clear()
    return applier, through


def inserts(*seconds: int) -> bytes:
    return made.array(*(made.insert(n, {"_id": n}) for n in seconds))


def test_the_next_batch_is_sent_before_the_one_before_is_answered(head: TestedHead) -> None:
    applier, connection = noting(head)

    applier.apply(inserts(*range(10, 3010)), None, Task())

    assert connection.noted == ["sent", "sent", "answered", "sent", "answered", "answered"]
    assert head.client.app.c.count_documents({}) == 3000


def test_where_errors_are_tolerated_a_batch_waits_for_the_one_before(head: TestedHead) -> None:
    """For something of that one may have to be sent again, before anything else."""
    applier, connection = noting(head, tolerate_until=Optime(9000, 1))

    applier.apply(inserts(*range(10, 3010)), None, Task())

    assert connection.noted == ["sent", "answered"] * 3
    assert head.client.app.c.count_documents({}) == 3000


def test_an_error_leaves_no_answer_unread_and_a_position_that_reaches_over_all_sent(
    head: TestedHead,
) -> None:
    applier, connection = noting(head)
    lost = made.array(
        made.update(5, "nobody", {"u": {"a": 1}}),
        *(made.insert(n, {"_id": n}) for n in range(10, 2010)),
    )

    with pytest.raises(ApplyFailed, match="the document is missing"):
        applier.apply(lost, None, Task())

    assert connection.noted.count("sent") == connection.noted.count("answered") == 2
    assert head.positions.read() == HeadPosition(Optime(2, 1), Optime(2, 1), Optime(2008, 1))


def test_what_was_sent_behind_an_error_is_applied_again_without_harm(head: TestedHead) -> None:
    """As after a crash: up to where the position reaches."""
    applier, _ = noting(head)
    entries = [made.insert(n, {"_id": n, "a": 0}) for n in range(10, 1010)]
    entries += [made.update(n, n - 1010, {"u": {"a": n}}) for n in range(1020, 2000)]
    with pytest.raises(ApplyFailed):
        applier.apply(made.array(made.update(5, "nobody", {"u": {"a": 1}}), *entries), None, Task())

    made_good = [made.insert(4, {"_id": "nobody"}), made.update(5, "nobody", {"u": {"a": 1}})]
    position = head.applier().apply(made.array(*made_good, *entries), None, Task())

    assert position == HeadPosition(Optime(1999, 1), Optime(1999, 1))
    assert head.client.app.c.find_one({"_id": "nobody"}) == {"_id": "nobody", "a": 1}
    assert head.client.app.c.count_documents({"a": {"$gte": 1020}}) == 980
