"""What a real mongod (6.0.5) answers, as values."""

import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.members import Operation
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.host_facts import host_facts
from mmsconsole.monitoring.metrics import METRICS, Kind, Scope
from mmsconsole.monitoring.observing import Observed, observe
from mmsconsole.monitoring.rates import SHORTEST_SECONDS

Client = MongoClient[dict[str, Any]]
NAME = "monitoring_real_answers"
ONLY_OF_SECONDARIES = {"repl_batch_ms", "repl_getmore_ms"}
ONLY_WHEN_USED = {each.name for each in METRICS if each.kind is Kind.RATIO}


@pytest.fixture
def client(replica_set: LocalReplicaSet) -> Iterator[Client]:
    """Of a member that gathers data of its host, as servers do by default."""
    setting = "diagnosticDataCollectionEnabled"
    with replica_set.member_client(0) as client:
        before = client.admin.command("getParameter", 1, **{setting: 1})[setting]
        client.admin.command("setParameter", 1, **{setting: True})
        yield client
        client.drop_database(NAME)
        client.admin.command("setParameter", 1, **{setting: before})


def ask(client: Client, clock: SystemClock, **parts: Any) -> Answers:
    admin, local = client.admin, client.local
    return Answers(
        "db1:27017", clock.now(), clock.monotonic(),
        server_status=admin.command("serverStatus"),
        set_status=admin.command("replSetGetStatus"),
        oplog_stats=local.command("collStats", "oplog.rs"),
        system_metrics=admin.command("getDiagnosticData")["data"].get("systemMetrics", {}),
        operations=tuple(admin.aggregate([{"$currentOp": {"allUsers": True}}])),
        top=admin.command("top")["totals"],
        options=admin.command("getCmdLineOpts")["parsed"],
        **parts,
    )  # fmt: skip


def use(client: Client) -> None:
    collection = client[NAME].things
    collection.insert_many([{"a": each} for each in range(100)])
    list(collection.find({"a": {"$gte": 50}}).sort("b"))
    with client.start_session() as session, session.start_transaction():
        collection.insert_one({"a": 1}, session=session)


def polled_twice(client: Client, clock: SystemClock) -> Observed:
    """As soon as the host's data is there, which the server gathers once a second."""
    first = ask(client, clock)
    deadline = clock.monotonic() + 60
    while not first.system_metrics and clock.monotonic() < deadline:
        time.sleep(0.1)
        first = ask(client, clock)
    use(client)
    second = ask(client, clock)
    while second.monotonic < first.monotonic + SHORTEST_SECONDS or not moved(first, second):
        assert clock.monotonic() < deadline
        time.sleep(0.1)
        second = ask(client, clock)
    return observe(observe(None, first, 10), second, 10)


def moved(first: Answers, second: Answers) -> bool:
    return bool(first.system_metrics["cpu"] != second.system_metrics["cpu"])


def test_a_real_member_has_a_value_for_every_metric(client: Client, clock: SystemClock) -> None:
    client[NAME].things.insert_one({})
    wanted = {each.name for each in METRICS if each.scope in (Scope.MEMBER, Scope.HOST)}
    found = polled_twice(client, clock)

    window = {name for name in wanted if name.startswith("oplog_")} - {"oplog_bytes"}
    assert wanted - found.values.keys() - window - ONLY_OF_SECONDARIES - ONLY_WHEN_USED == set()
    assert found.values.keys() <= wanted
    assert found.values["documents_inserted"] > 0
    assert found.values["latency_write_ms"] > 0
    assert 0 <= found.values["host_cpu_percent"] <= 100
    assert [each.namespace for each in found.hot if each.namespace.startswith(NAME)]


def test_sizes_and_facts_of_a_real_member_are_read(client: Client, clock: SystemClock) -> None:
    use(client)
    stats = {NAME: client[NAME].command("dbStats")}
    collection = {f"{NAME}.things": client[NAME].command("collStats", "things")}
    found = observe(None, ask(client, clock, databases=stats, collections=collection), 10)

    assert found.sizes[NAME]["db_objects"] >= 100
    assert found.sizes[f"{NAME}.things"]["collection_objects"] >= 100
    facts = host_facts(
        client.admin.command("hostInfo"), client.admin.command("buildInfo"),
        client.admin.command("getCmdLineOpts")["parsed"],
    )  # fmt: skip
    assert facts["mongod"] == client.server_info()["version"]
    assert {"host name", "memory", "cores", "kernel", "data folder"} <= facts.keys()


def test_an_operation_that_runs_is_told_without_its_values(
    client: Client, clock: SystemClock
) -> None:
    client[NAME].cards.insert_one({"card": "4111-1111"})
    slow = {"card": "4111-1111", "$where": "sleep(60000) || true"}
    reader = Thread(target=read_until_killed, args=(client, slow))
    reader.start()
    found: list[Operation] = []
    deadline = clock.monotonic() + 60
    while not found and clock.monotonic() < deadline:
        told = observe(None, ask(client, clock), 10).operations
        found = [each for each in told if each.namespace == f"{NAME}.cards" and each.plan]
    if found:
        client.admin.command("killOp", 1, op=int(found[0].id))
    reader.join(60)

    assert [each.text for each in found] == ["find cards filter: {card: ?, $where: ?} limit: 1"]
    assert found[0].plan == "COLLSCAN"


def read_until_killed(client: Client, query: dict[str, Any]) -> None:
    with suppress(OperationFailure):
        client[NAME].cards.find_one(query, max_time_ms=60_000)
