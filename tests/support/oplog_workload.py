"""Every kind of oplog entry, made on a real replica set of one member.

The member needs SOURCE_FLAGS. Each function makes one family of entries; those of collections
are in oplog_ddl.py, those of transactions in oplog_transactions.py. `run_everything` runs them
all, and what it leaves behind is what a head must equal. tests/oplog/corpus was written by it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from bson import DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex
from bson.timestamp import Timestamp
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from tests.support import oplog_ddl, oplog_transactions
from tests.support.oplog_ddl import Client

PARAMETERS = (
    "enableTestCommands=1",  # prepared transactions
    "ttlMonitorEnabled=false",  # until it is told to
    "ttlMonitorSleepSecs=1",
)
SOURCE_FLAGS = tuple(part for one in PARAMETERS for part in ("--setParameter", one))


def run_everything(client: Client) -> None:
    for step in STEPS:
        step(client)


def inserts(client: Client) -> None:
    app = client.app
    app.things.insert_many([{"_id": n, "n": n, "tags": ["a", "b"]} for n in range(300)])
    app.things.insert_one({"_id": {"b": 1, "a": [1, 2]}, "order": "matters"})
    app.things.insert_one({"_id": {"a": [1, 2], "b": 1}, "order": "matters"})
    app.things.update_one({"_id": {"b": 1, "a": [1, 2]}}, {"$set": {"n": "b first"}})
    app.things.replace_one({"_id": {"a": [1, 2], "b": 1}}, {"n": "a first"})
    app.things.insert_one({"_id": {"x": {"c": 1, "b": 2}}})
    app.things.insert_one({"_id": {"x": {"b": 2, "c": 1}}})
    app.things.delete_one({"_id": {"x": {"c": 1, "b": 2}}})
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
    client.app.retry.insert_many([{"_id": n} for n in range(10, 13)], ordered=False)


def sixteen_megabytes(client: Client) -> None:
    largest = 16 * 1024 * 1024 - 64
    client.app.large.insert_one({"_id": 1, "s": "y" * largest})
    client.app.large.replace_one({"_id": 1}, {"s": "z" * largest})
    client.app.large.update_one({"_id": 1}, {"$set": {"s": "w" * largest}})
    client.app.large.insert_one({"_id": {"long": "i" * 1000}, "s": "v" * (largest - 2000)})


def pipelines_that_write(client: Client) -> None:
    app = client.app
    app.things.aggregate([{"$limit": 50}, {"$out": "outed"}])
    app.outed.create_index("n")
    app.things.aggregate([{"$limit": 10}, {"$out": "outed"}])
    app.things.aggregate([{"$out": {"db": "other", "coll": "outed_far"}}])
    merge = {"into": "merged", "on": "_id", "whenMatched": "merge"}
    app.things.aggregate([{"$project": {"n": 1}}, {"$merge": merge}])
    app.things.aggregate([{"$project": {"many": 1}}, {"$merge": merge}])
    replace = {"into": {"db": "other", "coll": "merged_far"}, "whenMatched": "replace"}
    for _ in range(2):
        app.things.aggregate([{"$limit": 5}, {"$set": {"at": "$$NOW"}}, {"$merge": replace}])


def expiry(client: Client) -> None:
    """Documents that the server's own TTL monitor deletes."""
    client.app.brief_life.create_index("at", expireAfterSeconds=0)
    past = datetime(2020, 1, 1, tzinfo=UTC)
    client.app.brief_life.insert_many([{"_id": n, "at": past} for n in range(5)])
    client.app.brief_life.insert_one({"_id": "no date, no end"})
    client.admin.command("setParameter", 1, ttlMonitorEnabled=True)
    wait_until(lambda: client.app.brief_life.count_documents({}) == 1)
    client.admin.command("setParameter", 1, ttlMonitorEnabled=False)


def db_check(client: Client) -> None:
    """It runs behind the command's back; its entries end with `stop`."""
    client.app.command("dbCheck", "retry")
    stop = {"o.dbCheck": {"$exists": True}, "o.type": "stop"}
    wait_until(lambda: client.local["oplog.rs"].count_documents(stop) > 0)


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def users_and_roles(client: Client) -> None:
    admin = client.admin
    admin.command("createRole", "auditor", privileges=[], roles=["read"])
    admin.command("createUser", "anna", pwd="wonder", roles=["auditor"])
    admin.command("createUser", "bert", pwd="wonder", roles=[])
    admin.command("updateUser", "anna", customData={"a": 1})
    admin.command("dropUser", "bert")
    client.app.command("createUser", "carl", pwd="wonder", roles=["readWrite"])
    client.app.command("createUser", "dora", pwd="wonder", roles=[])
    admin.command("createRole", "brief", privileges=[], roles=[])
    admin.command("updateRole", "auditor", roles=["read", "brief"])
    admin.command("grantRolesToUser", "anna", roles=["brief"])
    admin.command("dropRole", "brief")


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
    oplog_transactions.retryable_writes,
    sixteen_megabytes,
    oplog_transactions.transactions,
    oplog_transactions.prepared_transactions,
    *oplog_ddl.STEPS,
    pipelines_that_write,
    expiry,
    db_check,
    users_and_roles,
    apply_ops_by_a_user,
    settings_of_a_cluster,
]
