"""Of each member there is one record, until it leaves."""

from datetime import UTC, datetime

from mmsconsole.metadata.agents import FORGOTTEN, Agent, embedded_agent
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.members import MemberState, member_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def state(host: str, deployment: str = "d", lag: float = 0.0) -> MemberState:
    return MemberState(member_id(deployment, host), deployment, host, lag_seconds=lag)


def hosts(metadata: Metadata, deployment: str = "d") -> list[str]:
    return [each.host for each in metadata.members.of(deployment)]


def test_the_newest_report_is_what_is_known(metadata: Metadata) -> None:
    metadata.members.report([state("b:1"), state("a:1", lag=1.0)])
    metadata.members.report([state("a:1", lag=2.0)])
    assert [each.lag_seconds for each in metadata.members.of("d")] == [2.0, 0.0]


def test_members_that_left_are_forgotten_and_no_others(metadata: Metadata) -> None:
    metadata.members.report([state("a:1"), state("b:1"), state("a:1", "other")])
    metadata.members.keep_only("d", ["b:1"])
    assert (hosts(metadata), hosts(metadata, "other")) == (["b:1"], ["a:1"])
    metadata.members.keep_deployments(["d"])
    assert (hosts(metadata), hosts(metadata, "other")) == (["b:1"], [])
    metadata.members.drop("d")
    assert hosts(metadata) == []


def test_an_agent_reports_in_one_record(metadata: Metadata) -> None:
    first = Agent(embedded_agent("e"), "e", NOW, members=3)
    metadata.agents.report(first)
    metadata.agents.report(Agent(embedded_agent("e"), "e", NOW, members=4))
    assert [each.members for each in metadata.agents.all()] == [4]


def test_an_agent_that_said_nothing_for_a_month_is_none_any_more(metadata: Metadata) -> None:
    metadata.agents.report(Agent(embedded_agent("e"), "e", NOW))
    assert [each.engine for each in metadata.agents.known(NOW + FORGOTTEN)] == ["e"]
    assert list(metadata.agents.known(NOW + 2 * FORGOTTEN)) == []


def test_how_far_roll_ups_are_never_goes_back(metadata: Metadata) -> None:
    later = NOW.replace(hour=5)
    metadata.rollups.done_until("1m", later)
    metadata.rollups.done_until("1m", NOW)
    found = metadata.rollups.find("1m")
    assert found is not None
    assert found.done == later
