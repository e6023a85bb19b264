"""One judge for alerts and for who looks: what is wrong is told at once, by the alert's words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mmsconsole.alerts.defaults import default_rules
from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.findings import findings
from mmsconsole.alerts.member_findings import primary_of
from mmsconsole.alerts.member_judging import JUDGED, Trouble, troubles
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.alerts import Alert
from mmsconsole.metadata.events import Severity
from tests.alerts.world import EARLIER, NOW, World, ago, facts, member, rule

P: dict[str, Any] = {"state": "PRIMARY"}
DOWN: dict[str, Any] = {"error": "refused", "since": ago(minutes=5)}
CPU = {"values": {"host_cpu_percent": 97.0}}
DB1, DB2, DB3 = (f"db{number}:27017" for number in (1, 2, 3))
FULL = {"oplog_window": 3600.0, "oplog_bytes": 99.0, "oplog_maximum": 100.0}


def three(first: dict[str, Any] | None = None, **third: Any) -> Facts:
    primary = member(DB1, **(P if first is None else P | first))
    return facts(primary, member(DB2, primary=DB1), member(DB3, primary=DB1, **third))


def found(given: Facts, *rules: AlertRule, standing: tuple[Alert, ...] = ()) -> list[Trouble]:
    return list(troubles(given, rules or tuple(default_rules("default", EARLIER)), standing))


def told(given: Facts, *rules: AlertRule, standing: tuple[Alert, ...] = ()) -> list[str]:
    return [each.text for each in found(given, *rules, standing=standing)]


CASES: dict[str, tuple[Facts, list[tuple[str, str]]]] = {
    "all is well": (three(), []),
    "one does not answer": (three(**DOWN), [("host down", DB3)]),
    "only we do not reach the primary": (three(DOWN), [("host down", DB1)]),
    "nobody leads": (facts(member(DB1), member(DB2)), [("no primary", "")]),
    "two lead": (facts(member(DB1, **P), member(DB2, **P)), [("multiple primaries", "")]),
    "none answers": (facts(member(DB1, **DOWN)), [("host down", DB1)]),
    "one is behind": (three(lag_seconds=61.0), [("replication lag", DB3)]),
    "one is not behind enough": (three(lag_seconds=60.0), []),
    "one keeps its delay": (three(lag_seconds=3660.0, delay_seconds=3600), []),
    "one is later than that": (
        three(lag_seconds=3661.0, delay_seconds=3600), [("replication lag", DB3)],
    ),
    "an oplog is too small": (three(values=FULL), [("oplog window", DB3)]),
    "one is locked": (three(locked=True), [("member left locked", DB3)]),
    "a certificate ends": (
        three(certificate_ends=NOW + timedelta(days=29)), [("certificate near its end", DB3)],
    ),
    "another major version": (three(version="5.0.14"), [("version mix", "")]),
    "another minor one": (three(version="6.0.14"), []),
    "the fcv was changed": (three({"fcv": "5.0"}), [("fcv change", "")]),
    "a metric is too high": (three(**CPU), [("metric above", DB3)]),
    "an election is no trouble": (three({"elected_at": ago(minutes=1)}), []),
    "nobody asks": (three(asked_at=ago(hours=1), locked=True), []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_trouble_is_found_at_once(case: str) -> None:
    given, expected = CASES[case]
    assert [(each.condition, each.subject) for each in found(given)] == expected


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("delay", [0, 60])
def test_what_is_found_is_what_has_an_alert_or_waits_to_have_one(case: str, delay: int) -> None:
    """As the evaluator has it, which looks at the same."""
    given, _ = CASES[case]
    world = World([replace(each, for_seconds=delay) for each in default_rules("default", EARLIER)])
    world.look(*findings(given, (each.slot for each in world.rules)))
    due = [key.split("|") for key in (*(each.key for each in world.standing), *world.pending)]
    judged = [(condition, subject) for _, _, condition, _, subject in due if condition in JUDGED]
    assert sorted(judged) == sorted((each.condition, each.subject) for each in found(given))
    opened = {each.text for each in world.standing if each.condition in JUDGED}
    assert opened == (set() if delay else set(told(given)))


LAG = rule("replication lag", threshold=60.0, clear_threshold=30.0, for_seconds=120)


@pytest.mark.parametrize(
    ("changes", "lag", "expected"),
    [
        ({}, 61.0, "db3:27017 is 61 s behind (limit 60 s)"),
        ({"threshold": 600.0}, 61.0, ""),
        ({"threshold": 5.0}, 6.0, "db3:27017 is 6 s behind (limit 5 s)"),
        ({"enabled": False}, 61.0, "db3:27017 is 61 s behind (limit 60 s)"),
        ({"muted_until": NOW + timedelta(days=1)}, 61.0, "db3:27017 is 61 s behind (limit 60 s)"),
        ({"for_seconds": 86_400}, 61.0, "db3:27017 is 61 s behind (limit 60 s)"),
    ],
)
def test_the_limit_is_that_of_the_rule_also_of_one_that_tells_nobody(
    changes: dict[str, Any], lag: float, expected: str
) -> None:
    assert "; ".join(told(three(lag_seconds=lag), replace(LAG, **changes))) == expected


@pytest.mark.parametrize(
    ("third", "expected"),
    [
        ({"lag_seconds": 90.0}, "db3:27017 is 90 s behind (limit 60 s)"),
        ({"lag_seconds": 45.0}, "db3:27017 is 45 s behind (limit 60 s)"),
        (
            {"lag_seconds": 3.0},
            "db3:27017 is 3 s behind: well again, but its alert is still open",
        ),
        (DOWN, "its alert is still open, no fresh data: it does not answer"),
        ({"state": "PRIMARY"}, "its alert is still open, it is looked at no more"),
    ],
)
def test_nothing_is_called_well_while_its_alert_is_open(
    third: dict[str, Any], expected: str
) -> None:
    world = World([replace(LAG, for_seconds=0)])
    world.look(*findings(three(lag_seconds=90.0), [LAG.slot]))
    (shown,) = told(three(**third), LAG, standing=tuple(world.standing))
    assert shown.endswith(expected)
    assert len(told(three(lag_seconds=45.0), LAG)) == 0


def test_an_alert_of_a_member_that_left_is_told_until_it_closes_and_of_a_backup_never() -> None:
    world = World([replace(LAG, for_seconds=0), rule("resync required")])
    gone = Finding(LAG.condition, "db9:27017", 90.0, "db9:27017 is 90 s behind", "d1")
    world.look(gone, Finding("resync required", "", 1.0, "it was rolled back", "d1"))
    (shown,) = found(three(), LAG, standing=tuple(world.standing))
    assert (shown.condition, shown.subject) == (LAG.condition, "db9:27017")
    assert shown.text.endswith("its alert is still open, it is looked at no more")


def test_how_bad_it_is_is_told_by_its_rule() -> None:
    worse = replace(LAG, severity=Severity.ERROR)
    assert [each.severity for each in found(three(lag_seconds=90.0), worse)] == [Severity.ERROR]


def test_what_is_well_again_is_no_error_although_its_alert_is_open() -> None:
    world = World([replace(LAG, for_seconds=0, severity=Severity.ERROR)])
    world.look(*findings(three(lag_seconds=90.0), [LAG.slot]))
    (shown,) = found(three(lag_seconds=3.0), LAG, standing=tuple(world.standing))
    assert shown.severity is Severity.WARNING


def test_of_a_primary_that_only_we_do_not_reach_it_is_told_who_sees_it() -> None:
    (text,) = told(three(DOWN))
    assert text == (
        "db1:27017 does not answer since 2026-03-01 11:55:00Z, but db2:27017 and db3:27017 see it "
        "as primary: refused"
    )


def test_who_is_primary_is_told_by_itself_or_else_by_those_that_see_it() -> None:
    def primary(given: Facts) -> str:
        return primary_of(given, given.deployments[0])

    assert primary(three()) == primary(three(DOWN)) == DB1
    assert primary(facts(member(DB1), member(DB2))) == ""
    assert primary(facts(member(DB1, **P, **DOWN), member(DB2, **DOWN, primary=DB1))) == ""
    assert primary(facts(member(DB1, primary=DB2), member(DB2, **P | DOWN))) == DB2
