"""The applier on real servers: a head that has applied the oplog equals its source."""

from collections.abc import Sequence
from typing import Any

import bson
import pytest
from bson.timestamp import Timestamp

from mmsconsole.clock import SystemClock
from mmsconsole.demo.waiting import wait_for
from mmsconsole.errors import (
    ApplyFailed,
    Cancelled,
    OplogError,
    ResyncRequired,
    UnknownCommand,
)
from mmsconsole.head.applier import Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.spool import FileSpool
from mmsconsole.mongod.fingerprint import differences, fingerprint
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.entry import entries
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.task import Cancellation, Task
from tests.head.conftest import NO_SCAN, Recorded, TestedHead, needs_source
from tests.support import oplog_entries as made


def apply(applier: Applier, *written: made.Made, until: Optime | None = None) -> HeadPosition:
    return applier.apply(made.array(*written), until, Task())


def ids(head: TestedHead, collection: str = "c") -> list[Any]:
    return [document["_id"] for document in head.client.app[collection].find()]


def at(seconds: int) -> HeadPosition:
    """A position with nothing open or in doubt."""
    return HeadPosition(Optime(seconds, 1), Optime(seconds, 1))


# -- all of a real oplog


@needs_source
def test_a_head_that_has_applied_everything_equals_its_source(
    recorded: Recorded, head: TestedHead
) -> None:
    applier = head.applier()
    for array in recorded.arrays:
        applier.apply(array, None, Task())

    assert differences(recorded.fingerprint, fingerprint(head.client)) == []
    last = list(entries(recorded.arrays[-1]))[-1]
    assert head.positions.read() == HeadPosition(last.optime, last.optime)


def optime_of(recorded: Recorded, word: bytes, after: Optime = NO_SCAN) -> Optime:
    """Of the first entry behind `after` with that word in it."""
    for array in recorded.arrays:
        for entry in entries(array):
            if entry.optime > after and word in entry.raw:
                return entry.optime
    raise AssertionError("not there")


@needs_source
def test_at_a_point_between_prepare_and_commit_there_is_nothing_of_a_transaction(
    recorded: Recorded, head: TestedHead
) -> None:
    amid = optime_of(recorded, b"amid the wide one")
    wide = {"_id": {"$regex": "^wide"}}
    applier = head.applier()
    for array in recorded.arrays:
        position = applier.apply(array, amid, Task())
    assert position.applied == amid
    assert position.replay_from < amid
    assert head.client.app.things.count_documents({"_id": "amid the wide one"}) == 1
    assert head.client.app.txn.count_documents(wide) == 0

    # Another applier, as after a restart, has to read again.
    commit = optime_of(recorded, b"commitTransaction", after=amid)
    applier = head.applier()
    for array in recorded.arrays:
        position = applier.apply(array, commit, Task())
    assert position == HeadPosition(commit, commit)
    assert head.client.app.txn.count_documents(wide) == 4


# -- the stream


def test_a_point_in_time_is_inclusive_and_may_be_passed_later(head: TestedHead) -> None:
    written = made.create(2), *(made.insert(n, {"_id": n}) for n in (3, 4, 5))
    applier = head.applier()

    assert apply(applier, *written, until=Optime(4, 1)) == at(4)
    assert ids(head) == [3, 4]

    assert apply(applier, *written, until=Optime(4, 7)) == at(4)
    assert apply(applier, *written[3:], until=Optime(2, 1)) == at(4)
    assert apply(applier, *written) == at(5)
    assert ids(head) == [3, 4, 5]


def test_entries_that_were_applied_before_are_passed_over(head: TestedHead) -> None:
    first = made.create(2), made.insert(3, {"_id": 1})
    apply(head.applier(), *first)
    head.client.app.c.delete_many({})

    assert apply(head.applier(), *first, made.insert(4, {"_id": 2})) == at(4)
    assert ids(head) == [2]


def test_a_zero_timestamp_stays_where_its_document_is_there_already(head: TestedHead) -> None:
    """applyOps would put the current time there (measured on 6.0.5)."""
    document = {"_id": 1, "at": Timestamp(0, 0), "n": 1}
    apply(head.applier(), made.create(2))
    head.client.app.c.insert_one({"_id": 1, "n": 0})

    apply(head.applier(), made.insert(3, document))

    assert head.client.app.c.find_one() == document


def test_entries_out_of_order_are_an_error(head: TestedHead) -> None:
    with pytest.raises(OplogError, match="out of order"):
        apply(head.applier(), made.noop(3), made.noop(2))


