"""The shop's workload, and the accident, on a real replica set."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.demo.accident import drop_collection
from mmsconsole.demo.goods import Stocking
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.demo.workload import DATABASE, Shop
from mmsconsole.mongod.fingerprint import differences, fingerprint

TINY = Stocking(customers=20, products=10, orders=30, events=40)
Client = MongoClient[dict[str, Any]]


@pytest.fixture
def client(replica_set: LocalReplicaSet) -> Iterator[Client]:
    with replica_set.client() as client:
        yield client
        client.drop_database(DATABASE)


@pytest.fixture
def shop(client: Client) -> Shop:
    shop = Shop(client, TINY, seed=3)
    shop.open()
    return shop


def test_it_opens_with_what_was_asked_for(shop: Shop) -> None:
    counts = {name: shop.shop[name].count_documents({}) for name in ("customers", "orders")}

    assert counts == {"customers": 20, "orders": 30}


def test_its_steps_make_every_kind_of_write(client: Client, shop: Shop) -> None:
    since = newest(client)

    for _ in range(1000):
        shop.step()
    for _ in range(2):  # too seldom to be left to chance
        shop.change_index()

    made = Counter(kind_of(entry) for entry in entries(client, since))
    wanted = {"i", "u", "d", "applyOps", "commitIndexBuild", "dropIndexes"}
    assert wanted <= set(made)


def test_its_operators_are_not_lost_on_the_server(client: Client, shop: Shop) -> None:
    """Updates that change nothing would leave no entry."""
    since = newest(client)

    for _ in range(200):
        shop.edit_customer()

    assert sum(entry["op"] == "u" for entry in entries(client, since)) > 50


def test_the_accident_is_found_in_the_oplog_and_the_entry_before_it(
    client: Client, shop: Shop
) -> None:
    shop.view_page()
    last_write = newest(client)

    accident = drop_collection(client, DATABASE, "orders")

    assert accident.documents == 30
    assert accident.dropped > accident.before
    assert accident.before.timestamp >= last_write
    dropped = client.local["oplog.rs"].find_one({"ts": accident.dropped.timestamp})
    assert dropped is not None
    assert dropped["o"]["drop"] == "orders"
    between = {"$gt": accident.before.timestamp, "$lt": accident.dropped.timestamp}
    assert client.local["oplog.rs"].find_one({"ts": between}) is None


def test_the_state_noted_is_the_one_before_the_drop(client: Client, shop: Shop) -> None:
    before = fingerprint(client)

    accident = drop_collection(client, DATABASE, "orders")

    assert differences(before, accident.state) == []
    assert f"{DATABASE}.orders" not in fingerprint(client).namespaces


def newest(client: Client) -> Any:
    entry = client.local["oplog.rs"].find_one(sort=[("$natural", -1)])
    assert entry is not None
    return entry["ts"]


def entries(client: Client, since: Any) -> list[dict[str, Any]]:
    return list(client.local["oplog.rs"].find({"ts": {"$gt": since}}))


def kind_of(entry: dict[str, Any]) -> str:
    return str(entry["op"]) if entry["op"] != "c" else str(next(iter(entry["o"])))
