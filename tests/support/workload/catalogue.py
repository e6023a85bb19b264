"""Collections of every kind, indexes, collMod, renames, drops, views, users."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, GEOSPHERE, HASHED, TEXT, MongoClient
from pymongo.collation import Collation
from pymongo.errors import DuplicateKeyError

from tests.support.workload import documents
from tests.support.workload.world import SHARED, Step, World

FRENCH = Collation("fr", strength=2, caseLevel=True)
SIMPLE = Collation("simple")
CAPPED_BYTES = 256 * 1024
FAR_AHEAD_SECONDS = 20 * 365 * 86_400
BIG_DOCUMENTS = 3_000


def create_shared(client: MongoClient[Any]) -> None:
    client[SHARED].hot.create_index("n")


def create_all(world: World) -> None:
    """What the steps expect: once, before the worker starts."""
    own = world.own
    own.create_collection("hot")
    own.create_collection("collated", collation=FRENCH)
    own.collated.create_index("s", collation=SIMPLE, name="s_simple")
    own.collated.create_index([("s", ASCENDING), ("n", ASCENDING)])
    own.create_collection(
        "validated",
        validator={"$jsonSchema": {"properties": {"n": {"bsonType": "number"}}}},
        validationAction="warn",
    )
    own.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    own.create_collection("capped", capped=True, size=CAPPED_BYTES, max=500)
    own.create_collection(
        "weather", timeseries={"timeField": "at", "metaField": "place", "granularity": "minutes"}
    )
    own.unique.create_index("u", unique=True)
    own.expiring.create_index("at", expireAfterSeconds=FAR_AHEAD_SECONDS)
    own.create_collection("pieces")
    own.create_collection("slow")
    world.other.create_collection("hot")
    for start in range(0, BIG_DOCUMENTS, 1000):
        own.big.insert_many(
            [documents.common(world, number) for number in range(start, start + 1000)]
        )


def capped(world: World) -> None:
    """Old documents fall out; the order of the rest is part of the data."""
    first = world.next()
    made = [{"_id": first * 1000 + n, "line": "log " * n} for n in range(30)]
    world.own.capped.insert_many(made)


def capped_update(world: World) -> None:
    """Within a document's size."""
    world.own.capped.update_one({"touched": {"$exists": False}}, {"$set": {"touched": 1}})


def time_series(world: World) -> None:
    places = [{"city": world.random.choice("ABC"), "floor": n} for n in range(3)]
    start = documents.moment(world)
    world.own.weather.insert_many([
        {"at": start + timedelta(seconds=n), "place": places[n % 3], "t": world.random.random()}
        for n in range(30)
    ])  # fmt: skip


def time_series_delete(world: World) -> None:
    """By the metaField, which is what 6.0 can."""
    world.own.weather.delete_many({"place.city": world.random.choice("ABC")})


def index_build(world: World) -> None:
    """On a collection with documents, while others write to it."""
    world.random.choice(BUILDS)(world.own.big)


def aborted_index_build(world: World) -> None:
    """It meets duplicates, and the server takes it back."""
    with suppress(DuplicateKeyError):
        world.own.big.create_index("s", unique=True, name="cannot_be_unique")


BUILDS: tuple[Callable[[Any], object], ...] = (
    lambda big: big.create_index([("n", ASCENDING), ("f", DESCENDING)]),
    lambda big: big.create_index("tags", sparse=True, hidden=True),
    lambda big: big.create_index("f", partialFilterExpression={"n": {"$gt": 1000}}),
    lambda big: big.create_index([("s", TEXT), ("text", TEXT)], weights={"s": 3}),
    lambda big: big.create_index([("place", GEOSPHERE)]),
    lambda big: big.create_index([("s", HASHED)]),
    lambda big: big.create_index([("inner.$**", ASCENDING)]),
    lambda big: big.create_index("s", collation=FRENCH, name="s_french"),
    lambda big: big.create_index("at", expireAfterSeconds=FAR_AHEAD_SECONDS),
)


def index_drop(world: World) -> None:
    names = [index["name"] for index in world.own.big.list_indexes() if index["name"] != "_id_"]
    if world.random.random() < 0.1:
        world.own.big.drop_indexes()
    elif names:
        world.own.big.drop_index(world.random.choice(names))


def several_indexes(world: World) -> None:
    """Two of one build, on a collection that is made by it or has documents."""
    name = f"indexed_{world.random.randrange(3)}"
    if world.random.random() < 0.5:
        world.own[name].drop()
    world.own[name].insert_one(documents.zoo(world))
    world.own.command(
        "createIndexes",
        name,
        indexes=[
            {"key": {"a": 1}, "name": "a_1"},
            {"key": {"b": 1, "c": -1}, "name": "b_1_c_-1", "sparse": True},
        ],
    )


def modify_collection(world: World) -> None:
    """collMod: validator, capped size, granularity, images of changes."""
    name, change = world.random.choice((
        ("validated", {"validator": {"n": {"$lt": 10**15 + world.next()}}}),
        ("validated", {"validationLevel": world.random.choice(("off", "moderate", "strict"))}),
        ("hot", {"changeStreamPreAndPostImages": {"enabled": world.random.random() < 0.5}}),
        ("weather", {"timeseries": {"granularity": "hours"}}),
        ("weather", {"expireAfterSeconds": FAR_AHEAD_SECONDS + world.next()}),
    ))  # fmt: skip
    world.own.command("collMod", name, **change)