def test_the_position_advances_over_what_is_skipped(head: TestedHead) -> None:
    skipped = made.insert(3, {"_id": 1}, ns="config.transactions"), made.noop(4)
    assert apply(head.applier(), *skipped) == at(4)
    assert head.positions.read() == at(4)
    assert head.client.list_database_names() == ["admin", "local"]


def test_nothing_to_apply_leaves_the_position_alone(head: TestedHead) -> None:
    before = head.positions.read()
    assert apply(head.applier()) == before


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        (made.command(4, {"invented": 1}), UnknownCommand),
        (made.command(4, {"importCollection": "x"}), ResyncRequired),
        (made.replace(4, {"_id": "featureCompatibilityVersion", "version": "7.0"},
                      ns="admin.system.version"), ResyncRequired),
    ],
    ids=["unknown", "import", "version"],
)  # fmt: skip
def test_what_a_head_cannot_follow_stops_it_just_before(
    head: TestedHead, entry: made.Made, error: type[Exception]
) -> None:
    before = made.create(2), made.insert(3, {"_id": 3})
    with pytest.raises(error) as raised:
        apply(head.applier(), *before, entry, made.insert(5, {"_id": 5}))

    assert getattr(raised.value, "where", "") == "oplog entry 4:1"
    assert head.positions.read() == at(3)
    assert ids(head) == [3]


def test_a_head_without_a_position_has_no_applier(head: TestedHead) -> None:
    head.positions.remove()
    with pytest.raises(ApplyFailed, match="no position"):
        head.applier()


def test_an_applier_is_spent_after_an_error(head: TestedHead) -> None:
    applier = head.applier()
    with pytest.raises(UnknownCommand):
        apply(applier, made.command(4, {"invented": 1}))
    with pytest.raises(AssertionError):
        apply(applier, made.noop(5))


def test_a_missing_document_in_the_steady_state_is_an_error(head: TestedHead) -> None:
    with pytest.raises(ApplyFailed, match="the document is missing") as raised:
        apply(head.applier(), made.create(2), made.update(3, 1, {"i": {"a": 1}}))
    assert raised.value.where == "oplog entry 3:1"
    assert raised.value.hint


def test_a_duplicate_key_in_the_steady_state_is_an_error(head: TestedHead) -> None:
    with pytest.raises(ApplyFailed, match="code 11000"):
        apply(
            head.applier(), made.create(2), made.index(3, "u", unique=True),
            made.insert(4, {"_id": 1, "u": 1}), made.insert(5, {"_id": 2, "u": 1}),
        )  # fmt: skip


# -- batches


class Watching:
    """A connection that remembers how many operations went with each applyOps."""

    def __init__(self, head: TestedHead) -> None:
        self._connection = head.connection
        self.batches: list[int] = []
        self.before_send: Any = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def send(self, command: Sequence[Buffer]) -> None:
        self.before_send()
        self.batches.append(len(bson.decode(b"".join(command)).get("applyOps", [])))
        self._connection.send(command)


def announced(head: TestedHead, until: Optime) -> HeadPosition:
    """The position that says how far the batch goes that is about to be sent. Read on another
    connection, for nobody waits for the answer on the first one; so it may take a moment.
    """

    def look() -> HeadPosition | None:
        position = PositionStore(connection).read()
        return position if position is not None and position.applying_until == until else None

    with WireConnection.connect(head.process.options.listen, None) as connection:
        return wait_for("it was not announced", look, SystemClock(), timeout_seconds=60)


def watched(head: TestedHead) -> tuple[Applier, Watching]:
    watching = Watching(head)
    connection: Any = watching
    spool = FileSpool(head.process.options.dbpath)
    return Applier(connection, head.positions, spool, NO_SCAN, SystemClock()), watching


def test_entries_go_a_thousand_at_a_time_and_a_command_alone(head: TestedHead) -> None:
    apply(head.applier(), made.create(2))
    applier, watching = watched(head)

    apply(
        applier,
        *(made.insert(n, {"_id": n}) for n in range(10, 2510)),
        made.create(3000, "d", ui=made.OTHER_UUID),
        made.delete(3001, 10),
    )

    assert watching.batches == [1000, 1000, 500, 1]
    assert len(ids(head)) == 2499


