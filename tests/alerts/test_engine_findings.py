"""What the records of engines, agents and stores show, condition by condition."""

from dataclasses import replace
from datetime import datetime

import pytest

from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.findings import findings
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.engines import EngineRecord, Space
from tests.alerts.world import NOW, ago, facts, member


def engine(id_: str = "e1", seen_at: datetime = NOW, *spaces: Space) -> EngineRecord:
    return EngineRecord(
        id_, "backup1", f"/var/{id_}", "1", ago(days=1), seen_at, spaces=spaces, spaces_at=seen_at
    )


def found(name: str, given: Facts) -> list[Finding]:
    return list(findings(given, [(name, "")]))


def test_an_engine_is_down_for_as_long_as_it_was_not_seen() -> None:
    given = Facts("default", NOW, engines=(engine(), engine("e2", ago(minutes=3))))
    assert [(one.subject, one.value) for one in found("engine down", given)] == [
        ("backup1:/var/e1", 0), ("backup1:/var/e2", 180),
    ]  # fmt: skip


def test_of_an_engine_that_is_down_the_agent_is_not_told_too() -> None:
    agents = (Agent("embedded e1", "e1", ago(minutes=3)), Agent("embedded e2", "e2", ago(hours=1)))
    engines = (engine(), engine("e2", ago(hours=1)))
    given = Facts("default", NOW, engines=engines, agents=agents)
    assert [one.value for one in found("monitoring agent down", given)] == [180, None]


def test_an_engine_whose_agent_never_began_is_told_of_once_it_has_settled() -> None:
    fresh = replace(engine("e2"), started_at=ago(seconds=50))
    given = Facts("default", NOW, engines=(engine(), fresh, replace(engine("e3"), monitors=False)))
    told = [(one.subject, one.value) for one in found("monitoring agent down", given)]
    assert told == [("embedded e1", 24 * 3600), ("embedded e2", None)]


@pytest.mark.parametrize(
    ("asked", "monitors", "told"),
    [(ago(seconds=20), True, [0]), (ago(minutes=4), True, [0]), (ago(minutes=6), True, [360]),
     (ago(minutes=6), False, []), (None, True, [])],
)  # fmt: skip
def test_agents_that_are_there_and_ask_nobody_are_told_of(
    asked: datetime | None, monitors: bool, told: list[float]
) -> None:
    """Else nothing would be known of any member, and nobody would know that."""
    agents = (Agent("embedded e1", "e1", NOW),)
    given = replace(
        facts(member(asked_at=asked)), engines=(replace(engine(), monitors=monitors),),
        agents=agents, watched=monitors,
    )  # fmt: skip
    values = [one.value for one in found("monitoring agent down", given) if not one.subject]
    assert values == told


@pytest.mark.parametrize(("free", "percent"), [(0, 0), (50, 5), (1000, 100)])
def test_space_is_what_is_free_of_a_disk(free: int, percent: float) -> None:
    spaces = Space("heads", "/heads", free, 1000), Space("store", "default", free, 1000)
    given = Facts("default", NOW, engines=(engine("e1", NOW, *spaces),))
    for name, what in (("head space", "/heads"), ("store space", "default")):
        (finding,) = found(name, given)
        assert finding.value == percent
        assert finding.subject == f"{what} of backup1:/var/e1"


def test_of_a_disk_that_nobody_looks_at_nothing_is_known() -> None:
    space = Space("heads", "/heads", 0, 1000)
    given = Facts("default", NOW, engines=(engine("e1", ago(minutes=5), space),))
    assert [one.value for one in found("head space", given)] == [None]


def test_a_disk_without_a_size_is_not_judged() -> None:
    given = Facts("default", NOW, engines=(engine("e1", NOW, Space("heads", "/proc", 0, 0)),))
    assert found("head space", given) == []


def test_a_damaged_store_is_told_with_how_much_of_it_is_wrong() -> None:
    check = StoreCheck("c1", "second", ago(hours=1), 1.0, finished_at=NOW, found=3)
    given = Facts("default", NOW, damages={"default": None, "second": check})
    first, second = found("store damaged", given)
    assert (first.subject, first.value) == ("default", 0)
    assert (second.subject, second.value) == ("second", 1)
    assert second.text == "the store second has 3 objects that are missing or wrong"


def test_an_agent_that_is_not_to_watch_is_not_missed() -> None:
    idle = replace(engine(), monitors=False)
    agents = (Agent("embedded e1", "e1", ago(days=1)), Agent("embedded gone", "gone", ago(days=1)))
    given = Facts("default", NOW, engines=(idle,), agents=agents)
    assert found("monitoring agent down", given) == []
