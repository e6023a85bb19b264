"""What a long watch calls wrong."""

from datetime import UTC, datetime, timedelta

from tests.e2e.watching_figures import Fault, Figures, holes, not_caused, text

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
DB1, DB2 = "db1:27017", "db2:27017"


def at(*seconds: float) -> list[datetime]:
    return [BEGIN + timedelta(seconds=each) for each in seconds]


def fault(begin: float, end: float, *, engine_killed: bool = False) -> Fault:
    return Fault("a secondary dies", frozenset([DB1]), *at(begin, end), engine_killed)


def test_a_hole_is_excused_by_a_fault_of_that_member_or_of_the_engine_alone() -> None:
    times = at(0, 2, 4, 30, 32)
    assert holes(DB1, times, 2, []) == [f"{DB1} has no samples for 26 s from 12:00:04"]
    assert holes(DB1, times, 2, [fault(3, 31)]) == []
    assert len(holes(DB2, times, 2, [fault(3, 31)])) == 1
    assert holes(DB2, times, 2, [fault(3, 31, engine_killed=True)]) == []
    assert holes(DB1, at(0, 2, 8, 10), 2, []) == [], "a few polls late is no hole"


def test_an_alert_of_a_member_that_had_nothing_is_told() -> None:
    (when,) = at(10)
    assert not_caused("host down", DB1, when, [fault(3, 31)]) == ""
    assert not_caused("host down", DB2, when, [fault(3, 31)]).startswith(f"host down of {DB2}")
    assert not_caused("host down", DB1, when, [fault(20, 31)])


def test_the_report_says_what_was_wrong() -> None:
    figures = Figures(samples=7, mails=2, wrong=["an alert was missed"])
    figures.told_seconds["host down"] = [4.0, 9.0, 5.0]
    said = text(60, figures)
    assert "host down: 3 told, 5.0 s after the cause in the middle, 9.0 s at most" in said
    assert said.endswith("7 samples, 2 mails in 60 s\nWRONG: an alert was missed")