def test_how_far_a_batch_goes_is_in_the_head_before_it(head: TestedHead) -> None:
    apply(head.applier(), made.create(2))
    applier, watching = watched(head)
    seen: list[HeadPosition] = []
    reaches = iter([Optime(1009, 1), Optime(1509, 1)])
    watching.before_send = lambda: seen.append(announced(head, next(reaches)))

    apply(applier, *(made.insert(n, {"_id": n}) for n in range(10, 1510)))

    assert seen == [
        HeadPosition(Optime(2, 1), Optime(2, 1), Optime(1009, 1)),
        HeadPosition(Optime(2, 1), Optime(2, 1), Optime(1509, 1)),  # the first one may still run
    ]
    assert head.positions.read() == at(1509)


def test_the_position_moves_to_the_commit_only_when_all_of_a_transaction_is_in(
    head: TestedHead,
) -> None:
    apply(head.applier(), made.create(2))
    applier, watching = watched(head)
    seen: list[HeadPosition] = []
    watching.before_send = lambda: seen.append(announced(head, Optime(4, 1)))
    operations = [made.inner(made.insert(1, {"_id": n})) for n in range(1500)]

    apply(
        applier,
        made.transaction(3, {"applyOps": operations[:700], "partialTxn": True}),
        made.transaction(4, {"applyOps": operations[700:]}, previous=3),
    )

    assert seen == [HeadPosition(Optime(2, 1), Optime(2, 1), Optime(4, 1))] * 2
    assert head.positions.read() == at(4)
    assert len(ids(head)) == 1500


def test_the_position_waits_for_all_of_an_entry_that_holds_one_that_holds_more(
    head: TestedHead,
) -> None:
    apply(head.applier(), made.create(2))
    applier, watching = watched(head)
    seen: list[HeadPosition] = []
    watching.before_send = lambda: seen.append(announced(head, Optime(4, 1)))
    first, *rest = [made.inner(made.insert(1, {"_id": n})) for n in range(1500)]
    nested = made.inner(made.command(1, {"applyOps": [first]}, db="admin", ui=None))
    outer = made.command(4, {"applyOps": [nested, *rest]}, db="admin", ui=None)

    apply(applier, made.noop(3), outer)

    assert [position.applied < Optime(4, 1) for position in seen] == [True, True]
    assert head.positions.read() == at(4)
    assert len(ids(head)) == 1500


def test_one_who_asks_to_stop_finds_a_position_without_a_doubt(head: TestedHead) -> None:
    apply(head.applier(), made.create(2))
    applier, watching = watched(head)
    cancellation = Cancellation()
    watching.before_send = cancellation.cancel
    written = made.array(*(made.insert(n, {"_id": n}) for n in range(10, 2510)))

    with pytest.raises(Cancelled):
        applier.apply(written, None, Task(cancellation))
    assert head.positions.read() == at(1009)

    assert head.applier().apply(written, None, Task()) == at(2509)
    assert ids(head) == list(range(10, 2510))


# -- kinds of entries that a server of this version does not write


def test_inserts_of_a_retryable_write_in_one_entry_are_applied(head: TestedHead) -> None:
    operations = [made.inner(made.insert(1, {"_id": n})) for n in range(3)]
    vectored = made.transaction(3, {"applyOps": operations}, multiOpType=1)
    assert apply(head.applier(), made.create(2), vectored) == at(3)
    assert ids(head) == [0, 1, 2]


def test_entries_inside_an_apply_ops_inside_an_apply_ops_go_through_the_same_rules(
    head: TestedHead,
) -> None:
    nested = made.inner(made.command(1, {"applyOps": [
        made.inner(made.insert(1, {"_id": 1})),
        made.inner(made.insert(1, {"_id": 2}, ns="config.transactions")),
        made.inner(made.index(1, "a")),
    ]}, db="admin", ui=None))  # fmt: skip
    outer = made.command(3, {"applyOps": [nested]}, db="admin", ui=None)
    apply(head.applier(), made.create(2), outer)

    assert ids(head) == [1]
    assert "a_1" in head.client.app.c.index_information()
    assert head.client.config.transactions.count_documents({}) == 0


def test_a_temporary_collection_outlives_a_restart_of_the_head(
    head: TestedHead, start_mongod: Any
) -> None:
    """A standalone drops temporary collections when it starts."""
    temporary = made.command(2, {"create": "tmp.agg_out.1", "temp": True})
    apply(head.applier(), temporary, made.insert(3, {"_id": 1}, ns="app.tmp.agg_out.1"))
    head.process.stop()

    restarted = TestedHead(start_mongod("head0"), start=None)
    apply(restarted.applier(), made.insert(4, {"_id": 2}, ns="app.tmp.agg_out.1"))
    assert ids(restarted, "tmp.agg_out.1") == [1, 2]
    restarted.close()
