"""Every kind of command that changes collections, for the oplog of a real replica set."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Binary, Code
from bson.timestamp import Timestamp
from pymongo import ASCENDING, MongoClient
from pymongo.collation import Collation
from pymongo.collection import Collection as AnyCollection
from pymongo.errors import OperationFailure

Client = MongoClient[dict[str, Any]]
Collection = AnyCollection[dict[str, Any]]
ENGLISH = Collation("en", strength=2)


def indexes(client: Client) -> None:
    app = client.app
    app.indexed.insert_many([{"_id": n, "a": n, "w": "word", "p": [n, 1]} for n in range(50)])
    app.indexed.create_index("a", unique=True)
    app.indexed.create_index([("b", 1), ("c", -1)], partialFilterExpression={"b": {"$gt": 5}})
    app.indexed.create_index("at", expireAfterSeconds=3600)
    app.indexed.create_index([("w", "text"), ("x", "text")], weights={"w": 3})
    app.indexed.create_index([("p", "2dsphere")], name="sphere")
    app.indexed.create_index([("q", "2d")], min=-10, max=10)
    app.indexed.create_index([("h", "hashed")])
    app.indexed.create_index([("$**", 1)], wildcardProjection={"w": 0})
    app.indexed.create_index("s", sparse=True, hidden=True)
    app.indexed.create_index("e", collation=ENGLISH)
    app.command("createIndexes", "indexed", indexes=[
        {"key": {"m1": 1}, "name": "m1"}, {"key": {"m2": 1}, "name": "m2", "unique": True,
         "partialFilterExpression": {"m2": {"$exists": True}}},
    ])  # fmt: skip
    app.empty.create_index("never_used")
    app.indexed.create_index("dropped")
    app.indexed.drop_index("dropped_1")
    app.indexed.create_index("bykey")
    app.command("dropIndexes", "indexed", index={"bykey": 1})
    app.wiped.insert_one({"_id": 1})
    app.wiped.create_index("a")
    app.wiped.drop_indexes()
    app.wiped.create_index("b")
    app.clash.insert_many([{"a": 1}, {"a": 1}])
    fails(app.clash, "a")
    app.clash.create_index("a")
    app.command("createIndexes", "old", indexes=[{"key": {"x": 1}, "name": "x", "v": 1}])


def fails(collection: Collection, key: str, **options: Any) -> None:
    """Build a unique index that the documents do not allow: it is begun, and aborted."""
    try:
        collection.create_index(key, unique=True, **options)
    except OperationFailure:
        return
    raise AssertionError("the index build was to fail")


def collations(client: Client) -> None:
    app = client.app
    app.create_collection("german", collation=Collation("de"))
    app.german.insert_many([{"_id": "ä", "a": "b", "b": "B"}, {"_id": "z", "a": "c", "b": "b"}])
    app.german.create_index("a")
    app.german.create_index("b", collation=Collation("simple"), unique=True)
    app.german.create_index("c", collation=Collation("fr"))
    app.german.create_index([("t", "text")], collation=Collation("simple"))
    app.german.create_index([("g", "2dsphere")], collation=Collation("simple"))
    app.german.create_index([("h", "hashed")], collation=Collation("simple"))
    app.german.create_index([("w.$**", 1)], collation=Collation("simple"))
    app.german.create_index([("x.$**", 1)])
    app.create_collection("folded", collation=ENGLISH)
    app.folded.insert_many([{"_id": 1, "a": "x"}, {"_id": 2, "a": "X"}])
    fails(app.folded, "a")
    app.folded.create_index("a", unique=True, collation=Collation("simple"), name="exact")


def coll_mods(client: Client) -> None:
    app = client.app
    app.command("collMod", "things", validator={"n": {"$ne": "bad"}}, validationLevel="moderate")
    app.things.insert_one({"_id": "bad", "n": "bad"}, bypass_document_validation=True)
    app.command("collMod", "indexed", index={"keyPattern": {"at": 1}, "expireAfterSeconds": 7200})
    app.command("collMod", "indexed", index={"name": "m1", "hidden": True})
    app.command("collMod", "indexed", index={"name": "m1", "expireAfterSeconds": 5})
    app.command("collMod", "indexed", index={"name": "m1", "prepareUnique": True})
    app.modified.create_index("u")
    app.command("collMod", "modified", index={"keyPattern": {"u": 1}, "prepareUnique": True})
    app.command("collMod", "modified", index={"keyPattern": {"u": 1}, "unique": True})
    app.command(
        "collMod", "modified", index={"name": "u_1", "hidden": True}, validationAction="warn"
    )
    app.command("collMod", "modified", changeStreamPreAndPostImages={"enabled": True})
    app.command("collMod", "modified", changeStreamPreAndPostImages={"enabled": False})
    app.command("collMod", "modified", validator={}, validationLevel="off")
    app.command("collMod", "indexed", index={"name": "m1", "hidden": False})
    app.command("collMod", "indexed", index={"name": "a_1", "forceNonUnique": True})
    app.modified.insert_one({"_id": 1})
    app.modified.update_one({"_id": 1}, {"$set": {"a": 1}})


def renames(client: Client) -> None:
    app = client.app
    app.from_here.insert_many([{"_id": n} for n in range(10)])
    app.from_here.create_index("a")
    app.from_here.rename("to_there")
    app.to_there.insert_one({"_id": "after"})
    app.victim.insert_one({"_id": "gone"})
    app.winner.insert_one({"_id": "stays"})
    app.winner.rename("victim", dropTarget=True)
    app.mover.insert_many([{"_id": n, "a": n} for n in range(10)])
    app.mover.create_index("a", collation=ENGLISH)
    client.admin.command("renameCollection", "app.mover", to="other.moved")
    app.mover.insert_one({"_id": "second"})
    client.admin.command("renameCollection", "app.mover", to="other.moved", dropTarget=True)


def drops(client: Client) -> None:
    client.app.short.insert_one({"_id": 1})
    client.app.short.drop()
    client.app.short.insert_one({"_id": 2})
    for n in range(5):
        client.app.again.insert_one({"_id": n})
        client.app.again.create_index("a", unique=True)
        client.app.again.update_one({"_id": n}, {"$set": {"a": n}})
        client.app.again.drop()
    client.app.again.insert_one({"_id": "last"})
    client.doomed.a.insert_one({"_id": 1})
    client.doomed.b.insert_one({"_id": 1})
    client.drop_database("doomed")
    client.doomed.c.insert_one({"_id": 2})


def capped(client: Client) -> None:
    app = client.app
    app.create_collection("ring", capped=True, size=4096, max=10)
    app.ring.insert_many([{"_id": n} for n in range(25)])
    app.to_cap.insert_many([{"_id": n} for n in range(10)])
    app.to_cap.create_index("a")
    app.to_cap.update_one({"_id": 5}, {"$set": {"zero": Timestamp(0, 0)}})
    app.command("convertToCapped", "to_cap", size=8192)
    app.to_cap.insert_one({"_id": "after"})
    app.create_collection("order", capped=True, size=65536)
    app.order.insert_many([{"_id": n, "s": "x"} for n in (5, 3, 9, 1, 7)])
    app.order.update_one({"_id": 9}, {"$set": {"s": "y"}})
    app.order.replace_one({"_id": 3}, {"s": "z"})
    app.order.delete_one({"_id": 1})
    app.order.insert_one({"_id": 1, "s": "again, behind the others"})
    app.command("collMod", "order", cappedSize=131072, cappedMax=50)
    app.create_collection("emptied", capped=True, size=4096)
    app.emptied.insert_many([{"_id": n} for n in range(5)])
    app.command("emptycapped", "emptied")
    app.emptied.insert_one({"_id": "after"})


def kinds_of_collections(client: Client) -> None:
    app = client.app
    app.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    app.clustered.insert_many([{"_id": n} for n in range(10)])
    app.command("collMod", "clustered", expireAfterSeconds=10**9)
    app.command("collMod", "clustered", expireAfterSeconds="off")
    app.clustered.update_one({"_id": 3}, {"$set": {"a": 1}})
    app.clustered.delete_one({"_id": 4})
    app.create_collection("strict", validator={"$jsonSchema": {"required": ["a"]}})
    app.strict.insert_one({"a": 1})
    app.create_collection("images", changeStreamPreAndPostImages={"enabled": True})
    app.images.insert_one({"_id": 1})
    app.images.update_one({"_id": 1}, {"$set": {"a": 1}})
    app.create_collection("nothing_in_it")
    key = {"path": "number", "bsonType": "string", "keyId": Binary(b"k" * 16, 4)}
    app.command("create", "secret", encryptedFields={"fields": [key]})
    app["system.js"].insert_one({"_id": "one", "value": Code("function () { return 1 }")})


def time_series(client: Client) -> None:
    app = client.app
    start = datetime(2024, 1, 1, tzinfo=UTC)
    app.create_collection("weather", timeseries={"timeField": "t", "metaField": "m"})
    app.weather.insert_many(
        [{"t": start + timedelta(seconds=n), "m": {"s": n % 3}, "v": n} for n in range(60)]
    )
    app.weather.create_index([("m.s", 1), ("t", -1)])
    app.weather.create_index([("v", 1)])
    app.weather.create_index([("m.place", "2dsphere")])
    app.weather.create_index("dropped")
    app.weather.drop_index("dropped_1")
    app.command("collMod", "weather", timeseries={"granularity": "minutes"})
    app.command("collMod", "weather", expireAfterSeconds=10**9)
    app.weather.insert_one({"t": start, "m": {"s": 9}, "v": 1})
    app.weather.delete_many({"m.s": 9})
    app.create_collection(
        "brief", timeseries={"timeField": "t"}, collation=ENGLISH, expireAfterSeconds=10**9
    )
    app.brief.insert_one({"t": start, "v": "a"})
    app.brief.create_index([("v", ASCENDING)])


def views(client: Client) -> None:
    client.looks.create_collection("first", viewOn="base", pipeline=[{"$match": {"a": 1}}])
    client.looks.create_collection("second", viewOn="base", pipeline=[], collation=ENGLISH)
    client.looks.command("collMod", "first", viewOn="base", pipeline=[{"$limit": 5}])
    client.looks.command("collMod", "first", viewOn="other", pipeline=[{"$limit": 5}])
    client.looks.create_collection("third", viewOn="first", pipeline=[{"$skip": 1}])
    client.looks.second.drop()
    client.looks.base.insert_one({"_id": 1, "a": 1})


STEPS = [
    indexes,
    collations,
    coll_mods,
    renames,
    drops,
    capped,
    kinds_of_collections,
    time_series,
    views,
]
