"""Writes that make oplog entries: seeded, retryable as drivers send them, in bulks.

A document has nine fields and about 330 bytes; an update sets two fields and adds to a third.
The collection has no index but that of _id, so that a head has as little to do as it ever has.
"""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

from pymongo import DeleteOne, InsertOne, MongoClient, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

Client = MongoClient[dict[str, Any]]
Write = InsertOne[dict[str, Any]] | UpdateOne | DeleteOne

DATABASE = "bench"
SEED = 5
BULK = 1000
WORDS = ("order", "customer", "street", "paid", "open", "note", "parcel", "number")
MIX = {"inserts": 5, "updates": 4, "deletes": 1}
"""Of ten mixed writes."""


class Load:
    """Of one collection. Remembers which documents there are, so that every update and delete
    finds its own.
    """

    def __init__(self, number: int = 0, documents_max: int = 1 << 40) -> None:
        """Of mixed writes, those that would insert more than `documents_max` delete."""
        self._documents_max = documents_max
        self.collection = f"orders{number}"
        self._random = Random(f"{SEED} {number}")
        self._next = 0
        self._oldest = 0

    def of(self, client: Client) -> Collection[dict[str, Any]]:
        return client[DATABASE][self.collection]

    def inserts(self, count: int) -> Iterator[Write]:
        for _ in range(count):
            yield InsertOne(self._document(self._next))
            self._next += 1

    def updates(self, count: int) -> Iterator[Write]:
        for _ in range(count):
            change = {"$set": {"state": self._word(), "at": self._random.random()}}
            which = self._random.randrange(self._oldest, self._next)
            yield UpdateOne({"_id": which}, change | {"$inc": {"changes": 1}})

    def deletes(self, count: int) -> Iterator[Write]:
        for _ in range(count):
            yield DeleteOne({"_id": self._oldest})
            self._oldest += 1

    def mixed(self, count: int) -> Iterator[Write]:
        """In MIX's proportions, in no order. There must be documents enough."""
        for name in self._random.choices(list(MIX), list(MIX.values()), k=count):
            full = name == "inserts" and self._next - self._oldest >= self._documents_max
            yield from getattr(self, "deletes" if full else name)(1)

    def _document(self, number: int) -> dict[str, Any]:
        random = self._random
        return {
            "_id": number,
            "customer": random.getrandbits(31),
            "state": self._word(),
            "at": random.random(),
            "paid": 0.0,
            "changes": 0,
            "text": " ".join(random.choices(WORDS, k=12)),
            "noise": random.randbytes(80),
            "lines": [{"item": random.getrandbits(20), "count": n} for n in range(2)],
        }

    def _word(self) -> str:
        return self._random.choice(WORDS)


def write(
    collection: Collection[dict[str, Any]], writes: Iterator[Write],
    session: ClientSession | None = None, *, ordered: bool = True,
) -> None:  # fmt: skip
    """All of them, BULK at a time, in order or each bulk with one command for each kind."""
    while bulk := list(islice(writes, BULK)):
        collection.bulk_write(bulk, ordered=ordered, session=session)
