"""Collections of a fresh head, made as the source has them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import bson
import pytest
from bson import Binary
from pymongo import MongoClient

from mmsconsole.agent.listing import list_collections
from mmsconsole.agent.reader import Reader
from mmsconsole.errors import ApplyFailed
from mmsconsole.head.creating import SCRATCH_DATABASE, create_collections, drop_collection
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.mongod.fingerprint import Fingerprint, fingerprint
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.task import Task

Client = MongoClient[dict[str, Any]]


def every_kind(client: Client) -> None:
    app = client.app
    app.create_collection("plain")
    app.create_collection("capped", capped=True, size=1 << 20, max=100)
    app.create_collection("collated", collation={"locale": "de", "strength": 2})
    app.create_collection(
        "validated", validator={"n": {"$type": "int"}, "s": {"$regex": "^a", "$options": "i"}},
        validationLevel="moderate", validationAction="warn",
    )  # fmt: skip
    app.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    app.create_collection("images", changeStreamPreAndPostImages={"enabled": True})
    app.create_collection("view", viewOn="plain", pipeline=[{"$match": {"b": 1, "a": {"$gt": 2}}}])
    app.create_collection(
        "collated view", viewOn="collated", pipeline=[], collation={"locale": "de", "strength": 2}
    )
    for name, series in SERIES.items():
        app.create_collection(name, **series)
    client["other-db"].create_collection("view on nothing", viewOn="nowhere", pipeline=[])


SERIES: dict[str, dict[str, Any]] = {
    "seconds": {"timeseries": {"timeField": "t"}},
    "hours": {
        "timeseries": {"timeField": "t", "metaField": "m", "granularity": "hours"},
        "expireAfterSeconds": 3600, "collation": {"locale": "fr"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def listed(replica_set: Any) -> Iterator[tuple[list[SyncCollection], Fingerprint]]:
    """What the agent lists of a source with every kind of collection, and how that looks."""
    with replica_set.client() as client:
        every_kind(client)
        reader = Reader("source", WireConnection.connect(replica_set.addresses[0], None))
        of_app = [
            one
            for one in list_collections(reader, "h1", Task())
            if one.ns.split(".")[0] in ("app", "other-db")
        ]
        reader.close()
        yield of_app, fingerprint(client, ["app", "other-db"])
        for name in ("app", "other-db"):
            client.drop_database(name)


def test_every_kind_is_made_as_the_source_has_it_and_once_more_is_no_harm(
    listed: tuple[list[SyncCollection], Fingerprint], mongod: MongodProcess
) -> None:
    """The listed views' documents equal those of the source's system.views: dbHash says so."""
    collections, source = listed
    with mongod.client() as client:
        create_collections(client, collections, Task())
        create_collections(client, collections, Task())

        made = fingerprint(client, ["app", "other-db"])
        assert made.namespaces.keys() == source.namespaces.keys()
        for namespace, expected in source.namespaces.items():
            found = made.namespaces[namespace]
            # The head gets its secondary indexes, and documents, later.
            assert replace(found, indexes=()) == replace(expected, indexes=()), namespace
        assert SCRATCH_DATABASE not in client.list_database_names()


def test_the_id_index_is_the_sources_own(
    listed: tuple[list[SyncCollection], Fingerprint], mongod: MongodProcess
) -> None:
    plain = next(one for one in listed[0] if one.ns == "app.plain")
    with mongod.client() as client:
        create_collections(client, [plain], Task())

        found = [dict(index) for index in client.app.plain.list_indexes()]
        assert found == [bson.decode(plain.id_index)]


def test_a_dropped_collection_is_made_anew_under_the_same_uuid(
    listed: tuple[list[SyncCollection], Fingerprint], mongod: MongodProcess
) -> None:
    capped = next(one for one in listed[0] if one.ns == "app.capped")
    with mongod.client() as client:
        create_collections(client, [capped], Task())
        client.app.capped.insert_one({"_id": 1})
        drop_collection(client, capped)
        create_collections(client, [capped], Task())

        (found,) = client.app.list_collections()
        assert found["info"]["uuid"] == Binary(capped.uuid, 4)
        assert client.app.capped.count_documents({}) == 0


def test_what_the_head_refuses_is_named(
    listed: tuple[list[SyncCollection], Fingerprint], mongod: MongodProcess
) -> None:
    plain = next(one for one in listed[0] if one.ns == "app.plain")
    wrong = replace(plain, options=bson.encode({"capped": True, "size": -1}))
    with mongod.client() as client, pytest.raises(ApplyFailed, match=r"app\.plain"):
        create_collections(client, [wrong], Task())


def test_a_view_without_its_catalogue_is_named(
    listed: tuple[list[SyncCollection], Fingerprint], mongod: MongodProcess
) -> None:
    view = next(one for one in listed[0] if one.ns == "app.view")
    with mongod.client() as client, pytest.raises(ApplyFailed, match=r"app\.view"):
        create_collections(client, [view], Task())
