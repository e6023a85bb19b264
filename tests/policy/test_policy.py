"""A policy is what people may ask for, and every mistake in one is told exactly."""

from dataclasses import asdict, replace

import pytest

from mmsconsole.errors import UsageError
from mmsconsole.policy.policy import (
    INTERVALS,
    KEYS,
    SnapshotPolicy,
    Verify,
    nearest_interval,
    zone_of,
)


def refused(**changes: object) -> UsageError:
    with pytest.raises(UsageError) as error:
        SnapshotPolicy().changed(changes)
    return error.value


def test_the_defaults_are_the_classic_ones_and_are_allowed() -> None:
    classic = SnapshotPolicy().checked()
    assert (classic.interval_minutes, classic.base_days, classic.oplog_hours) == (360, 2, 24)
    assert (classic.daily, classic.weekly, classic.monthly, classic.yearly) == (7, 4, 13, 0)
    assert (classic.reference_hour, classic.reference_minute, classic.zone) == (0, 0, "UTC")
    assert (classic.verify, classic.full_read_days) == (Verify.EVERY, 7)


def test_every_interval_divides_a_day_and_the_classic_ones_are_there() -> None:
    assert {0, 1, 5, 60, 360, 480, 720, 1440} <= set(INTERVALS)
    assert all(1440 % minutes == 0 for minutes in INTERVALS if minutes)
    assert max(INTERVALS) == 1440


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("interval_minutes", (0, 5, 288, 360, 480, 720, 1440), (-1, 7, 400, 60.0, "60", True)),
        ("reference_hour", (0, 23), (-1, 24)),
        ("reference_minute", (0, 59), (-1, 60)),
        ("zone", ("UTC", "Europe/Berlin", "Australia/Lord_Howe"),
         ("", "Mars/Base", "../etc/passwd", "/etc/localtime", "Europe", "a\0b", 5, "x" * 5000)),
        ("base_days", (1, 5), (0, 6, 31)),
        ("daily", (0, 3, 7, 15, 360), (1, 2, 8, 361, -3)),
        ("weekly", (0, 1, 52), (-1, 53)),
        ("monthly", (0, 36), (37,)),
        ("yearly", (0, 100), (101,)),
        ("oplog_hours", (0, 24, 8784), (-1, 8785)),
        ("verify", ("every", "daily", "weekly", "never"), ("", "always", 1)),
        ("full_read_days", (0, 7, 365), (-1, 366)),
    ],
)  # fmt: skip
def test_a_key_takes_what_is_allowed_and_nothing_else(
    key: str, good: tuple[object, ...], bad: tuple[object, ...]
) -> None:
    for value in good:
        assert asdict(SnapshotPolicy().changed({key: value}))[key] == value
    for value in bad:
        error = refused(**{key: value})
        assert error.where == key
        assert repr(value) in error.what  # the value
        assert error.hint.startswith(f"{key} is ")  # and what is allowed


def test_a_key_that_is_not_known_is_answered_with_those_that_are() -> None:
    error = refused(dayly=7)
    assert "'dayly'" in error.what
    assert all(key in error.hint for key in KEYS)


def test_every_snapshot_may_be_kept_for_a_month_only_where_there_is_one_a_day() -> None:
    for minutes in (0, 1440):
        assert SnapshotPolicy().changed({"base_days": 30, "interval_minutes": minutes})
    error = refused(base_days=30, interval_minutes=720)
    assert "base_days is 1 to 5 with an interval of 720" in error.hint
    daily = SnapshotPolicy(interval_minutes=1440, base_days=30)
    with pytest.raises(UsageError):
        daily.changed({"interval_minutes": 360})


def test_what_an_old_record_holds_never_stands_in_the_way() -> None:
    odd = SnapshotPolicy().overlaid({"interval_minutes": 7, "of_a_newer_program": 1, "daily": 30})
    assert odd == replace(SnapshotPolicy(), interval_minutes=7, daily=30)


@pytest.mark.parametrize(
    ("asked", "allowed"), [(-5, 0), (0, 0), (7, 6), (359, 288), (400, 360), (10080, 1440)]
)
def test_an_interval_of_an_older_program_becomes_the_nearest_that_is_not_rarer(
    asked: int, allowed: int
) -> None:
    assert nearest_interval(asked) == allowed


def test_utc_needs_no_data_of_time_zones() -> None:
    assert str(zone_of("UTC")) == "UTC"
