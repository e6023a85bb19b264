"""Inserts, updates with every operator, replacements, deletes."""

from bson import Timestamp
from pymongo import DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne

from tests.support.workload import documents
from tests.support.workload.world import Document, Step, World

BIGGEST_DOCUMENT = 16 * 1024 * 1024 - 1024


def insert_one(world: World) -> None:
    world.hot.insert_one(documents.common(world, world.key()))


def insert_many(world: World) -> None:
    """One command, one oplog entry per document; some may be there already."""
    keys = world.random.sample(range(300), 20)
    world.hot.insert_many([documents.common(world, key) for key in keys], ordered=False)


def insert_new(world: World) -> None:
    """Documents that nobody deletes: the collection grows."""
    made = [documents.common(world, 10_000 + world.next()) for _ in range(20)]
    world.own.big.insert_many(made)


def insert_zoo(world: World) -> None:
    world.own.zoo.insert_one({"_id": documents.odd_id(world), **documents.zoo(world)})


def change_zoo(world: World) -> None:
    which = {"_id": documents.odd_id(world)}
    if world.random.random() < 0.3:
        world.own.zoo.delete_one(which)
    else:
        world.own.zoo.update_one(which, {"$set": {"changed": documents.zoo(world)}}, upsert=True)


def insert_large(world: World) -> None:
    key = f"large {world.random.randrange(6)}"
    body = documents.bulk(world, documents.MEGABYTE)
    world.own.large.replace_one({"_id": key}, {"_id": key, "body": body}, upsert=True)


def insert_biggest(world: World) -> None:
    """A document as large as they come: its oplog entry is larger than a document may be."""
    which = {"_id": "biggest"}
    body = documents.bulk(world, BIGGEST_DOCUMENT)
    world.own.large.replace_one(which, which | {"body": body}, upsert=True)


def zero_timestamp(world: World) -> None:
    """The server replaces a top-level Timestamp(0, 0) on insert, and keeps it on $set."""
    which = {"_id": f"zero {world.random.randrange(5)}"}
    change = {"$set": {"zero": Timestamp(0, 0), "array": [Timestamp(0, 0)]}, "$inc": {"n": 1}}
    world.own.timestamps.update_one(which, change, upsert=True)


OPERATORS: tuple[Document, ...] = (
    {"$set": {"n": 5, "inner.x": 7, "inner.y.z.1.deep": "set", "numbers.3": 1}},
    {"$set": {"new.path.made": [1, 2, {"three": 3}]}},
    {"$unset": {"text": "", "inner.y": ""}},
    {"$inc": {"n": 3, "inner.x": -1, "f": 0.5}},
    {"$mul": {"n": 2, "f": 1.5}},
    {"$min": {"n": 1000}},
    {"$max": {"n": 500_000}},
    {"$rename": {"s": "renamed", "inner.x": "inner.w"}},
    {"$currentDate": {"at": True, "stamp": {"$type": "timestamp"}}},
    {"$bit": {"n": {"xor": 5}}},
    {"$push": {"tags": "pushed"}},
    {"$push": {"numbers": {"$each": [9, 1, 5], "$sort": -1, "$slice": 8}}},
    {"$push": {"lines": {"$each": [{"q": 0, "r": "first"}], "$position": 0, "$slice": -9}}},
    {"$addToSet": {"tags": {"$each": ["a", "z"]}}},
    {"$pop": {"numbers": 1}},
    {"$pop": {"lines": -1}},
    {"$pull": {"numbers": {"$gt": 50}}},
    {"$pull": {"lines": {"q": {"$lt": 3}}}},
    {"$pullAll": {"tags": ["a", "b"]}},
    {"$set": {"lines.$[].all": 1}},
)

PIPELINES: tuple[list[Document], ...] = (
    [{"$set": {"n": {"$add": [{"$ifNull": ["$n", 0]}, 1]}, "sum": {"$sum": "$numbers"}}}],
    [{"$unset": ["text", "inner.y"]}, {"$set": {"now": "$$NOW", "cluster": "$$CLUSTER_TIME"}}],
    [{"$replaceWith": {"$mergeObjects": ["$$ROOT", {"tags": ["replaced"], "s": "$$ROOT.s"}]}}],
)


