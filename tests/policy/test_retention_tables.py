"""What is kept, and why, is what it was: one table for each story."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmsconsole.policy.fates import Outcome, RetentionPlan
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.policy.retention import plan
from tests.policy.facts import at, snapshot, unfinished
from tests.policy.tables import lived, table

GOLDEN = Path(__file__).parent / "golden"
CLASSIC = SnapshotPolicy()


def classic_after_fifteen_months() -> RetentionPlan:
    there = lived(CLASSIC, at("2024-12-31T23:00"), at("2026-03-18T14:00"))
    return plan(CLASSIC, there, at("2026-03-18T14:00"))


def five_years_with_a_leap_day() -> RetentionPlan:
    policy = SnapshotPolicy(interval_minutes=1440, daily=3, weekly=2, monthly=3, yearly=5)
    there = lived(policy, at("2023-12-31T23:00"), at("2028-03-01T12:00"))
    return plan(policy, there, at("2028-03-01T12:00"))


def weeks_at_the_end_of_a_year() -> RetentionPlan:
    """2027 begins on a Friday, in the week of 28 December: its week 53."""
    policy = SnapshotPolicy(interval_minutes=1440, base_days=1, daily=0, weekly=4, monthly=0)
    there = lived(policy, at("2026-12-01T12:00"), at("2027-01-13T12:00"))
    return plan(policy, there, at("2027-01-13T12:00"))


def days_of_berlin_when_the_clocks_go_back() -> RetentionPlan:
    """25 October 2026 has 25 hours there, and begins at 22:00 UTC of the day before."""
    policy = SnapshotPolicy(zone="Europe/Berlin", base_days=1, daily=3, weekly=0, monthly=2)
    there = [
        snapshot("late", "2026-10-24T21:59"),
        snapshot("midnight", "2026-10-24T22:00"),
        snapshot("hour-24", "2026-10-25T22:30"),
        snapshot("next-day", "2026-10-25T23:00"),
    ]
    return plan(policy, there, at("2026-10-26T23:30"))


def every_reason() -> RetentionPlan:
    there = [
        snapshot("held", "2020-01-01", hold="before the upgrade"),
        snapshot("restored", "2020-01-02", used_by="restore 4e5 reads it"),
        snapshot("dated", "2020-01-03", expires_at=at("2030-01-01")),
        snapshot("outdated", "2026-03-17T12:00", expires_at=at("2026-03-18")),
        snapshot("old", "2026-01-05T06:00"),
        snapshot("doubtful", "2026-03-16T00:00", doubt=True),
        snapshot("bad", "2026-03-16T06:00", bad=True),
        snapshot("good", "2026-03-16T12:00"),
        snapshot("good-too", "2026-03-16T13:00"),
        snapshot("verified", "2026-03-16T18:00", verified=True),
        snapshot("base", "2026-03-17T06:00"),
        snapshot("on-demand", "2026-03-17T07:00", due_at=None),
        snapshot("newest", "2026-03-18T06:00"),
        snapshot("newest-bad", "2026-03-18T12:00", bad=True),
        unfinished("runs", "2026-03-18T13:00", Outcome.RUNNING),
        unfinished("failed", "2026-03-17T13:00", Outcome.FAILED),
        unfinished("failed-long", "2026-03-16T13:00", Outcome.FAILED),
        unfinished("invalid", "2026-03-15T13:00", Outcome.INVALID, hold="to look at it"),
        unfinished("invalid-long", "2026-03-15T13:30", Outcome.INVALID),
    ]
    policy = SnapshotPolicy(daily=3, weekly=0, monthly=0)
    return plan(policy, there, at("2026-03-18T14:00"))


def a_window_longer_than_the_snapshots() -> RetentionPlan:
    """Each day of the window keeps one, so that the window can go on, and no replay is long."""
    policy = SnapshotPolicy(base_days=1, daily=0, weekly=0, monthly=0, oplog_hours=120)
    there = lived(policy, at("2026-03-01T12:00"), at("2026-03-18T14:00"))
    return plan(policy, there, at("2026-03-18T14:00"))


def nothing_good() -> RetentionPlan:
    there = [
        snapshot("a", "2026-01-01", doubt=True),
        snapshot("b", "2026-01-02", doubt=True),
        snapshot("c", "2026-01-03", bad=True),
    ]
    return plan(CLASSIC, there, at("2036-01-01"))


STORIES = [
    classic_after_fifteen_months,
    five_years_with_a_leap_day,
    weeks_at_the_end_of_a_year,
    days_of_berlin_when_the_clocks_go_back,
    every_reason,
    a_window_longer_than_the_snapshots,
    nothing_good,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_is_kept_and_why_is_as_it_was(story: Callable[[], RetentionPlan]) -> None:
    assert table(story()) == (GOLDEN / f"{story.__name__}.txt").read_text()
