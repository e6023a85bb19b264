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
            name="shop", uri=Secret(three_members.uri), set_name=three_members.name,
            set_id=_set_id(three_members), created_at=now - timedelta(days=1),
            backup="inactive", head="",
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
    try:
        yield wait
    finally:
        agent.stop(240)


def _set_id(three_members: LocalReplicaSet) -> str:
    with three_members.client() as client:
        config = client.admin.command("replSetGetConfig")["config"]
    return str(config["settings"]["replicaSetId"])


def alerts(metadata: Metadata, condition: str, port: int | str = "") -> list[Alert]:
    """Also those that are closed; `port`: of that member alone."""
    found = [one for one in metadata.alerts.listed(every=True) if one.condition == condition]
    return [one for one in found if one.subject.endswith(str(port))]


def standing(metadata: Metadata, condition: str, port: int | str = "") -> list[Alert]:
    return [one for one in alerts(metadata, condition, port) if one.standing]


def test_a_member_that_is_killed_is_down_until_it_is_started_again(
    three_members: LocalReplicaSet, metadata: Metadata, until: Until
) -> None:
    until(lambda: len(list(metadata.members.all({"state": {"$ne": ""}}))) == 3)
    until(lambda: not standing(metadata, "host down"))
    victim = three_members.secondaries()[0]
    port = three_members.member(victim).options.listen.port
    three_members.kill_member(victim)
    try:
        until(lambda: bool(standing(metadata, "host down", port)))
        assert "does not answer" in standing(metadata, "host down", port)[0].text
        # Of the others nothing is told, unless they stood still, and then not for long.
        until(lambda: len(standing(metadata, "host down")) == 1)
        until(lambda: not standing(metadata, "no primary"))
    finally:
        three_members.start_member(victim)
        three_members.wait_for_secondaries()
    until(lambda: not standing(metadata, "host down", port))
    assert all("answers" in one.reason for one in alerts(metadata, "host down", port))


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

    def all_follow() -> bool:
        """The one that leads now: a set that stood still may have elected again."""
        leads = str(three_members.addresses[three_members.primary()])
        return {one.primary for one in metadata.members.all()} == {leads}

    until(all_follow)


def test_a_member_that_is_left_locked_is_told_until_it_is_unlocked(
    three_members: LocalReplicaSet, metadata: Metadata, until: Until
) -> None:
    with three_members.member_client(three_members.secondaries()[0]) as client:
        lock(client)
        try:
            until(lambda: bool(alerts(metadata, "member left locked")))
        finally:
            client.admin.command("fsyncUnlock")
    until(lambda: not standing(metadata, "member left locked"))
