"""The engine's agent watches what is to be watched, and keeps what it sees."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.agents import embedded_agent
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment, DeploymentKind
from mmsconsole.metadata.samples import Grain
from mmsconsole.monitoring import agent as agents
from mmsconsole.monitoring.agent import LEASE, MonitoringAgent, watched_of
from mmsconsole.monitoring.discovery import Expected
from mmsconsole.secret import Secret
from mmsconsole.settings.monitoring import MonitoringSettings
from tests.support.backups import wait_until

NOW = datetime.now(UTC)
QUICK = MonitoringSettings(interval_seconds=1)
STOP_SECONDS = 240.0
"""A thread that outlived its test would write into the next one's records."""
StartAgent = Callable[[str], MonitoringAgent]


@pytest.fixture
def start_agent(metadata: Metadata, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartAgent]:
    """start_agent(engine): it looks for changes ten times a second; all are stopped."""
    monkeypatch.setattr(agents, "KEEP_SECONDS", 0.1)
    monkeypatch.setattr(agents, "SEND_SECONDS", 0.1)
    with ExitStack() as started:

        def start(engine: str) -> MonitoringAgent:
            made = MonitoringAgent(QUICK, metadata, SystemClock(), engine)
            started.callback(made.stop, STOP_SECONDS)
            made.start()
            return made

        yield start


@pytest.fixture
def shop(metadata: Metadata, replica_set: LocalReplicaSet) -> Deployment:
    uri = Secret(replica_set.uri)
    with replica_set.client() as client:
        client.monitored.goods.insert_one({})
        config = client.admin.command("replSetGetConfig")["config"]
    set_id = str(config["settings"]["replicaSetId"])
    made = Deployment("d", "shop", uri, "rs0", set_id, "6.0.5", "6.0", NOW)
    return metadata.deployments.add(made)


def members(metadata: Metadata) -> list[str]:
    return [f"{each.host} {each.state}" for each in metadata.members.of("d")]


def test_a_deployment_is_watched_until_nobody_wants_it_any_more(
    metadata: Metadata, start_agent: StartAgent, shop: Deployment, replica_set: LocalReplicaSet
) -> None:
    host = str(replica_set.addresses[0])
    start_agent("e")
    wait_until(lambda: members(metadata) == [f"{host} PRIMARY"])
    found = wait_until(lambda: metadata.samples.latest(Grain.FINE, "d", host))
    assert found.values["connections_current"] > 0
    wait_until(lambda: metadata.samples.subjects(Grain.FINE, "d", NOW - timedelta(hours=1))[1:])

    metadata.deployments.set("d", monitored=False)
    wait_until(lambda: members(metadata) == [])
    metadata.deployments.set("d", monitored=True)
    wait_until(lambda: members(metadata) == [f"{host} PRIMARY"])


def test_of_a_removed_deployment_nothing_stays_that_was_on_its_way(
    metadata: Metadata, start_agent: StartAgent, shop: Deployment, replica_set: LocalReplicaSet
) -> None:
    """A poll may end, and its samples be written, behind the removal's own sweep."""
    host = str(replica_set.addresses[0])
    start_agent("e")
    wait_until(lambda: metadata.samples.latest(Grain.FINE, "d", host))
    metadata.deployments.remove("d")
    wait_until(lambda: metadata.samples.latest(Grain.FINE, "d", host) is None)
    wait_until(lambda: members(metadata) == [])


def test_the_agent_tells_what_it_costs(
    metadata: Metadata, start_agent: StartAgent, shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "REPORT_SECONDS", 0.5)
    start_agent("e")

    def reported() -> bool:
        found = metadata.agents.find(embedded_agent("e"))
        return found is not None and found.members == 1 and found.cpu_percent > 0

    wait_until(reported)


def test_of_two_engines_one_watches_and_the_other_takes_over(
    metadata: Metadata, start_agent: StartAgent, shop: Deployment
) -> None:
    first = start_agent("first")
    wait_until(lambda: members(metadata))
    second = start_agent("second")
    wait_until(lambda: metadata.agents.find(embedded_agent("second")))
    assert second.members == 0
    assert first.members == 1
    first.stop(STOP_SECONDS)
    wait_until(lambda: second.members == 1)
    lease = metadata.leases.find(LEASE)
    assert lease is not None
    assert lease.owner == "second"


def test_a_deployment_that_nobody_can_read_leaves_the_others_watched(
    metadata: Metadata, start_agent: StartAgent, shop: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(shop, id="x", name="broken", set_id="x", uri=Secret("nonsense"))
    metadata.deployments.add(broken)
    start_agent("e")
    host = wait_until(lambda: members(metadata))[0].split()[0]
    # Several rounds later it is in the log once.
    first = wait_until(lambda: metadata.samples.latest(Grain.FINE, "d", host)).at
    wait_until(lambda: metadata.samples.latest(Grain.FINE, "d", host).at > first)
    assert caplog.text.count("broken is not watched") == 1


def test_where_the_settings_say_so_nothing_is_watched(metadata: Metadata) -> None:
    made = MonitoringAgent(MonitoringSettings(enabled=False), metadata, SystemClock(), "e")
    made.start()
    made.stop(1)
    assert metadata.leases.find(LEASE) is None


def test_what_is_watched_is_known_by_its_pinned_id(shop: Deployment) -> None:
    assert watched_of(shop).expected == Expected("rs0", shop.set_id)
    alone = watched_of(replace(shop, kind=DeploymentKind.STANDALONE))
    assert alone.expected == Expected(standalone=True)
