"""What belongs to a backup, and what a listing says of it."""

import threading
from collections.abc import Iterator
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collation import Collation

from mmsconsole.agent.listing import finished_indexes, has_data, is_listed, list_collections
from mmsconsole.agent.reader import Reader
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.task import Task

Client = MongoClient[dict[str, Any]]


@pytest.mark.parametrize(
    ("database", "name", "listed"),
    [
        ("app", "things", True),
        ("app", "system.views", True),
        ("app", "system.js", True),
        ("app", "system.buckets.weather", True),
        ("app", "system.profile", False),
        ("local", "oplog.rs", False),
        ("local", "mine", False),
        ("admin", "system.users", True),
        ("admin", "system.roles", True),
        ("admin", "system.version", True),
        ("admin", "system.keys", False),
        ("app", "system.keys", True),
        ("config", "transactions", False),
        ("config", "image_collection", False),
        ("config", "system.sessions", False),
        ("config", "system.preimages", False),
        ("config", "settings", True),
        ("config", "chunks", True),
        ("__mdb_internal_search", "indexes", False),
    ],
)
def test_what_belongs_to_a_backup(database: str, name: str, listed: bool) -> None:
    assert is_listed(database, name) is listed


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("things", "collection", True),
        ("system.buckets.weather", "collection", True),
        ("weather", "timeseries", False),
        ("view", "view", False),
        ("system.views", "collection", False),
    ],
)
def test_what_has_documents_to_copy(name: str, kind: str, data: bool) -> None:
    assert has_data(name, kind) is data


def test_an_index_that_is_still_being_built_is_not_an_index_yet() -> None:
    done = {"v": 2, "key": {"a": 1}, "name": "a_1"}
    listed = [
        {"v": 2, "key": {"_id": 1}, "name": "_id_"},
        done,
        {"spec": {"v": 2, "key": {"b": 1}, "name": "b_1"}, "buildUUID": b"x" * 16},
    ]
    raw = [RawBSONDocument(bson.encode(each)) for each in listed]
    assert finished_indexes(raw) == (bson.encode(done),)


@pytest.fixture(scope="module")
def listing(guarded: Any) -> Iterator[dict[str, SyncCollection]]:
    with guarded.replica_set.client() as client:
        build(client)
        reader = guarded.reader()
        yield {each.ns: each for each in list_collections(reader, "head", Task())}
        reader.close()
        client.drop_database("listed")


def build(client: Client) -> None:
    db = client["listed"]
    db.create_collection("things", collation=Collation("en", strength=2))
    db.things.insert_many([{"_id": n, "x": "y" * 100} for n in range(100)])
    db.things.create_index("b", unique=True, sparse=True)
    db.things.create_index([("a", 1), ("c", -1)])
    db.create_collection("capped", capped=True, size=8192)
    db.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    db.create_collection("weather", timeseries={"timeField": "at", "metaField": "place"})
    db.create_collection("view", viewOn="things", pipeline=[{"$match": {"a": 1}}])
    db.command("create", "strict", validator={"at": {"$lt": bson.Timestamp(7, 7)}})


def test_a_collection_comes_with_everything_to_make_it_again(
    listing: dict[str, SyncCollection],
) -> None:
    things = listing["listed.things"]
    assert (things.kind, len(things.uuid), things.capped, things.done) == (
        "collection", 16, False, False,
    )  # fmt: skip
    assert bson.decode(things.options)["collation"]["strength"] == 2
    assert bson.decode(things.id_index)["collation"]["strength"] == 2
    assert [bson.decode(each)["name"] for each in things.indexes] == ["b_1", "a_1_c_-1"]
    assert things.total_bytes > 100 * 100


def test_a_capped_collection_is_known_as_such(listing: dict[str, SyncCollection]) -> None:
    assert listing["listed.capped"].capped
    assert bson.decode(listing["listed.capped"].options)["size"] == 8192


def test_a_cluster_key_is_an_option_and_no_index(listing: dict[str, SyncCollection]) -> None:
    clustered = listing["listed.clustered"]
    assert (clustered.id_index, clustered.indexes) == (b"", ())
    assert bson.decode(clustered.options)["clusteredIndex"]["unique"] is True


def test_a_time_series_is_its_buckets_and_a_name(listing: dict[str, SyncCollection]) -> None:
    weather, buckets = listing["listed.weather"], listing["listed.system.buckets.weather"]
    assert (weather.kind, weather.uuid, weather.done) == ("timeseries", b"", True)
    assert (buckets.kind, len(buckets.uuid), buckets.done) == ("collection", 16, False)


def test_a_view_has_nothing_to_copy(listing: dict[str, SyncCollection]) -> None:
    view, views = listing["listed.view"], listing["listed.system.views"]
    assert (view.kind, view.uuid, view.done) == ("view", b"", True)
    assert bson.decode(view.options)["pipeline"] == [{"$match": {"a": 1}}]
    assert (len(views.uuid), views.done) == (16, True)


def test_options_come_byte_for_byte(listing: dict[str, SyncCollection]) -> None:
    validator = bson.decode(listing["listed.strict"].options)["validator"]
    assert validator == {"at": {"$lt": bson.Timestamp(7, 7)}}


def test_the_servers_own_collections_are_left_out(listing: dict[str, SyncCollection]) -> None:
    assert "admin.system.users" in listing
    assert "admin.system.keys" not in listing
    assert not [ns for ns in listing if ns.startswith("local.")]


def test_an_index_build_in_progress_is_left_out(root: Client, reader: Reader) -> None:
    db = root["building"]
    db.things.insert_many([{"a": n} for n in range(10)])
    point = {"configureFailPoint": "hangAfterStartingIndexBuild"}
    root.admin.command(point | {"mode": "alwaysOn"})
    build = threading.Thread(target=db.things.create_index, args=("a",))
    build.start()
    try:
        while "buildUUID" not in str(db.command("listIndexes", "things", includeBuildUUIDs=True)):
            assert build.is_alive()
        during = {each.ns: each for each in list_collections(reader, "head", Task())}
    finally:
        root.admin.command(point | {"mode": "off"})
        build.join()
    after = {each.ns: each for each in list_collections(reader, "head", Task())}
    root.drop_database("building")
    assert len(during["building.things"].indexes) == 0
    assert len(after["building.things"].indexes) == 1
