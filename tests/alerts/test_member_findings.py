"""What the members' states show, condition by condition."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.findings import FINDERS, findings
from mmsconsole.metadata.deployments import BackupState, DeploymentKind
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from tests.alerts.world import NOW, ago, deployment, facts, member

ERROR = "connection refused"
DOWN: dict[str, Any] = {"error": ERROR, "since": ago(minutes=5), "seen_at": ago(minutes=5)}
STALE = ago(minutes=2)


def found(name: str, given: Facts, metric: str = "") -> list[Finding]:
    return list(findings(given, [(name, metric)]))


def one(name: str, given: Facts, metric: str = "") -> Finding:
    (finding,) = found(name, given, metric)
    return finding


@pytest.mark.parametrize(
    ("fields", "value", "text"),
    [
        ({}, 0, "db1:27017 answers"),
        (
            DOWN, 1,
            "db1:27017 does not answer since 2026-03-01 11:55:00Z: connection refused",
        ),
        ({"error": ERROR, "asked_at": STALE}, None, "nobody has asked it"),
        ({"asked_at": STALE}, None, "the agent may be down"),
        ({"asked_at": None}, None, "it was not asked yet"),
        ({"asked_at": NOW + timedelta(days=1)}, 0, "db1:27017 answers"),
    ],
)  # fmt: skip
def test_a_host_is_down_that_was_asked_just_now_and_does_not_answer(
    fields: dict[str, Any], value: float | None, text: str
) -> None:
    finding = one("host down", facts(member(**fields)))
    assert (finding.value, finding.subject, finding.deployment) == (value, "db1:27017", "d1")
    assert text in finding.text


def test_an_agent_that_is_down_makes_no_host_seem_so() -> None:
    silent = [member(f"db{n}:27017", asked_at=STALE, error=ERROR) for n in range(5)]
    assert {one.value for one in found("host down", facts(*silent))} == {None}


def test_of_a_deployment_that_is_not_monitored_nothing_is_said() -> None:
    given = facts(member(**DOWN), of=deployment(monitored=False))
    for name in ("host down", "no primary", "replication lag", "member left locked"):
        assert found(name, given) == []


P, S = {"state": "PRIMARY"}, {"state": "SECONDARY"}


@pytest.mark.parametrize(
    ("states", "value"),
    [
        ([P, S, S], 0),
        ([S, S, S], 1),
        ([P | DOWN, S, S], 1),
        ([DOWN, DOWN, DOWN], None),
        ([P | DOWN, DOWN, S], 1),
        ([P | {"asked_at": STALE}, S | {"asked_at": STALE}], None),
        ([], "nothing"),
    ],
)
def test_a_set_has_no_primary_if_none_that_answers_is_one(
    states: list[dict[str, Any]], value: object
) -> None:
    members = [member(f"db{n}", **fields) for n, fields in enumerate(states)]
    assert [one.value for one in found("no primary", facts(*members))] == (
        [] if value == "nothing" else [value]
    )


def test_a_standalone_needs_no_primary() -> None:
    alone = deployment(kind=DeploymentKind.STANDALONE, backup=BackupState.INACTIVE)
    assert found("no primary", facts(member(state="STANDALONE"), of=alone)) == []
    assert found("oplog window", facts(member(state="STANDALONE"), of=alone)) == []


def test_more_than_one_primary_is_told_with_their_names() -> None:
    given = facts(member("db1", **P), member("db2", **P), member("db3", **S))
    finding = one("multiple primaries", given)
    assert finding.value == 1
    assert finding.text == "2 members say that they are primary: db1, db2"
    assert one("multiple primaries", facts(member("db1", **P))).value == 0


def test_each_election_is_an_event_of_its_own() -> None:
    first = one("new primary", facts(member(**P, elected_at=ago(hours=1), term=4)))
    again = one("new primary", facts(member(**P, elected_at=ago(hours=0), term=5)))
    assert first.at == ago(hours=1)
    assert first.occurrence != again.occurrence
    assert first.text == "db1:27017 was elected primary at 2026-03-01 11:00:00Z"


def test_of_an_election_it_is_told_who_was_primary_before_if_that_was_another() -> None:
    def told(*won_by_db2: datetime, again: datetime | None = None) -> str:
        won = (ago(hours=1), *([] if again is None else [again]))
        first = member("db1:27017", **P, elected_at=won[0], won=won)
        return one("new primary", facts(first, member("db2:27017", **S, won=won_by_db2))).text

    assert told(ago(hours=5), ago(hours=9)).endswith("11:00:00Z, after db2:27017")
    assert told(ago(hours=5), again=ago(hours=2)).endswith("11:00:00Z")  # db1 itself
    assert told().endswith("11:00:00Z")


def test_who_was_primary_when_the_deployment_was_added_is_no_news() -> None:
    assert found("new primary", facts(member(**P, elected_at=ago(days=31)))) == []
    assert found("new primary", facts(member(**P))) == []


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"lag_seconds": 75.0}, [75]),
        ({"lag_seconds": -3.0}, [0]),
        ({"lag_seconds": 3650.0, "delay_seconds": 3600}, [50]),
        ({"lag_seconds": 3000.0, "delay_seconds": 3600}, [0]),
        ({"lag_seconds": None}, [None]),
        (DOWN | {"lag_seconds": 900.0}, [None]),
        ({"state": "PRIMARY"}, []),
        ({"state": "ARBITER"}, []),
    ],
)
def test_lag_is_what_a_secondary_is_behind_beside_its_delay(
    fields: dict[str, Any], values: list[float | None]
) -> None:
    assert [one.value for one in found("replication lag", facts(member(**fields)))] == values


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"values": {"oplog_window": 7200.0}}, [2]),
        ({"oplog_first": Optime(0, 1), "oplog_last": Optime(3600, 1)}, [1]),
        ({}, [None]),
        (DOWN | {"values": {"oplog_window": 7200.0}}, [None]),
        ({"arbiter": True}, []),
        # It is not full yet, and drops nothing.
        ({"values": {"oplog_window": 60.0, "oplog_bytes": 10.0, "oplog_maximum": 100.0}}, []),
        ({"values": {"oplog_window": 3600.0, "oplog_bytes": 99.0, "oplog_maximum": 100.0}}, [1]),
    ],
)
def test_the_oplog_window_is_judged_once_the_oplog_is_full(
    fields: dict[str, Any], values: list[float | None]
) -> None:
    assert [one.value for one in found("oplog window", facts(member(**fields)))] == values


def test_an_oplog_that_the_tail_knows_not_to_be_full_is_not_judged() -> None:
    tail = Tail("d1", "db1", NOW, oplog_window_seconds=60, oplog_full=False)
    given = facts(member(values={"oplog_window": 60.0}), tail=tail)
    assert found("oplog window", given) == []


@pytest.mark.parametrize(
    ("fields", "value"), [({"locked": True}, 1), ({}, 0), (DOWN | {"locked": True}, None)]
)
def test_a_member_is_locked_as_it_says_itself(fields: dict[str, Any], value: float | None) -> None:
    assert one("member left locked", facts(member(**fields))).value == value


@pytest.mark.parametrize("fields", [{}, DOWN])
def test_a_certificate_ends_whether_the_member_answers_or_not(fields: dict[str, Any]) -> None:
    finding = one(
        "certificate near its end",
        facts(member(certificate_ends=NOW + timedelta(days=29, hours=12), **fields)),
    )
    assert finding.value == 29.5
    assert "ends at 2026-03-31 00:00:00Z" in finding.text


def test_a_certificate_that_has_ended_is_told_as_that() -> None:
    given = facts(member(certificate_ends=ago(days=1)), member("db2"))
    finding = one("certificate near its end", given)
    assert finding.value == -1
    assert "ended at" in finding.text


@pytest.mark.parametrize(
    ("versions", "value"),
    [
        (["6.0.5", "6.0.14"], 0),
        (["6.0.5", "7.0.2"], 1),
        (["6.0.5", ""], 0),
        ([""], None),
    ],
)
def test_members_of_two_major_versions_are_a_mix(versions: list[str], value: float | None) -> None:
    members = [member(f"db{n}", version=version) for n, version in enumerate(versions)]
    assert one("version mix", facts(*members)).value == value


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        (P | {"fcv": "6.0"}, [0]),
        (P | {"fcv": "7.0"}, [1]),
        (P | {"fcv": ""}, [None]),
        (S | {"fcv": "7.0"}, [None]),
    ],
)
def test_another_fcv_than_the_backup_knows_is_told(
    fields: dict[str, Any], values: list[float | None]
) -> None:
    assert [one.value for one in found("fcv change", facts(member(**fields)))] == values


def test_the_fcv_of_what_is_not_backed_up_may_change() -> None:
    given = facts(member(**P, fcv="7.0"), of=deployment(backup=BackupState.INACTIVE))
    assert found("fcv change", given) == []


def busy(percent: float | None, **fields: Any) -> MemberState:
    values = {} if percent is None else {"connections_percent": percent}
    return member(values=values, **fields)


@pytest.mark.parametrize(
    ("state", "value"), [(busy(85.0), 85), (busy(None), None), (busy(85.0, **DOWN), None)]
)
def test_a_metric_is_that_of_each_member_and_unknown_where_it_is_down(
    state: MemberState, value: float | None
) -> None:
    finding = one("metric above", facts(state), "connections_percent")
    assert (finding.value, finding.metric) == (value, "connections_percent")


def test_a_metric_is_told_with_its_unit() -> None:
    finding = one("metric above", facts(busy(85.0)), "connections_percent")
    assert finding.text == "connections_percent of db1:27017 is 85 %"


def test_a_host_that_is_down_leaves_nothing_else_of_it_to_be_judged() -> None:
    """So one alert is raised, and not one for each of its metrics."""
    down = facts(member(**DOWN, locked=True, lag_seconds=900.0, values={"oplog_window": 1.0}))
    slots = [("metric above", "oplog_window"), ("metric below", "oplog_window")]
    slots += [(name, "") for name in ("replication lag", "oplog window", "member left locked")]
    assert {one.value for one in findings(down, slots)} == {None}


def test_what_no_rule_names_is_not_looked_for() -> None:
    assert list(findings(facts(member(**DOWN)), [])) == []


def test_facts_of_nothing_show_nothing() -> None:
    nothing = Facts("default", NOW)
    assert [one for name in FINDERS for one in found(name, nothing)] == []


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 1e300])
def test_what_is_no_number_keeps_nothing_else_from_being_judged(value: float) -> None:
    odd = dict.fromkeys(("oplog_window", "oplog_bytes", "oplog_maximum"), value)
    given = facts(member(state="SECONDARY", lag_seconds=value, values=odd))
    judged = [one for name in FINDERS for one in found(name, given)]
    assert [one.value for one in judged if one.condition == "host down"] == [0]


def test_a_primary_that_others_follow_is_one_although_we_do_not_reach_it() -> None:
    lost, other = member("db1", state="PRIMARY", **DOWN), member("db2", primary="db1")
    assert one("no primary", facts(lost, other)).value == 0
    assert one("no primary", facts(lost, member("db2"))).value == 1
