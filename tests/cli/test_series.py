"""Series in a terminal and as CSV: gaps are seen, and names steer nothing."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest

from mmsconsole.cli.series import csv_of, drawn_with, rows_of, sparkline, tops_of
from mmsconsole.console.glyphs import ASCII, UNICODE
from mmsconsole.operations.monitoring_views import SeriesPoint, SeriesView
from tests.cli.monitoring_views import NOW, SERIES, VIEWS

SINCE = NOW - timedelta(minutes=1)


def series(*values: float | None, seconds: float = 10.0) -> SeriesView:
    """Points from the beginning of the minute on."""
    points = tuple(
        SeriesPoint(SINCE + timedelta(seconds=place * seconds), value, value, value)
        for place, value in enumerate(values)
    )
    return replace(SERIES, points=points, seconds=seconds)


@pytest.mark.parametrize(
    ("values", "cells", "tops"),
    [
        ((1, 2, 3, 4, 5, 6), 6, [1, 2, 3, 4, 5, 6]),
        ((1, 2, 3, 4, 5, 6), 3, [2, 4, 6]),
        ((1, 2, 3, 4, 5, 6), 12, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]),
        ((1, None, 3), 6, [1, None, 3, None, None, None]),
        ((), 3, [None, None, None]),
    ],
)
def test_each_cell_has_the_highest_of_its_time(
    values: tuple[float | None, ...], cells: int, tops: list[float | None]
) -> None:
    assert tops_of(series(*values), cells) == tops


def test_polls_that_come_as_they_can_leave_no_holes() -> None:
    at = (0.4, 10.9, 19.7, 31.2, 40.1, 50.8)
    points = tuple(
        SeriesPoint(SINCE + timedelta(seconds=each), 1.0, 1.0, 1.0) for each in at
    )  # fmt: skip
    assert None not in tops_of(replace(SERIES, points=points), 60)[1:]


def test_a_gap_is_drawn_as_one_and_nothing_is_not_zero() -> None:
    assert sparkline(series(0, 5, None, 10), 6, 10.0, UNICODE) == "▁▅╌█╌╌"
    assert sparkline(series(0, 5, None, 10), 6, 10.0, ASCII) == ".:.#.."
    assert sparkline(series(0, 0), 6, 0.0, UNICODE) == "▁▁╌╌╌╌"


def test_members_are_drawn_on_one_scale_below_each_other() -> None:
    low, high = series(1, 1, 1, 1, 1, 1), series(8, 8, 8, 8, 8, 8)
    shown = drawn_with([low, replace(high, member="db22:27017")], UNICODE, 80).splitlines()
    assert shown[0] == "opcounters_query, 2026-03-01 11:59:00Z to 2026-03-01 12:00:00Z,"
    assert shown[1] == "a point is 10s, up to 8/s"
    assert shown[2].startswith("db1:27017   ▂▂▂")
    assert shown[3].startswith("db22:27017  ███")
    assert shown[2].endswith("1/s to 1/s, last 1/s")
    assert max(map(len, shown)) <= 80


def test_a_series_of_nothing_says_so() -> None:
    assert "nothing is known" in drawn_with([series()], UNICODE, 80)


def test_a_name_steers_no_terminal_and_no_spreadsheet() -> None:
    evil = replace(SERIES, member="=\x1b[2J1+1:27017")
    assert "\x1b" not in drawn_with([evil], UNICODE, 80)
    text = csv_of(rows_of([evil]))
    assert "\x1b" not in text
    assert list(csv.reader(StringIO(text)))[1][2].startswith("'=")


def test_csv_has_a_line_of_names_and_plain_numbers() -> None:
    assert csv_of(rows_of([SERIES])).splitlines() == [
        "time,metric,member,part,unit,value,low,high",
        "2026-03-01T11:59:05.250Z,opcounters_query,db1:27017,,per second,12.5,12.5,12.5",
        "2026-03-01T11:59:55.250Z,opcounters_query,db1:27017,,per second,20.0,20.0,20.0",
    ]
    assert csv_of(VIEWS["metrics-now"]).splitlines() == [
        "metric,member,unit,value",
        "opcounters_query,db1:27017,per second,1250.0",
        "opcounters_query,db2:27017,per second,0.25",
        "replication_lag,db2:27017,seconds,412.0",
    ]
    assert csv_of([]).startswith("time,metric")
