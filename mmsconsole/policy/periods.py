"""Days, weeks, months and years of a calendar in a time zone. Pure."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import assert_never


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def begin_of(period: Period, at: datetime, zone: tzinfo) -> date:
    """The first day of the period that `at` lies in. Weeks begin on Monday (ISO 8601)."""
    day = at.astimezone(zone).date()
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)
    assert_never(period)


def later(period: Period, begin: date, count: int) -> date:
    """The first day of the period `count` periods after the one that begins there."""
    match period:
        case Period.DAY:
            return begin + timedelta(days=count)
        case Period.WEEK:
            return begin + timedelta(weeks=count)
        case Period.MONTH:
            years, month = divmod(begin.month - 1 + count, 12)
            return begin.replace(year=begin.year + years, month=month + 1)
        case Period.YEAR:
            return begin.replace(year=begin.year + count)
    assert_never(period)


def midnight(day: date, zone: tzinfo) -> datetime:
    """When the day begins, in UTC; the moment of the change where its 00:00 is left out."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
