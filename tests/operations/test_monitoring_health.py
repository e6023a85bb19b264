"""What is wrong with a deployment is told in words, and nothing else is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from mmsconsole.operations.monitoring_health import Seen, warnings_of
from mmsconsole.operations.monitoring_views import CRITICAL, WARNING, MemberView
from mmsconsole.optime import Optime
from tests.operations.members import NOON, NOW, member, three

DOWN = {
    "error": "connection refused", "since": NOW - timedelta(minutes=3),
    "seen_at": NOW - timedelta(minutes=3),
}  # fmt: skip
OLD = {"asked_at": NOW - timedelta(hours=1), "seen_at": NOW - timedelta(hours=1)}


def kinds(members: Sequence[MemberView], *, replicated: bool = True) -> list[str]:
    return [each.kind for each in warnings_of(Seen(members, NOW, replicated))]


CASES: dict[str, tuple[Sequence[MemberView], list[str]]] = {
    "a set that is well": (three(), []),
    "one alone": ([member(1, "PRIMARY")], []),
    "an arbiter is no trouble": (
        [member(1, "PRIMARY"), member(2), member(3, "ARBITER", arbiter=True, lag_seconds=None)], [],
    ),
    "nobody leads": ([member(1), member(2), member(3)], ["no primary"]),
    "two say they lead": (
        [member(1, "PRIMARY", term=4), member(2, "PRIMARY", term=5), member(3)], ["two primaries"],
    ),
    "one does not answer": (three(**DOWN), ["unreachable"]),
    "the one that led does not answer": (
        [member(1, "PRIMARY", **DOWN), member(2), member(3)], ["no primary", "unreachable"],
    ),
    "one was never seen": (
        three(asked_at=None, seen_at=None, state="", version="", fcv=""), ["unreachable"],
    ),
    "one recovers": (three(state="RECOVERING"), ["state"]),
    "the others do not reach one": (three(healthy=False), ["not healthy"]),
    "one is locked": (three(locked=True), ["locked"]),
    "a minute behind is not yet behind": (three(lag_seconds=60.0), []),
    "one is behind": (three(lag_seconds=61.0), ["lag"]),
    "one keeps the delay that it was told": (three(lag_seconds=3650.0, delay_seconds=3600), []),
    "one is behind its delay": (three(lag_seconds=3661.0, delay_seconds=3600), ["lag"]),
    "one falls out of the oplog": (three(lag_seconds=50_001.0), ["oplog window"]),
    "the oplog of the one that it copies from counts": (
        [member(1, "PRIMARY"), member(2, oplog_first=Optime(NOON - 200, 1)),
         member(3, lag_seconds=150.0, sync_source="db2:27017")],
        ["oplog window"],
    ),
    "versions are mixed": (three(version="7.0.1"), ["versions"]),
    "a version that nobody knows is not another one": (three(version="", fcv=""), []),
    "fcv differs": (three(fcv="5.0"), ["fcv"]),
    "votes are even": ([member(1, "PRIMARY"), member(2)], ["votes"]),
    "who has no vote does not count": ([member(1, "PRIMARY"), member(2, votes=0)], []),
    "a certificate ends": (three(certificate_ends=NOW + timedelta(days=30)), ["certificate"]),
    "a certificate lasts": (three(certificate_ends=NOW + timedelta(days=31)), []),
    "nobody asks any more": (
        [member(1, "PRIMARY", **OLD), member(2, locked=True, **OLD)], ["stale"],
    ),
    "nobody was found yet": ([], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_trouble_has_its_own_warning(case: str) -> None:
    members, expected = CASES[case]
    assert kinds(members) == expected


def test_a_standalone_has_no_primary_and_no_votes_to_miss() -> None:
    assert kinds([member(1, "STANDALONE", votes=0)], replicated=False) == []


def test_the_critical_ones_come_first_and_name_the_member() -> None:
    members = [member(1, "PRIMARY"), member(2, locked=True), member(3, **DOWN)]
    found = warnings_of(Seen(members, NOW))
    assert [(each.level, each.host) for each in found] == [
        (CRITICAL, "db3:27017"), (WARNING, "db2:27017"),
    ]  # fmt: skip
    assert found[0].text == (
        "db3:27017 does not answer since 2026-03-01 11:57:00Z: connection refused"
    )


@pytest.mark.parametrize(
    ("ends", "level", "said"),
    [
        (NOW + timedelta(days=2), WARNING, "ends 2026-03-03"),
        (NOW - timedelta(days=2), CRITICAL, "ended 2026-02-27"),
    ],
)
def test_a_certificate_that_has_ended_is_worse_than_one_that_will(
    ends: Any, level: str, said: str
) -> None:
    (found,) = warnings_of(Seen(three(certificate_ends=ends), NOW))
    assert found.level == level
    assert found.text == f"the certificate of db3:27017 {said}"


def test_two_that_lead_are_told_with_their_terms() -> None:
    members = [member(1, "PRIMARY", term=4), member(2, "PRIMARY", term=5), member(3)]
    (found,) = warnings_of(Seen(members, NOW))
    assert "db1:27017 (term 4), db2:27017 (term 5)" in found.text


def test_since_when_nobody_asks_is_told() -> None:
    (found,) = warnings_of(Seen([member(1, "PRIMARY", **OLD)], NOW))
    assert "since 2026-03-01 11:00:00Z" in found.text
