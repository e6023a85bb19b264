"""Every kind of transaction, for the oplog of a real replica set."""

import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

from bson import Binary, Int64
from bson.timestamp import Timestamp
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from mmsconsole.errors import CommandFailed
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.wire import WireConnection
from tests.support.oplog_ddl import Client

BIG = "x" * (6 * 1024 * 1024)
PATIENCE_SECONDS = 120
CALLED_OFF = "TransientTransactionError"


def retried(transaction: Callable[[], None]) -> None:
    """A busy server may call any transaction off; its oplog holds nothing of it then."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return transaction()
        except (OperationFailure, CommandFailed) as error:
            if CALLED_OFF not in _labels(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)


def _labels(error: OperationFailure | CommandFailed) -> list[str]:
    reply = error.details if isinstance(error, OperationFailure) else error.reply
    return list((reply or {}).get("errorLabels", []))


def retryable_writes(client: Client) -> None:
    """As a mongos or a driver's helper sends them: a transaction in a session of a session."""
    client.app.create_collection("nested")
    address = client.address
    assert address is not None
    with WireConnection.connect(Address(*address), None) as connection:
        retried(partial(_nested, connection, 1, 10))
        retried(partial(_nested, connection, 2, len(BIG)))


def _nested(connection: WireConnection, number: int, size: int) -> None:
    inner = {"id": Binary(b"n" * 16, 4), "txnNumber": Int64(number)}
    inner["txnUUID"] = Binary(uuid4().bytes, 4)
    session = {"lsid": inner, "txnNumber": Int64(0), "autocommit": False}
    for n in range(3):
        document = {"_id": f"{number}-{n}", "s": "x" * size}
        begin = {} if n else {"startTransaction": True}
        insert = {"insert": "nested", "documents": [document], "stmtIds": [n]}
        connection.run("app", insert | session | begin)
    found = {"findAndModify": "nested", "query": {"_id": f"{number}-1"}}
    change = {"update": {"$set": {"s": "y"}}, "stmtId": 3}
    connection.run("app", found | change | session)
    connection.run("admin", {"commitTransaction": 1} | session)


def transactions(client: Client) -> None:
    client.app.create_collection("txn")
    for transaction in (_small, _with_commands, _aborted, _large):
        retried(partial(transaction, client))


def _small(client: Client) -> None:
    with client.start_session() as session, session.start_transaction():
        client.app.txn.insert_many([{"_id": n} for n in range(20)], session=session)
        client.app.things.update_one({"_id": 20}, {"$set": {"t": 1}}, session=session)
        client.app.txn.delete_one({"_id": 3}, session=session)


def _with_commands(client: Client) -> None:
    with client.start_session() as session, session.start_transaction():
        client.app.born.insert_one({"_id": 1, "a": 1}, session=session)
        client.app.born_indexed.create_index("a", session=session)
        client.app.born_indexed.insert_one({"_id": 1, "a": 1}, session=session)


def _aborted(client: Client) -> None:
    with client.start_session() as session:
        session.start_transaction()
        client.app.txn.insert_one({"_id": "aborted"}, session=session)
        session.abort_transaction()


def _large(client: Client) -> None:
    with client.start_session() as session, session.start_transaction():
        for n in range(4):
            client.app.txn.insert_one({"_id": f"big{n}", "s": BIG}, session=session)
        client.app.txn.update_one({"_id": "big1"}, {"$set": {"s": 1}}, session=session)


def prepared_transactions(client: Client) -> None:
    for transaction in (_prepared, _prepared_and_aborted, _prepared_in_parts):
        retried(partial(transaction, client))


def _prepared(client: Client) -> None:
    with client.start_session() as session:
        session.start_transaction()
        client.app.txn.insert_one({"_id": "prepared"}, session=session)
        prepared = prepare(client, session)
        client.app.things.insert_one({"_id": "between prepare and commit"})
        commit(client, session, prepared)


def _prepared_and_aborted(client: Client) -> None:
    with client.start_session() as session:
        session.start_transaction()
        client.app.txn.insert_one({"_id": "never"}, session=session)
        prepare(client, session)
        session.abort_transaction()


def _prepared_in_parts(client: Client) -> None:
    with client.start_session() as session:
        session.start_transaction()
        for n in range(4):
            client.app.txn.insert_one({"_id": f"wide{n}", "s": BIG}, session=session)
        prepared = prepare(client, session)
        client.app.things.insert_one({"_id": "amid the wide one"})
        commit(client, session, prepared)


def prepare(client: Client, session: ClientSession) -> Timestamp:
    """Prepare what a mongos would; returns the earliest allowed commit timestamp."""
    reply = client.admin.command("prepareTransaction", session=session)
    return reply["prepareTimestamp"]


def commit(client: Client, session: ClientSession, prepared: Timestamp) -> None:
    client.admin.command(
        {"commitTransaction": 1, "commitTimestamp": prepared, "autocommit": False}, session=session
    )
