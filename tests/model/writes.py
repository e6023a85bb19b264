"""Inserts, updates and deletes, alone and in transactions. What makes no sense is refused."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo import DeleteMany, DeleteOne, InsertOne, MongoClient, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from tests.model.values import PAST, Change, Document

Client = MongoClient[Document]
Session = ClientSession | None
Write = tuple[str, Mapping[str, Any]]
"""Name and arguments of a function of WRITES."""

BIG = "x" * 6_000_000
PADDED = 2_000


def at(client: Client, where: str) -> Collection[Document]:
    """The collection of a namespace."""
    database, _, name = where.partition(".")
    return client[database][name]


def insert(client: Client, session: Session, where: str, documents: list[Document]) -> None:
    at(client, where).insert_many(documents, ordered=False, session=session)


def update(
    client: Client, session: Session, where: str, identity: Any, change: Change, upsert: bool
) -> None:
    at(client, where).update_one({"_id": identity}, change, upsert=upsert, session=session)


def update_all(client: Client, session: Session, where: str, change: Change) -> None:
    at(client, where).update_many({}, change, session=session)


def replace(
    client: Client, session: Session, where: str, identity: Any, document: Document, upsert: bool
) -> None:
    # The driver takes a replacement that begins with a dollar for an update.
    other = {n: value for n, value in document.items() if n != "_id" and not n.startswith("$")}
    at(client, where).replace_one({"_id": identity}, other, upsert=upsert, session=session)


def find_and_modify(
    client: Client, session: Session, where: str, identity: Any, change: Change
) -> None:
    at(client, where).find_one_and_update({"_id": identity}, change, session=session)


def delete(client: Client, session: Session, where: str, identity: Any) -> None:
    at(client, where).delete_one({"_id": identity}, session=session)


def delete_all(client: Client, session: Session, where: str) -> None:
    at(client, where).delete_many({}, session=session)


def bulk(
    client: Client, session: Session, where: str, document: Document, identity: Any, change: Change
) -> None:
    """The same _id inserted, changed, deleted and inserted again within one batch."""
    key = {"_id": document["_id"]}
    at(client, where).bulk_write([
        DeleteOne(key),
        InsertOne(document),
        UpdateOne(key, change),
        DeleteMany({"_id": identity}),
        UpdateOne({"_id": identity}, change, upsert=True),
        DeleteOne(key),
        ReplaceOne(key, {"put": "back"}, upsert=True),
    ], ordered=False, session=session)  # fmt: skip


def grow(client: Client, session: Session, where: str, identity: Any) -> None:
    """An array of thousands, padded with null, and shortened again."""
    collection, which = at(client, where), {"_id": identity}
    collection.update_one(which, {"$set": {"grown": [[]]}}, upsert=True, session=session)
    collection.update_one(which, {"$set": {f"grown.{PADDED}": {"last": 1}}}, session=session)
    collection.update_one(which, {"$set": {f"grown.{PADDED}.x.y": 1}}, session=session)
    many = {"$each": list(range(PADDED)), "$position": 3}
    collection.update_one(which, {"$push": {"grown": many}}, session=session)
    collection.update_one(which, {"$pull": {"grown": {"$lt": 100}}}, session=session)


def measure(client: Client, session: Session, where: str, count: int) -> None:
    """What a time series takes; any other collection takes it too."""
    at(client, where).insert_many(
        [{"t": PAST + timedelta(seconds=n * n), "m": {"s": n % 3}, "v": n} for n in range(count)],
        session=session,
    )


def burst(client: Client, session: Session, where: str, count: int) -> None:
    """Small writes, one after the other, for a fault to come in between."""
    collection = at(client, where)
    collection.delete_many({}, session=session)
    collection.insert_many(
        [{"_id": f"burst {n}", "n": 0} for n in range(count)], ordered=False, session=session
    )
    for number in range(0, count, 10):
        collection.update_one({"_id": f"burst {number}"}, {"$inc": {"n": 1}}, session=session)
    collection.delete_many({"_id": {"$regex": "^burst .*5$"}}, session=session)


WRITES: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        insert, update, update_all, replace, find_and_modify, delete, delete_all, bulk, grow,
        measure, burst,
    )
}  # fmt: skip


def write(client: Client, session: Session, told: Write) -> None:
    name, arguments = told
    WRITES[name](client, session, **arguments)


def transaction(client: Client, writes: Sequence[Write], commit: bool) -> None:
    with client.start_session() as session:
        session.start_transaction()
        for told in writes:
            write(client, session, told)
        if commit:
            session.commit_transaction()
        else:
            session.abort_transaction()


def large_transaction(client: Client, where: str) -> None:
    """More than 16 MB: a chain of entries."""
    with client.start_session() as session, session.start_transaction():
        for number in range(4):
            which = {"_id": f"large {number}"}
            at(client, where).replace_one(which, {"s": BIG}, upsert=True, session=session)
        at(client, where).update_one({"_id": "large 1"}, {"$set": {"s": 1}}, session=session)


TRANSACTIONS: dict[str, Callable[..., None]] = {
    function.__name__: function for function in (transaction, large_transaction)
}
