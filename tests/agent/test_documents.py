"""Single documents fetched again from the source."""

from collections.abc import Iterator
from typing import Any

import bson
import pytest
from bson.int64 import Int64
from pymongo import MongoClient
from pymongo.collation import Collation

from mmsconsole.agent.documents import equality, fetch_document
from mmsconsole.agent.reader import Reader
from mmsconsole.errors import CommandFailed, UnreadableEntry
from mmsconsole.optime import Optime

Client = MongoClient[dict[str, Any]]
OBJECT_ID = bson.ObjectId("65f000000000000000000001")
IDS = [
    *(1, Int64(1 << 40), "text", {"b": 1, "a": [1]}, None, True, b"bytes", OBJECT_ID),
    *(bson.Timestamp(1, 1), bson.Regex("^a")),
]


@pytest.fixture
def things(root: Client) -> Iterator[Any]:
    yield root["fetched"].create_collection("things")
    root.drop_database("fetched")


def uuid_of(collection: Any) -> bytes:
    listed = collection.database.list_collections(filter={"name": collection.name})
    return bytes(next(iter(listed))["info"]["uuid"])


def position(reader: Reader) -> Optime:
    return reader.optimes().applied


@pytest.mark.parametrize("value", IDS[:-1], ids=repr)
def test_a_document_is_found_by_the_bytes_of_its_id(
    things: Any, reader: Reader, value: object
) -> None:
    document = {"_id": value, "x": 1}
    things.insert_many([document, {"_id": "another"}])
    after = position(reader)
    found = fetch_document(reader, "fetched", uuid_of(things), bson.encode({"_id": value}), after)
    assert found.raw == bson.encode(document)
    assert found.at >= after


def test_the_order_of_fields_in_an_id_counts(things: Any, reader: Reader) -> None:
    things.insert_one({"_id": {"a": 1, "b": 2}})
    other = bson.encode({"_id": {"b": 2, "a": 1}})
    assert fetch_document(reader, "fetched", uuid_of(things), other, position(reader)).raw is None


def test_the_answer_is_no_older_than_the_position_asked_for(things: Any, reader: Reader) -> None:
    uuid = uuid_of(things)
    for number in range(20):
        reply = things.database.command(
            "update", "things", updates=[{"q": {"_id": 1}, "u": {"n": number}, "upsert": True}]
        )
        after = Optime.of(reply["operationTime"])
        found = fetch_document(reader, "fetched", uuid, bson.encode({"_id": 1}), after)
        assert found.raw is not None
        assert bson.decode(found.raw)["n"] == number


def test_a_document_that_is_gone_is_none(things: Any, reader: Reader) -> None:
    after = position(reader)
    found = fetch_document(reader, "fetched", uuid_of(things), bson.encode({"_id": 1}), after)
    assert found.raw is None
    assert found.at >= after


def test_a_collection_that_is_gone_has_no_documents(things: Any, reader: Reader) -> None:
    uuid = uuid_of(things)
    things.insert_one({"_id": 1})
    things.drop()
    after = position(reader)
    found = fetch_document(reader, "fetched", uuid, bson.encode({"_id": 1}), after)
    assert found.raw is None
    assert found.at >= after


def test_a_renamed_collection_is_found(things: Any, reader: Reader) -> None:
    uuid = uuid_of(things)
    things.insert_one({"_id": 1})
    things.rename("renamed")
    found = fetch_document(reader, "fetched", uuid, bson.encode({"_id": 1}), position(reader))
    assert found.raw == bson.encode({"_id": 1})


def test_a_collation_of_the_collection_still_finds_the_document(
    root: Client, things: Any, reader: Reader
) -> None:
    folded = root["fetched"].create_collection("folded", collation=Collation("en", strength=2))
    folded.insert_one({"_id": "Name", "x": 1})
    found = fetch_document(
        reader, "fetched", uuid_of(folded), bson.encode({"_id": "Name"}), position(reader)
    )
    assert found.raw == bson.encode({"_id": "Name", "x": 1})


def test_a_position_that_the_source_can_not_have_is_an_error(things: Any, reader: Reader) -> None:
    after = Optime(position(reader).t + 1_000_000, 1)
    with pytest.raises(CommandFailed):
        fetch_document(reader, "fetched", uuid_of(things), bson.encode({"_id": 1}), after)


@pytest.mark.parametrize("value", IDS, ids=repr)
def test_the_filter_compares_and_never_matches_a_pattern(value: object) -> None:
    raw = equality(bson.encode({"_id": value}))
    assert raw == bson.encode({"_id": {"$eq": value}})


def test_what_has_no_id_is_refused() -> None:
    with pytest.raises(UnreadableEntry):
        equality(bson.encode({"x": 1}))
