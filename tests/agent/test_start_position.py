"""T0: majority-committed on the member that is read, and spanned by no transaction."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from bson.timestamp import Timestamp
from pymongo import MongoClient
from pymongo.client_session import ClientSession

from mmsconsole.agent.reader import Reader
from mmsconsole.agent.start_position import MemberOplog, choose_start
from mmsconsole.errors import SourceRefused
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.support.guarded import GuardedSet

Client = MongoClient[dict[str, Any]]


def at(seconds: int) -> Optime:
    return Optime(seconds, 1, 1)


@dataclass
class Table:
    """An oplog with one entry per second, and its transactions as (first, last) entry."""

    entries: range
    committed: int
    transactions: list[tuple[int, int]] = field(default_factory=list)
    """The last entry is 0 while the transaction is open."""

    def majority(self) -> Optime:
        return at(self.committed)

    def open_transactions(self) -> list[Optime]:
        return [at(first) for first, last in self.transactions if not last]

    def newest(self, at_most: Optime, before: Optime | None) -> Optime | None:
        fitting = [
            second
            for second in self.entries
            if at(second) <= at_most and (before is None or at(second) < before)
        ]
        return at(fitting[-1]) if fitting else None

    def crossing(self, position: Optime) -> list[Optime]:
        return [at(first) for first, last in self.transactions if at(first) <= position < at(last)]


@pytest.mark.parametrize(
    ("committed", "transactions", "start"),
    [
        pytest.param(50, [], 50, id="nothing open: the newest majority-committed entry"),
        pytest.param(30, [], 30, id="a lagging member: what it has majority-committed"),
        pytest.param(50, [(40, 0)], 39, id="one open: just before it"),
        pytest.param(50, [(40, 0), (20, 0)], 19, id="several open: before the oldest"),
        pytest.param(30, [(40, 0)], 30, id="one opened after the majority's position"),
        pytest.param(50, [(45, 60)], 44, id="one that spans it and has ended meanwhile"),
        pytest.param(50, [(40, 0), (30, 45)], 29, id="an ended one that spans the moved start"),
        pytest.param(50, [(40, 0), (30, 45), (25, 35)], 24, id="and one that spans that"),
        pytest.param(50, [(10, 50)], 50, id="one that ended at the start itself"),
        pytest.param(50, [(51, 60)], 50, id="one that began after it"),
    ],
)
def test_the_start(committed: int, transactions: list[tuple[int, int]], start: int) -> None:
    table = Table(range(1, 100), committed, transactions)
    assert choose_start(table, "a", Task()).same_entry(at(start))


def test_an_oplog_that_no_longer_holds_the_start_of_a_transaction_is_refused() -> None:
    table = Table(range(40, 100), 60, [(30, 0)])
    with pytest.raises(SourceRefused, match="does not reach back"):
        choose_start(table, "a", Task())


# -- on a real member


@pytest.fixture
def internal(guarded: GuardedSet) -> Iterator[Client]:
    """A user who may prepare transactions, as a mongos does."""
    with guarded.as_user("internal").client() as client:
        yield client


@pytest.fixture
def db(root: Client) -> Iterator[Any]:
    root["starting"].create_collection("txn")
    yield root["starting"]
    root.drop_database("starting")


def prepared_entry(root: Client) -> Optime:
    entry = root.local["oplog.rs"].find_one({"o.prepare": True}, sort=[("$natural", -1)])
    assert entry is not None
    return Optime.of(entry["ts"], entry["t"])


def choose(reader: Reader) -> Optime:
    return choose_start(MemberOplog(reader), reader.host, Task())


def test_the_start_is_the_newest_entry_while_nothing_is_open(
    root: Client, db: Any, reader: Reader
) -> None:
    reply = db.command("insert", "txn", documents=[{"_id": 1}], writeConcern={"w": "majority"})
    start = choose(reader)
    assert start.timestamp >= reply["operationTime"]
    assert root.local["oplog.rs"].find_one({"ts": start.timestamp, "t": start.term})


def test_an_open_prepared_transaction_moves_the_start_before_it(
    internal: Client, db: Any, reader: Reader
) -> None:
    with internal.start_session() as session:
        session.start_transaction()
        internal.starting.txn.insert_one({"_id": "prepared"}, session=session)
        internal.admin.command("prepareTransaction", session=session)
        internal.starting.other.insert_one({"_id": "later"})
        start = choose(reader)
        prepared = prepared_entry(internal)
        session.abort_transaction()
    assert start < prepared
    between = {"ts": {"$gt": start.timestamp, "$lt": prepared.timestamp}}
    assert internal.local["oplog.rs"].count_documents(between) == 0


def test_a_transaction_that_ended_since_does_not_span_the_start(
    internal: Client, db: Any, reader: Reader
) -> None:
    """It is open when the position is looked up, and over when open ones are asked for."""
    with internal.start_session() as session:
        session.start_transaction()
        internal.starting.txn.insert_one({"_id": "early"}, session=session)
        reply = internal.admin.command("prepareTransaction", session=session)
        internal.starting.other.insert_one({"_id": "after the prepare"})
        first = prepared_entry(internal)

        class Late(MemberOplog):
            def majority(self) -> Optime:
                found = super().majority()
                commit = {"commitTransaction": 1, "commitTimestamp": reply["prepareTimestamp"]}
                internal.admin.command(commit | {"autocommit": False}, session=session)
                return found

        start = choose_start(Late(reader), reader.host, Task())
    assert start < first


def test_large_transactions_are_followed_to_their_first_entry(
    root: Client, db: Any, reader: Reader
) -> None:
    def insert(session: ClientSession) -> None:
        for number in range(3):
            db.txn.insert_one({"_id": number, "x": "x" * (6 << 20)}, session=session)

    with root.start_session() as session:
        session.with_transaction(insert)  # tries again where the small cache was just full
    large = {"o.applyOps.o.x": {"$exists": True}, "o.applyOps.ns": "starting.txn"}
    parts = list(root.local["oplog.rs"].find(large).sort("$natural", 1))
    assert len(parts) >= 2
    first, second = (Optime.of(each["ts"], each["t"]) for each in parts[:2])

    class Between(MemberOplog):
        def majority(self) -> Optime:
            return first

    assert second > first
    assert choose_start(Between(reader), reader.host, Task()) < first


def test_writes_in_flight_do_not_disturb_the_choice(root: Client, db: Any, reader: Reader) -> None:
    stop = threading.Event()

    def count(session: ClientSession) -> None:
        db.txn.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)

    def write() -> None:
        with root.start_session() as session:
            while not stop.is_set():
                session.with_transaction(count)

    db.txn.insert_one({"_id": 1})
    writer = threading.Thread(target=write)
    writer.start()
    try:
        starts = [choose(reader) for _ in range(20)]
    finally:
        stop.set()
        writer.join()
    assert starts == sorted(starts, key=lambda start: (start.t, start.i))
    assert all(start.timestamp > Timestamp(0, 0) for start in starts)
