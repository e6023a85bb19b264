from typing import Any

import pytest
from bson.timestamp import Timestamp

from mmsconsole.monitoring.answers import Lead
from mmsconsole.monitoring.sets import lag_of, lead_of, read_set
from mmsconsole.optime import Optime
from tests.monitoring.documents.sets import SECONDS, gone, member, set_status

NOW = SECONDS
A_WHILE_AGO = SECONDS - 40


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param([member("a", "PRIMARY"), member("b", at=NOW - 7, own=True)], 7.0,
            id="behind the primary"),
        pytest.param([member("a", "PRIMARY", own=True), member("b", at=NOW - 7)], 0.0,
            id="the primary has none, whatever it knows of the others"),
        pytest.param([member("a", "PRIMARY", A_WHILE_AGO), member("b", at=A_WHILE_AGO, own=True)],
            0.0, id="an idle set: the last entry is old, and here"),
        pytest.param([member("a", "PRIMARY", NOW - 10), member("b", own=True)], 0.0,
            id="what it knows of the primary may be a heartbeat old"),
        pytest.param([member("a"), member("b", at=NOW - 9, own=True), member("c", at=NOW - 3)], 9.0,
            id="without a primary behind the newest member"),
        pytest.param([gone("a"), member("b", own=True), member("c", at=NOW - 3)], 0.0,
            id="a member that is away counts for nothing"),
        pytest.param([gone("a"), member("b", own=True)], 0.0, id="alone"),
        pytest.param([member("a", "PRIMARY"), member("b", "STARTUP2", 0, own=True)], None,
            id="before its initial sync it has none: not 56 years"),
        pytest.param([member("a", "PRIMARY"), member("b", "ARBITER", None, own=True)], None,
            id="an arbiter has none"),
        pytest.param([member("a", "PRIMARY", 0), member("b", own=True)], 0.0,
            id="a primary whose optime is not told"),
        pytest.param([member("c", "PRIMARY", NOW - 60, elected=NOW - 90),
            member("a", "PRIMARY", NOW, elected=NOW - 9), member("b", at=NOW - 5, own=True)],
            5.0, id="of two primaries the one elected last counts"),
        pytest.param([{**member("a", "PRIMARY", NOW - 60), "health": 0.0},
            member("b", at=NOW - 5, own=True), member("c")],
            5.0, id="a primary that is away is none"),
        pytest.param([member("a", "PRIMARY"), member("b")], None,
            id="nobody says that it is the one that was asked"),
        pytest.param([], None, id="no members"),
    ],
)  # fmt: skip
def test_the_lag_of_the_member_that_was_asked(
    members: list[dict[str, Any]], expected: float | None
) -> None:
    assert lag_of(read_set(set_status(*members))) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param([gone("a"), gone("c"), member("b", at=NOW - 900, own=True)], 900.0,
            id="cut off from all others it is behind by what the primary has told"),
        pytest.param([member("a", "PRIMARY"), member("b", at=NOW - 7, own=True)], 7.0,
            id="who sees the primary is measured by what it sees"),
        pytest.param([gone("a"), member("c", at=NOW + 5), member("b", own=True)], 5.0,
            id="a member that is newer still counts"),
    ],
)  # fmt: skip
def test_the_lag_of_a_member_that_sees_no_primary(
    members: list[dict[str, Any]], expected: float
) -> None:
    assert lag_of(read_set(set_status(*members)), Optime(NOW, 1, 3)) == expected


def test_what_a_set_is_made_of_is_read() -> None:
    status = set_status(
        member("a:1", "PRIMARY", elected=NOW - 60),
        member("b:1", "RECOVERING", NOW - 5, own=True, source="a:1"),
        gone("c:1"),
        term=12,
    )

    found = read_set(status)

    assert found.term == 12
    assert found.primary is not None
    assert found.primary.elected_at is not None
    assert found.own is not None
    assert (found.own.host, found.own.state, found.own.sync_source) == ("b:1", "RECOVERING", "a:1")
    assert [each.healthy for each in found.members] == [True, True, False]


def test_a_sync_source_that_stands_beside_the_members_is_the_own_one() -> None:
    bare = member("b:1", own=True)
    del bare["syncSourceHost"]

    found = read_set({**set_status(bare), "syncSourceHost": "a:1"})

    assert found.own is not None
    assert found.own.sync_source == "a:1"


@pytest.mark.parametrize("members", [None, "x", 3, {"a": 1}, [None, 3, "x", [], {}]])
def test_members_that_are_none_are_passed_over(members: object) -> None:
    assert read_set({"members": members, "term": "x"}).own is None


def test_names_are_harmless_and_of_bounded_length() -> None:
    found = read_set(set_status(member("\x1b[2J" + "h" * 5000, own=True)))

    assert found.own is not None
    assert "\x1b" not in found.own.host
    assert len(found.own.host) <= 300


def test_no_more_members_than_a_set_may_have_are_read() -> None:
    assert len(read_set(set_status(*[member("a")] * 1000)).members) == 50


def test_of_two_that_say_they_lead_the_one_of_the_later_term_is_believed() -> None:
    first = lead_of(read_set(set_status(member("a", "PRIMARY", own=True), gone("b"))), Lead())
    assert first == Lead(Optime(NOW, 1, 3), frozenset({"b"}))

    old = member("c", "PRIMARY", NOW + 60, own=True) | {"optime": {"ts": Timestamp(NOW, 1), "t": 2}}
    assert lead_of(read_set(set_status(old)), first) == first
    assert lead_of(read_set(set_status(member("b", own=True), gone("a"))), first) == first
