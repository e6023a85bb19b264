"""Every kind of oplog entry, made on a real replica set of one member.

The member needs `enableTestCommands=1` (prepared transactions). Each function makes one family
of entries; `run_everything` runs them all, and what it leaves behind is what a head must equal.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex
from bson.timestamp import Timestamp
from pymongo import ASCENDING, DeleteOne, InsertOne, MongoClient, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collation import Collation
from pymongo.errors import OperationFailure

Client = MongoClient[dict[str, Any]]
ENGLISH = Collation("en", strength=2)
BIG = "x" * (6 * 1024 * 1024)


def run_everything(client: Client) -> None:
    for step in STEPS:
        step(client)


def inserts(client: Client) -> None:
    app = client.app
    app.things.insert_many([{"_id": n, "n": n, "tags": ["a", "b"]} for n in range(300)])
    app.things.insert_one({"_id": {"b": 1, "a": [1, 2]}, "order": "matters"})
    app.things.insert_one({"_id": {"a": [1, 2], "b": 1}, "order": "matters"})
    app.odd.insert_many([
        {"_id": "ref", "r": DBRef("things", 1), "d": Decimal128("1.50"), "x": Regex("^a", "i")},
        {"_id": "keys", "low": MinKey(), "high": MaxKey(), "long": Int64(5), "at": Timestamp(9, 9)},
        {"_id": ObjectId("65f000000000000000000001"), "": "empty name", "a.b": 1, "$c": 2},
    ])  # fmt: skip


def updates(client: Client) -> None:
    things = client.app.things
    things.update_one({"_id": 1}, {"$set": {"a.b.c": 1, "new": {"deep": [1, {"x": 2}]}}})
    things.update_one({"_id": 1}, {"$set": {"a.b.d": 2}, "$unset": {"n": ""}})
    things.update_one({"_id": 2}, {"$inc": {"n": 5}, "$mul": {"m": 2}, "$rename": {"tags": "t"}})
    things.update_one({"_id": 3}, {"$push": {"tags": {"$each": ["c", "d"], "$position": 1}}})
    things.update_one({"_id": 3}, {"$set": {"tags.0": "first"}})
    things.update_one({"_id": 4}, {"$pull": {"tags": "a"}, "$addToSet": {"more": 1}})
    things.update_one({"_id": 4}, {"$pop": {"tags": 1}, "$bit": {"n": {"or": 8}}})
    things.update_one(
        {"_id": 5}, {"$min": {"n": 1}, "$max": {"m": 9}, "$currentDate": {"at": True}}
    )
    things.update_one({"_id": 6}, [{"$set": {"sum": {"$add": ["$n", 1]}}}, {"$unset": "tags"}])
    things.update_one({"_id": 7}, {"$set": {"zero": Timestamp(0, 0)}})
    things.replace_one({"_id": 8}, {"replaced": True, "zero": Timestamp(0, 0)})
    things.update_one({"_id": "upsert"}, {"$setOnInsert": {"made": 1}}, upsert=True)
    things.update_many({"n": {"$gt": 250}}, {"$set": {"many": True}})
    things.update_many({}, {"$set": {"list.5": 1}})
    things.find_one_and_update({"_id": 9}, {"$set": {"found": 1}})
    things.find_one_and_replace({"_id": 10}, {"found": 2})
    things.find_one_and_delete({"_id": 11})
    things.delete_many({"n": {"$gte": 290}})


def retryable_writes(client: Client) -> None:
    client.app.retry.bulk_write([
        InsertOne({"_id": 1}),
        InsertOne({"_id": 2}),
        UpdateOne({"_id": 1}, {"$set": {"a": 1}}),
        ReplaceOne({"_id": 2}, {"b": 1}),
        DeleteOne({"_id": 1}),
    ])  # fmt: skip


def sixteen_megabytes(client: Client) -> None:
    largest = 16 * 1024 * 1024 - 64
    client.app.large.insert_one({"_id": 1, "s": "y" * largest})
    client.app.large.replace_one({"_id": 1}, {"s": "z" * largest})


def transactions(client: Client) -> None:
    client.app.create_collection("txn")
    with client.start_session() as session:
        with session.start_transaction():
            client.app.txn.insert_many([{"_id": n} for n in range(20)], session=session)
            client.app.things.update_one({"_id": 20}, {"$set": {"t": 1}}, session=session)
            client.app.txn.delete_one({"_id": 3}, session=session)
        with session.start_transaction():
            client.app.born.insert_one({"_id": 1, "a": 1}, session=session)
            client.app.born_indexed.create_index("a", session=session)
            client.app.born_indexed.insert_one({"_id": 1, "a": 1}, session=session)
        session.start_transaction()
        client.app.txn.insert_one({"_id": "aborted"}, session=session)
        session.abort_transaction()
        with session.start_transaction():
            for n in range(4):
                client.app.txn.insert_one({"_id": f"big{n}", "s": BIG}, session=session)
            client.app.txn.update_one({"_id": "big1"}, {"$set": {"s": 1}}, session=session)


def prepared_transactions(client: Client) -> None:
    with client.start_session() as session:
        session.start_transaction()
        client.app.txn.insert_one({"_id": "prepared"}, session=session)
        prepared = prepare(client, session)
        client.app.things.insert_one({"_id": "between prepare and commit"})
        commit(client, session, prepared)
    with client.start_session() as session:
        session.start_transaction()
        client.app.txn.insert_one({"_id": "never"}, session=session)
        prepare(client, session)
        session.abort_transaction()
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
    try:
        app.clash.create_index("a", unique=True)
    except OperationFailure:
        pass
    else:
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


def drops(client: Client) -> None:
    client.app.short.insert_one({"_id": 1})
    client.app.short.drop()
    client.app.short.insert_one({"_id": 2})
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
    app.command("convertToCapped", "to_cap", size=8192)
    app.to_cap.insert_one({"_id": "after"})


def kinds_of_collections(client: Client) -> None:
    app = client.app
    app.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    app.clustered.insert_many([{"_id": n} for n in range(10)])
    app.create_collection("strict", validator={"$jsonSchema": {"required": ["a"]}})
    app.strict.insert_one({"a": 1})
    app.create_collection("images", changeStreamPreAndPostImages={"enabled": True})
    app.images.insert_one({"_id": 1})
    app.images.update_one({"_id": 1}, {"$set": {"a": 1}})
    app.create_collection("nothing_in_it")


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
    client.looks.second.drop()
    client.looks.base.insert_one({"_id": 1, "a": 1})


def pipelines_that_write(client: Client) -> None:
    app = client.app
    app.things.aggregate([{"$limit": 50}, {"$out": "outed"}])
    app.outed.create_index("n")
    app.things.aggregate([{"$limit": 10}, {"$out": "outed"}])
    app.things.aggregate([{"$out": {"db": "other", "coll": "outed_far"}}])
    merge = {"into": "merged", "on": "_id", "whenMatched": "merge"}
    app.things.aggregate([{"$project": {"n": 1}}, {"$merge": merge}])
    app.things.aggregate([{"$project": {"many": 1}}, {"$merge": merge}])


def users_and_roles(client: Client) -> None:
    admin = client.admin
    admin.command("createRole", "auditor", privileges=[], roles=["read"])
    admin.command("createUser", "anna", pwd="wonder", roles=["auditor"])
    admin.command("createUser", "bert", pwd="wonder", roles=[])
    admin.command("updateUser", "anna", customData={"a": 1})
    admin.command("dropUser", "bert")
    client.app.command("createUser", "carl", pwd="wonder", roles=["readWrite"])


def apply_ops_by_a_user(client: Client) -> None:
    client.app.by_hand.insert_one({"_id": 0})
    client.admin.command("applyOps", [
        {"op": "i", "ns": "app.by_hand", "o": {"_id": 1}},
        {"op": "i", "ns": "app.by_hand", "o": {"_id": 2}},
        {"op": "d", "ns": "app.by_hand", "o": {"_id": 0}},
    ])  # fmt: skip
    client.admin.command("appendOplogNote", 1, data={"note": "a no-op that a person wrote"})


def settings_of_a_cluster(client: Client) -> None:
    client.config.settings.insert_one({"_id": "chunksize", "value": 64})
    client.config.cache.insert_one({"_id": "not for a head"})


STEPS: list[Callable[[Client], None]] = [
    inserts,
    updates,
    retryable_writes,
    sixteen_megabytes,
    transactions,
    prepared_transactions,
    indexes,
    collations,
    coll_mods,
    renames,
    drops,
    capped,
    kinds_of_collections,
    time_series,
    views,
    pipelines_that_write,
    users_and_roles,
    apply_ops_by_a_user,
    settings_of_a_cluster,
]
