"""Alerts of a real replica set, from its members over the monitoring agent to the alert."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.alerts.service import AlertService
from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.alerts import Alert
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.monitoring.agent import MonitoringAgent
from mmsconsole.secret import Secret
from mmsconsole.storage.storages import open_storages
from mmsconsole.stores.resources import Resources
from tests.alerts.world import deployment
from tests.support.locking import lock
from tests.support.metadata import settings_of

LIMIT_SECONDS = 90

Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def until(
    three_members: LocalReplicaSet, metadata: Metadata, tmp_path: Path, clock: SystemClock
) -> Iterator[Until]:
    """until(so): the set is watched and judged until it is so."""
    settings = settings_of(tmp_path, MMSCONSOLE_MONITORING_INTERVAL_SECONDS="1")
    now = clock.now()
    metadata.engines.announce(EngineRecord("e1", "here", "/home", "1", now, now))
    metadata.deployments.add(
        deployment(
            name="shop", uri=Secret(three_members.uri), set_name=three_members.member_client(
                three_members.primary()
            ).admin.command("hello")["setName"], set_id=_set_id(three_members),
            created_at=now - timedelta(days=1), backup="inactive", head="",
        )
    )  # fmt: skip
    resources = Resources(settings, metadata, open_storages(settings), clock, [])
    agent = MonitoringAgent(settings.tree.monitoring, metadata, clock, "e1")
    service = AlertService(resources, "e1")
    service.tick()
    at_once = {"for_seconds": 0, "clear_seconds": 0, "created_at": now - timedelta(days=1)}
    metadata.alert_rules.collection.update_many({}, {"$set": at_once})

    def wait(so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while not so():
            assert time.monotonic() < deadline, [one.text for one in metadata.alerts.listed()]
            time.sleep(0.2)
            service.tick()

    agent.start()
    yield wait
    agent.stop(30)


def _set_id(three_members: LocalReplicaSet) -> str:
    with three_members.client() as client:
        config = client.admin.command("replSetGetConfig")["config"]
    return str(config["settings"]["replicaSetId"])


def alerts(metadata: Metadata, condition: str) -> list[Alert]:
    return [one for one in metadata.alerts.listed(every=True) if one.condition == condition]


def test_a_member_that_is_killed_is_down_until_it_is_started_again(
    three_members: LocalReplicaSet, metadata: Metadata, until: Until
) -> None:
    until(lambda: len(list(metadata.members.all({"state": {"$ne": ""}}))) == 3)
    assert alerts(metadata, "host down") == []
    victim = three_members.secondaries()[0]
    port = three_members.member(victim).options.listen.port
    three_members.kill_member(victim)
    try:
        until(lambda: bool(alerts(metadata, "host down")))
        (alert,) = alerts(metadata, "host down")
        assert alert.subject.endswith(f":{port}")
        assert "does not answer" in alert.text
        assert alerts(metadata, "no primary") == []
    finally:
        three_members.start_member(victim)
        three_members.wait_for_secondaries()
    until(lambda: not alerts(metadata, "host down")[0].standing)
    assert "answers" in alerts(metadata, "host down")[0].reason


def test_an_election_is_told_with_the_new_primary(
    three_members: LocalReplicaSet, metadata: Metadata, until: Until
) -> None:
    until(lambda: bool(list(metadata.members.all({"state": "PRIMARY"}))))
    index = three_members.step_down()
    port = three_members.member(index).options.listen.port
    until(
        lambda: any(
            f":{port} was elected primary" in one.text for one in alerts(metadata, "new primary")
        )
    )
    until(lambda: {one.primary.rpartition(":")[2] for one in metadata.members.all()} == {str(port)})


def test_a_member_that_is_left_locked_is_told_until_it_is_unlocked(
    three_members: LocalReplicaSet, metadata: Metadata, until: Until
) -> None:
    client = three_members.member_client(three_members.secondaries()[0])
    lock(client)
    try:
        until(lambda: bool(alerts(metadata, "member left locked")))
    finally:
        client.admin.command("fsyncUnlock")
    until(lambda: not alerts(metadata, "member left locked")[0].standing)