def update_by_operator(world: World) -> None:
    world.hot.update_one({"_id": world.key()}, world.random.choice(OPERATORS))


def update_many(world: World) -> None:
    start = world.key()
    world.hot.update_many(
        {"_id": {"$gte": start, "$lt": start + 30}}, world.random.choice(OPERATORS)
    )


def update_by_pipeline(world: World) -> None:
    world.hot.update_one({"_id": world.key()}, world.random.choice(PIPELINES))


def update_in_array(world: World) -> None:
    """The positional operator, and array filters."""
    world.hot.update_one({"lines.q": world.random.randrange(9)}, {"$inc": {"lines.$.q": 1}})
    world.hot.update_one(
        {"_id": world.key()},
        {"$set": {"lines.$[some].r": "filtered"}},
        array_filters=[{"some.q": {"$gte": 3}}],
    )


def upsert(world: World) -> None:
    world.hot.update_one(
        {"_id": world.key()},
        {"$setOnInsert": {"made": "by upsert", "lines": [{"q": 1}]}, "$inc": {"n": 1}},
        upsert=True,
    )


def find_and_modify(world: World) -> None:
    """Retryable, with the image of before or after kept in the source's config database."""
    which = {"_id": world.key()}
    when = world.random.choice((ReturnDocument.BEFORE, ReturnDocument.AFTER))
    world.hot.find_one_and_update(which, {"$inc": {"n": 1}}, return_document=when)
    world.hot.find_one_and_delete({"_id": world.key()})


def replace(world: World) -> None:
    key = world.key()
    world.hot.replace_one({"_id": key}, documents.common(world, key), upsert=True)


def delete_one(world: World) -> None:
    world.hot.delete_one({"_id": world.key()})


def delete_many(world: World) -> None:
    start = world.key()
    world.hot.delete_many({"_id": {"$gte": start, "$lt": start + 10}})


def bulk_write(world: World) -> None:
    one, two, three, four = (world.key() for _ in range(4))
    world.hot.bulk_write([
        DeleteOne({"_id": one}),
        InsertOne(documents.common(world, one)),
        UpdateOne({"_id": two}, {"$set": {"bulk": True}}, upsert=True),
        ReplaceOne({"_id": three}, documents.common(world, three), upsert=True),
        UpdateMany({"_id": {"$gt": four, "$lt": four + 5}}, {"$inc": {"n": 1}}),
    ])  # fmt: skip


def swap_unique(world: World) -> None:
    """Two documents exchange the value of a unique index, in one of two ways.

    Whoever copies one before and the other after sees the value twice.
    """
    unique = world.own.unique
    one, two = world.random.sample(range(20), 2)
    for key in (one, two):
        unique.update_one({"_id": key}, {"$setOnInsert": {"u": key}}, upsert=True)
    found = {item["_id"]: item["u"] for item in unique.find({"_id": {"$in": [one, two]}})}
    if world.random.random() < 0.5:
        unique.update_one({"_id": one}, {"$set": {"u": f"on its way {one}"}})
        unique.update_one({"_id": two}, {"$set": {"u": found[one]}})
        unique.update_one({"_id": one}, {"$set": {"u": found[two]}})
    else:
        unique.delete_many({"_id": {"$in": [one, two]}})
        unique.insert_many([{"_id": one, "u": found[two]}, {"_id": two, "u": found[one]}])


def expire(world: World) -> None:
    """A document that the source's TTL monitor deletes when it pleases."""
    at = documents.moment(world)
    world.own.expiring.insert_one({"at": at, "n": world.next()})


STEPS: tuple[tuple[Step, int], ...] = (
    (insert_one, 60),
    (insert_many, 20),
    (insert_new, 15),
    (insert_zoo, 20),
    (change_zoo, 20),
    (insert_large, 3),
    (insert_biggest, 1),
    (zero_timestamp, 10),
    (update_by_operator, 150),
    (update_many, 30),
    (update_by_pipeline, 40),
    (update_in_array, 30),
    (upsert, 30),
    (find_and_modify, 20),
    (replace, 40),
    (delete_one, 50),
    (delete_many, 10),
    (bulk_write, 20),
    (swap_unique, 20),
    (expire, 10),
)
