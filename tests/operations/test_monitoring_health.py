"""What is wrong with a deployment is told in words, and nothing else is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from mmsconsole.alerts.conditions import CERTIFICATE_END, HOST_DOWN, MEMBER_LOCKED, NO_PRIMARY
from mmsconsole.alerts.member_judging import JUDGED, Trouble
from mmsconsole.metadata.events import Severity
from mmsconsole.operations.monitoring_health import KINDS, ORDER, Seen, warnings_of
from mmsconsole.operations.monitoring_views import CRITICAL, WARNING, MemberView
from mmsconsole.optime import Optime
from tests.operations.members import NOON, NOW, member, three

DOWN = {
    "error": "connection refused", "since": NOW - timedelta(minutes=3),
    "seen_at": NOW - timedelta(minutes=3),
}  # fmt: skip
WARNS = Severity.WARNING
OLD = {"asked_at": NOW - timedelta(hours=1), "seen_at": NOW - timedelta(hours=1)}


def kinds(members: Sequence[MemberView], *, replicated: bool = True) -> list[str]:
    return [each.kind for each in warnings_of(Seen(members, replicated=replicated))]


FULL = {"oplog_bytes": 95.0, "oplog_maximum": 100.0}
YOUNG = {"oplog_bytes": 50.0, "oplog_maximum": 100.0}

CASES: dict[str, tuple[Sequence[MemberView], list[str]]] = {
    "a set that is well": (three(), []),
    "one alone": ([member(1, "PRIMARY")], []),
    "an arbiter is no trouble": (
        [member(1, "PRIMARY"), member(2), member(3, "ARBITER", arbiter=True, lag_seconds=None)], [],
    ),
    "nobody knows of one": (three(asked_at=None, seen_at=None, state=""), ["stale"]),
    "one is asked no more": (three(**OLD), ["stale"]),
    "one recovers": (three(state="RECOVERING"), ["state"]),
    "the others do not reach one": (three(healthy=False), ["not healthy"]),
    "one is not yet falling out of the oplog": (three(lag_seconds=50_000.0), []),
    "one falls out of the oplog": (three(lag_seconds=50_001.0), ["resync near"]),
    "the oplog is not full, and drops nothing": (
        [member(1, "PRIMARY", values=YOUNG), member(2), member(3, lag_seconds=99_000.0)], [],
    ),
    "one keeps the delay that it was told": (three(lag_seconds=60_000.0, delay_seconds=59_000), []),
    "one falls out of what its delay leaves": (
        three(lag_seconds=80_000.0, delay_seconds=59_000), ["resync near"],
    ),
    "the oplog of the one that it copies from counts": (
        [member(1, "PRIMARY"), member(2, oplog_first=Optime(NOON - 200, 1), values=FULL),
         member(3, lag_seconds=150.0, sync_source="db2:27017")],
        ["resync near"],
    ),
    "fcv differs": (three(fcv="5.0"), ["fcv"]),
    "an fcv that nobody knows is not another one": (three(version="", fcv=""), []),
    "votes are even": ([member(1, "PRIMARY"), member(2)], ["votes"]),
    "who has no vote does not count": ([member(1, "PRIMARY"), member(2, votes=0)], []),
    "nobody asks any more": (
        [member(1, "PRIMARY", **OLD), member(2, locked=True, **OLD)], ["stale"],
    ),
    "nobody was found yet": ([], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_no_rule_is_about_has_a_warning_of_its_own(case: str) -> None:
    members, expected = CASES[case]
    assert kinds(members) == expected


def test_a_standalone_has_no_primary_and_no_votes_to_miss() -> None:
    assert kinds([member(1, "STANDALONE", votes=0)], replicated=False) == []


def trouble(condition: str, host: str = "", **more: Any) -> Trouble:
    return Trouble(condition, host, f"{condition} of {host}", **({"severity": WARNS} | more))


def test_what_alerts_are_about_is_told_in_their_words_and_each_has_a_kind() -> None:
    found = warnings_of(Seen(three(), [trouble(each, "db3:27017") for each in sorted(JUDGED)]))
    assert {each.text for each in found} == {f"{each} of db3:27017" for each in JUDGED}
    assert {each.host for each in found} == {"db3:27017"}
    assert set(KINDS) == JUDGED
    assert {each.kind for each in found} <= set(ORDER)


def test_nothing_of_alerts_is_told_of_members_that_nobody_asks() -> None:
    old = [member(1, "PRIMARY", **OLD)]
    assert [each.kind for each in warnings_of(Seen(old, [trouble(NO_PRIMARY)]))] == ["stale"]


def test_a_member_that_does_not_answer_is_told_once() -> None:
    down = trouble(HOST_DOWN, "db3:27017", severity=Severity.ERROR)
    assert [each.kind for each in warnings_of(Seen(three(**DOWN), [down]))] == ["unreachable"]
    unknown = warnings_of(Seen(three(**DOWN)))
    assert [each.text for each in unknown] == ["db3:27017 was asked at 2026-03-01 11:59:55Z last"]


def test_the_critical_ones_come_first_and_of_those_what_is_about_all() -> None:
    found = warnings_of(Seen(three(state="RECOVERING"), [
        trouble(MEMBER_LOCKED, "db2:27017"),
        trouble(HOST_DOWN, "db2:27017", severity=Severity.ERROR),
        trouble(NO_PRIMARY, severity=Severity.ERROR),
    ]))  # fmt: skip
    assert [(each.level, each.kind) for each in found] == [
        (CRITICAL, "no primary"), (CRITICAL, "unreachable"), (WARNING, "state"),
        (WARNING, "locked"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "severity", "level"),
    [(2.0, WARNS, WARNING), (-2.0, WARNS, CRITICAL), (2.0, Severity.ERROR, CRITICAL),
     (None, WARNS, WARNING), (2.0, Severity.INFO, WARNING)],
)  # fmt: skip
def test_a_certificate_that_has_ended_is_worse_than_one_that_will(
    days: float | None, severity: Severity, level: str
) -> None:
    ending = trouble(CERTIFICATE_END, "db3:27017", value=days, severity=severity)
    assert [each.level for each in warnings_of(Seen(three(), [ending]))] == [level]


def test_since_when_nobody_asks_is_told() -> None:
    (found,) = warnings_of(Seen([member(1, "PRIMARY", **OLD)]))
    assert "since 2026-03-01 11:00:00Z" in found.text
