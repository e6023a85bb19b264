"""What changes the catalogue: collections of every kind, indexes, collMod, renames, users."""

from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.collation import Collation

from tests.model.values import PAST, Document
from tests.model.writes import at

Client = MongoClient[Document]

FRENCH = Collation("fr", strength=1)
FAR_AHEAD_SECONDS = 20 * 365 * 86_400

KINDS: dict[str, Document] = {
    "plain": {},
    "capped": {"capped": True, "size": 16_384, "max": 12},
    "collated": {"collation": FRENCH},
    "clustered": {"clusteredIndex": {"key": {"_id": 1}, "unique": True}},
    "time series": {"timeseries": {"timeField": "t", "metaField": "m"}},
    "validated": {"validator": {"n": {"$exists": True}}, "validationLevel": "moderate"},
    "images": {"changeStreamPreAndPostImages": {"enabled": True}},
    "view": {"viewOn": "a", "pipeline": [{"$match": {"n": {"$gt": 0}}}]},
    "view of a view": {"viewOn": "b", "pipeline": [], "collation": FRENCH},
}

INDEXES: tuple[tuple[Any, Document], ...] = (
    ([("n", 1)], {}),
    ([("n", 1)], {"unique": True, "name": "unique"}),
    ([("a", 1)], {"unique": True, "partialFilterExpression": {"a": {"$gt": 2}}, "name": "partial"}),
    ([("at", 1)], {"expireAfterSeconds": 0, "name": "ttl"}),
    ([("t", 1)], {"expireAfterSeconds": FAR_AHEAD_SECONDS, "name": "far"}),
    ([("é", 1), ("b.c", -1)], {"sparse": True, "hidden": True, "name": "sparse"}),
    ([("a", 1)], {"collation": FRENCH, "name": "french"}),
    ([("a", 1)], {"collation": Collation("simple"), "unique": True, "name": "simple"}),
    ([("a", "hashed")], {}),
    ([("$**", 1)], {"wildcardProjection": {"b": 0}, "name": "all"}),
    ([("a", "text"), ("b", "text")], {"weights": {"a": 3}, "name": "words"}),
    ([("m.s", 1), ("t", -1)], {}),
    ([("list", 1), ("n", 1)], {"name": "multikey"}),
)

CHANGES: tuple[Document, ...] = (
    {"validator": {"a": {"$ne": "never"}}, "validationAction": "warn"},
    {"validationLevel": "off"},
    {"index": {"name": "ttl", "expireAfterSeconds": FAR_AHEAD_SECONDS}},
    {"index": {"name": "sparse", "hidden": False}},
    {"index": {"keyPattern": {"n": 1}, "hidden": True}},
    {"index": {"name": "n_1", "prepareUnique": True}},
    {"index": {"name": "n_1", "unique": True}},
    {"changeStreamPreAndPostImages": {"enabled": True}},
    {"viewOn": "c", "pipeline": [{"$limit": 3}]},
    {"timeseries": {"granularity": "hours"}},
    {"expireAfterSeconds": FAR_AHEAD_SECONDS},
    {"cappedMax": 6},
)


def create(client: Client, where: str, kind: str) -> None:
    collection = at(client, where)
    collection.database.create_collection(collection.name, check_exists=False, **KINDS[kind])


def drop(client: Client, where: str) -> None:
    at(client, where).drop()


def make_anew(client: Client, where: str, kind: str) -> None:
    """Under the same name, of another kind, several times within one batch of the oplog."""
    for _ in range(2):
        drop(client, where)
        create(client, where, kind)
        at(client, where).insert_many([{"_id": n, "t": PAST, "n": n} for n in range(3)])
        at(client, where).create_index("n")


def drop_database(client: Client, database: str) -> None:
    client.drop_database(database)


def rename(client: Client, where: str, to: str, drop_target: bool) -> None:
    """Within a database or across two; onto a collection that is there, or not."""
    client.admin.command("renameCollection", where, to=to, dropTarget=drop_target)


def create_index(client: Client, where: str, number: int) -> None:
    keys, options = INDEXES[number]
    at(client, where).create_index(keys, **options)


def drop_index(client: Client, where: str, number: int) -> None:
    """One of those that are there; none of them: all."""
    collection = at(client, where)
    found = sorted(index["name"] for index in collection.list_indexes())[1:]
    if number < len(found):
        collection.drop_index(found[number])
    else:
        collection.drop_indexes()


def modify(client: Client, where: str, number: int) -> None:
    collection = at(client, where)
    collection.database.command("collMod", collection.name, **CHANGES[number])


def convert_to_capped(client: Client, where: str) -> None:
    collection = at(client, where)
    collection.database.command("convertToCapped", collection.name, size=16_384)


def copy_out(client: Client, where: str, to: str) -> None:
    """$out, to the same database or another one."""
    database, _, name = to.partition(".")
    at(client, where).aggregate([{"$limit": 20}, {"$out": {"db": database, "coll": name}}])


def merge(client: Client, where: str, to: str) -> None:
    database, _, name = to.partition(".")
    into = {"db": database, "coll": name}
    at(client, where).aggregate([{"$limit": 20}, {"$merge": {"into": into}}])


def user(client: Client, database: str, name: str) -> None:
    """Made, or removed again; a role of the same name with it."""
    own = client[database]
    if own.command("usersInfo", name)["users"]:
        own.command("dropUser", name)
        own.command("dropRole", name)
    else:
        own.command("createRole", name, privileges=[], roles=["read"])
        own.command("createUser", name, pwd="of nobody", roles=[name, "readWrite"])


DDL: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        create, drop, make_anew, drop_database, rename, create_index, drop_index, modify,
        convert_to_capped, copy_out, merge, user,
    )
}  # fmt: skip