def modify_index(world: World) -> None:
    """collMod of an index: TTL, hidden, unique."""
    world.own.command(
        "collMod",
        "expiring",
        index={"name": "at_1", "expireAfterSeconds": FAR_AHEAD_SECONDS + world.next()},
    )
    hidden = world.random.random() < 0.5
    world.own.command("collMod", "unique", index={"name": "u_1", "hidden": hidden})


def make_index_unique(world: World) -> None:
    """collMod prepareUnique, then unique (6.0)."""
    name = f"to_be_unique_{world.random.randrange(3)}"
    collection = world.own[name]
    collection.drop()
    collection.insert_many([{"v": number} for number in range(20)])
    collection.create_index("v", name="v")
    world.own.command("collMod", name, index={"name": "v", "prepareUnique": True})
    world.own.command("collMod", name, index={"name": "v", "unique": True})


def rename(world: World) -> None:
    """There and back between two names, with documents and an index."""
    here, there = "moving_a", "moving_b"
    if there in world.own.list_collection_names():
        here, there = there, here
    world.own[here].insert_many([{"n": number} for number in range(20)])
    world.own[here].create_index("n")
    world.own[here].rename(there)
    world.own[there].insert_one({"after": "the rename"})


def rename_over(world: World) -> None:
    """Onto a collection that is dropped by it."""
    world.own.fresh.insert_many([{"n": number} for number in range(10)])
    world.own.fresh.rename("replaced", dropTarget=True)


def rename_across(world: World) -> None:
    """Between databases: the server copies into a temporary collection."""
    world.own.traveller.insert_many([{"n": number} for number in range(10)])
    world.client.admin.command(
        "renameCollection",
        f"{world.name}.traveller",
        to=f"{world.other.name}.traveller",
        dropTarget=True,
    )


def drop_collection(world: World) -> None:
    name = f"short_lived_{world.random.randrange(4)}"
    if world.random.random() < 0.5:
        world.own[name].insert_many([documents.common(world, key) for key in range(20)])
        world.own[name].create_index("s")
    else:
        world.own[name].drop()


def drop_database(world: World) -> None:
    gone = world.client[f"{world.name}_gone"]
    gone.first.insert_many([{"n": number} for number in range(5)])
    gone.second.create_index("n")
    if world.random.random() < 0.7:
        world.client.drop_database(gone.name)


def convert_to_capped(world: World) -> None:
    world.own.to_cap.insert_many([{"n": number} for number in range(20)])
    world.own.command("convertToCapped", "to_cap", size=CAPPED_BYTES)
    if world.random.random() < 0.3:
        world.own.to_cap.drop()


def views(world: World) -> None:
    """Create, change or drop one; its name may be any."""
    name = f"view {world.random.randrange(3)}/é"
    pipeline = [{"$match": {"n": {"$gt": world.next()}}}]
    if name not in world.own.list_collection_names():
        world.own.create_collection(name, viewOn="hot", pipeline=pipeline, collation=FRENCH)
    elif world.random.random() < 0.6:
        world.own.command("collMod", name, viewOn="big", pipeline=pipeline)
    else:
        world.own[name].drop()


def out_and_merge(world: World) -> None:
    """$out replaces a collection by way of a temporary one; $merge upserts into one."""
    match = {"$match": {"n": {"$gt": world.random.randrange(1_000_000)}}}
    world.own.hot.aggregate([match, {"$out": "out"}])
    world.own.hot.aggregate([match, {"$limit": 50}, {"$merge": "merged"}])


def users_and_roles(world: World) -> None:
    name = f"{world.name}_user_{world.random.randrange(3)}"
    read = [{"role": "read", "db": world.name}]
    if world.own.command("usersInfo", name)["users"]:
        world.own.command("dropUser", name)
    else:
        world.own.command("createUser", name, pwd="a password of nobody", roles=read)
        world.own.command("grantRolesToUser", name, roles=["readWrite"])
    role = f"{name}_role"
    if world.own.command("rolesInfo", role)["roles"]:
        world.own.command("dropRole", role)
    else:
        world.own.command("createRole", role, privileges=[], roles=read)


def odd_names(world: World) -> None:
    """Collections with names that are awkward as file names, URLs or paths."""
    name = world.random.choice(("with/slash+and%percent", "with space", "☃", "n" * 200, "a.b.c"))
    world.own[name].insert_one({"_id": world.next()})


STEPS: tuple[tuple[Step, int], ...] = (
    (capped, 15),
    (capped_update, 4),
    (time_series, 12),
    (time_series_delete, 2),
    (index_build, 5),
    (aborted_index_build, 2),
    (index_drop, 4),
    (several_indexes, 3),
    (modify_collection, 5),
    (modify_index, 3),
    (make_index_unique, 2),
    (rename, 4),
    (rename_over, 3),
    (rename_across, 2),
    (drop_collection, 5),
    (drop_database, 2),
    (convert_to_capped, 2),
    (views, 5),
    (out_and_merge, 3),
    (users_and_roles, 2),
    (odd_names, 3),
)
