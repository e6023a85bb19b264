from datetime import UTC, datetime

import pytest
from bson.binary import UuidRepresentation

from mmsconsole.mongod.fingerprint import differences, fingerprint

VIEW = {"create": "view", "viewOn": "plain", "pipeline": [{"$match": {"a": 1}}]}


@pytest.fixture
def pair(start_mongod):
    """Clients of two fresh servers."""
    with start_mongod("one").client() as one, start_mongod("two").client() as two:
        yield one, two


def fill(client) -> None:
    """One of each kind of namespace; the same every time but for the UUIDs."""
    database = client.app
    database.plain.insert_many({"_id": number, "a": number % 3} for number in range(50))
    database.plain.create_index([("a", 1), ("b", -1)], name="ab")
    database.create_collection("capped", capped=True, size=4096)
    database.capped.insert_one({"_id": 1})
    database.create_collection("checked", validator={"a": {"$gt": 0}}, collation={"locale": "de"})
    database.create_collection(
        "series", timeseries={"timeField": "at", "metaField": "sensor", "granularity": "hours"}
    )
    at = datetime(2024, 1, 1, tzinfo=UTC)
    database.series.insert_one({"_id": 1, "at": at, "sensor": 1, "value": 7})
    database.command(VIEW)


def copy_by_uuid(source, target) -> None:
    """What a head does: collections under the source's UUIDs, documents as they are."""
    database = source.app
    for entry in database.list_collections(filter={"type": "collection"}):
        create = {"create": entry["name"], **entry["options"], "idIndex": entry.get("idIndex")}
        create = {name: value for name, value in create.items() if value is not None}
        operation = {"op": "c", "ns": "app.$cmd", "ui": entry["info"]["uuid"], "o": create}
        target.admin.command({"applyOps": [operation]})
        for document in database[entry["name"]].find():
            insert = {"op": "i", "ns": f"app.{entry['name']}", "o": document}
            target.admin.command({"applyOps": [insert | {"ui": entry["info"]["uuid"]}]})
        for index in database[entry["name"]].list_indexes():
            if index["name"] != "_id_" and not entry["name"].startswith("system."):
                target.app.command({"createIndexes": entry["name"], "indexes": [index]})


def test_servers_that_hold_the_same_are_equal(pair):
    one, two = pair
    fill(one)
    copy_by_uuid(one, two)

    assert differences(fingerprint(one), fingerprint(two)) == []
    assert fingerprint(one) == fingerprint(two)


def test_every_kind_of_namespace_is_in_it(pair):
    one, _ = pair
    fill(one)

    found = fingerprint(one, ["app"]).namespaces

    assert {name: made.kind for name, made in found.items()} == {
        "app.capped": "collection",
        "app.checked": "collection",
        "app.plain": "collection",
        "app.series": "timeseries",
        "app.system.buckets.series": "collection",
        "app.system.views": "collection",
        "app.view": "view",
    }
    assert all(made.md5 for made in found.values() if made.kind == "collection")
    assert len(found["app.plain"].indexes) == 2


def test_the_same_data_made_twice_differs_in_its_uuids(pair):
    one, two = pair
    for client in pair:
        client.app.plain.insert_one({"_id": 1})

    [difference] = differences(fingerprint(one), fingerprint(two))

    assert difference.startswith("app.plain: the UUIDs differ")


CHANGES = {
    "a document more": (
        lambda app: app.plain.insert_one({"_id": "x"}),
        "app.plain: the documents differ",
    ),
    "another type of number": (
        lambda app: app.plain.update_one({"_id": 1}, {"$set": {"a": 1.0}}),
        "app.plain: the documents differ",
    ),
    "another order of fields": (
        lambda app: app.plain.replace_one({"_id": 2}, {"_id": 2, "b": 1, "a": 2}),
        "app.plain: the documents differ",
    ),
    "an index less": (
        lambda app: app.plain.drop_index("ab"),
        "app.plain: an index is only in the first: ",
    ),
    "a hidden index": (
        lambda app: app.command({"collMod": "plain", "index": {"name": "ab", "hidden": True}}),
        "app.plain: an index is only in the second: ",
    ),
    "another validator": (
        lambda app: app.command({"collMod": "checked", "validator": {"a": {"$gt": 1}}}),
        "app.checked: the options differ: ",
    ),
    "another pipeline": (
        lambda app: app.command({"collMod": "view", "viewOn": "plain", "pipeline": []}),
        "app.view: the options differ: ",
    ),
    "a document more in a capped collection": (
        lambda app: app.capped.insert_one({"_id": 2}),
        "app.capped: the documents differ",
    ),
    "a measurement more": (
        lambda app: app.series.insert_one({"at": datetime(2024, 1, 2, tzinfo=UTC), "sensor": 2}),
        "app.system.buckets.series: the documents differ",
    ),
    "a collection more": (
        lambda app: app.create_collection("more"),
        "app.more is only in the second",
    ),
    "a collection less": (
        lambda app: app.drop_collection("checked"),
        "app.checked is only in the first",
    ),
}


@pytest.fixture(scope="module")
def twins(request):
    """A database that each test changes and that is made anew, on the shared standalone."""
    with request.getfixturevalue("standalone").client() as client:
        yield client
        client.drop_database("app")


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_every_difference_is_told(twins, change, said):
    twins.drop_database("app")
    fill(twins)
    before = fingerprint(twins, ["app"])
    change(twins.app)

    found = differences(before, fingerprint(twins, ["app"]))

    assert any(sentence.startswith(said) for sentence in found), found


def test_what_a_server_has_of_its_own_is_left_out(replica_set):
    with replica_set.client() as client:
        client.owned.command({"profile": 2})
        client.owned.things.insert_one({"_id": 1})
        client.owned.things.find_one()
        client.owned.command({"profile": 0})
        found = fingerprint(client).namespaces

    assert "owned.things" in found
    assert not [name for name in found if name.startswith(("local.", "config."))]
    assert "admin.system.keys" not in found
    assert "owned.system.profile" not in found
    assert found["admin.system.version"].uuid == ""


def test_how_the_client_shows_uuids_does_not_matter(mongod, client):
    client.app.plain.insert_one({"_id": 1})
    with mongod.client(uuidRepresentation="standard") as other:
        assert other.codec_options.uuid_representation == UuidRepresentation.STANDARD

        assert fingerprint(other) == fingerprint(client)
