"""POINT is read exactly, or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import UsageError
from mmsconsole.operations.points import Ago, Before, Latest, Position, WholeSecond, parse_point
from mmsconsole.optime import INCREMENT_MAX, Optime

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01t12:00:00z",
        "2026-03-01 12:00:00Z",
        "2026-03-01T12:00:00+00:00",
        "2026-03-01T12:00:00-00:00",
        "2026-03-01T13:30:00+01:30",
        "2026-03-01T12:00:00.999999999Z",
        "  2026-03-01T12:00:00Z\n",
    ],
)
def test_a_time_with_its_zone_is_the_whole_second(text: str) -> None:
    assert parse_point(text) == WholeSecond(NOON)


def test_a_whole_second_includes_its_last_entry() -> None:
    assert WholeSecond(NOON).end == Optime(NOON, INCREMENT_MAX)


def test_seconds_and_increment_are_one_position() -> None:
    assert parse_point(f"{NOON}:7") == Position(Optime(NOON, 7))


@pytest.mark.parametrize("text", ["latest", "LATEST", " latest "])
def test_latest_is_a_word(text: str) -> None:
    assert parse_point(text) == Latest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "12:00:00",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01T12:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-01T24:00:01Z",
        "2026-03-01T12:00:00+99:00",
        "1969-12-31T23:59:59Z",
        "2106-02-07T06:28:16Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "-1:0",
        "1:-1",
        "4294967296:0",
        "0:4294967296",
        "1:2:3",
        "٣:٤",
    ],
)
def test_what_is_no_point_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_point(text)
    assert "SECONDS:INCREMENT" in refused.value.hint


@given(
    st.integers(0, 2**32 - 1),
    st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_any_second_is_read_back_in_any_zone(seconds: int, zone: timezone) -> None:
    text = datetime.fromtimestamp(seconds, UTC).astimezone(zone).isoformat()
    assert parse_point(text) == WholeSecond(seconds)


@given(st.text())
def test_any_other_text_is_refused_and_nothing_else_is_raised(text: str) -> None:
    try:
        parse_point(text)
    except UsageError:
        return


@pytest.mark.parametrize(
    "text", ["before:7:3", "before 7:3", "  BEFORE:7:3 ", "before   7:3", "Before:07:03"]
)
def test_just_before_an_entry_names_that_entry(text: str) -> None:
    assert parse_point(text) == Before(Optime(7, 3))


@pytest.mark.parametrize(
    "text",
    ["before", "before:", "before:7", "before:7:", "before:7:3:1", "before:latest",
     "before:2026-03-01T12:00:00Z", "before:4294967296:0"],
)  # fmt: skip
def test_before_takes_a_position_alone(text: str) -> None:
    with pytest.raises(UsageError):
        parse_point(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15m ago", 900), ("2h ago", 7200), ("1 d ago", 86400), ("-90s", 90), ("0s ago", 0)],
)
def test_so_long_ago_is_read(text: str, seconds: int) -> None:
    assert parse_point(text) == Ago(seconds)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01 12:00:00 Europe/Berlin", "2026-03-01T11:00:00Z"),
        ("2026-07-01T12:00:00 Europe/Berlin", "2026-07-01T10:00:00Z"),
        ("2026-07-01 12:00:00.75 America/Argentina/Buenos_Aires", "2026-07-01T15:00:00Z"),
        ("2026-03-01 12:00:00 UTC", "2026-03-01T12:00:00Z"),
    ],
)
def test_a_time_on_the_clocks_of_a_place_is_read(text: str, utc: str) -> None:
    assert parse_point(text) == parse_point(utc)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("2026-10-25 02:30:00 Europe/Berlin", ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")),
        ("2026-03-29 02:30:00 Europe/Berlin", ("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z")),
    ],
)
def test_a_time_that_is_shown_twice_or_never_is_refused_with_both_readings(
    text: str, readings: tuple[str, str]
) -> None:
    with pytest.raises(UsageError) as refused:
        parse_point(text)
    assert all(reading in refused.value.hint for reading in readings)


@pytest.mark.parametrize(
    "text",
    ["2026-03-01 12:00:00 Nowhere/Town", "2026-03-01 12:00:00 Europe",
     "2026-03-01 12:00:00 ../../etc/passwd", "2026-02-30 12:00:00 Europe/Berlin",
     "2026-03-01 12:00:00 " + "a/" * 40, "0001-01-01 00:00:00 Asia/Tokyo"],
)  # fmt: skip
def test_a_place_without_clocks_and_a_time_that_is_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_point(text)
