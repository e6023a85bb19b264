"""A chart as a value: it follows the present, is moved, zoomed, opened at a moment, written out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.console import charts
from mmsconsole.console.charts import DAY, HOUR, SPANS, Chart, chart_of, chart_place, matching
from mmsconsole.operations.monitoring_views import MetricView, SeriesPoint, SeriesView

NOW = datetime(2026, 7, 16, 12, 4, 5, tzinfo=UTC)
WIDTH = 60


def test_it_follows_the_present_and_moves_on_at_round_moments_alone() -> None:
    """So that a new point repaints its own cells, and not the whole chart."""
    start, end = Chart().window(NOW)
    assert end == datetime(2026, 7, 16, 12, 5, tzinfo=UTC)
    assert start == end - HOUR
    assert Chart().window(NOW + timedelta(seconds=50)) == (start, end)
    assert Chart().window(NOW + timedelta(minutes=2))[1] == end + timedelta(minutes=5)


def test_the_cursor_moves_by_columns_and_the_newest_values_are_its_end() -> None:
    earlier = Chart().moved(-3, NOW, WIDTH)
    assert earlier.cursor == NOW - timedelta(minutes=3)
    assert earlier.end is None
    assert earlier.moved(2, NOW, WIDTH).cursor == NOW - timedelta(minutes=1)
    assert earlier.moved(3, NOW, WIDTH) == Chart()


def test_the_chart_goes_with_its_cursor_beyond_its_ends_and_comes_back_to_the_present() -> None:
    before = Chart().moved(-WIDTH, NOW, WIDTH)
    assert before.end is not None
    start, end = before.window(NOW)
    assert start <= (before.cursor or NOW) <= end
    assert before.moved(WIDTH, NOW, WIDTH) == Chart()


def test_half_a_chart_at_a_time() -> None:
    once = Chart().paged(-1, NOW)
    assert once.window(NOW)[1] == Chart().window(NOW)[1] - HOUR / 2
    assert once.paged(1, NOW) == Chart()


@pytest.mark.parametrize("closer", [True, False])
def test_it_is_zoomed_between_a_quarter_of_an_hour_and_two_years(closer: bool) -> None:
    chart = Chart()
    for _ in range(20):
        chart = chart.zoomed(NOW, closer=closer)
    assert chart.span == (HOUR / 4 if closer else 730 * DAY)
    assert chart.end is None


def test_the_cursor_stays_where_it_is_on_the_screen_when_it_is_zoomed() -> None:
    at = NOW - 40 * DAY
    chart = Chart(span=30 * DAY).jumped(at, NOW).moved(7, NOW, WIDTH)
    axis = chart.axis(NOW, WIDTH)
    nearer = chart.zoomed(NOW, closer=True)
    assert nearer.cursor == chart.cursor
    assert nearer.cursor is not None
    assert nearer.axis(NOW, WIDTH).column(nearer.cursor) == axis.column(nearer.cursor)


def test_a_span_of_its_own_is_zoomed_to_the_next_one() -> None:
    assert Chart(span=2 * HOUR).zoomed(NOW, closer=False).span in SPANS


def test_it_jumps_to_a_moment_with_the_cursor_on_it() -> None:
    at = NOW - 3 * DAY
    chart = Chart().jumped(at, NOW)
    assert chart.cursor == at
    assert chart.window(NOW) == (at - HOUR / 2, at + HOUR / 2)
    assert chart.following() == Chart()


def test_a_jump_to_just_now_follows_the_present() -> None:
    chart = Chart().jumped(NOW - timedelta(minutes=3), NOW)
    assert chart.end is None
    assert chart.cursor == NOW - timedelta(minutes=3)


def test_members_are_left_out_and_taken_in_again() -> None:
    assert Chart().toggled("db1:27017").hidden == {"db1:27017"}
    assert Chart().toggled("db1:27017").toggled("db1:27017") == Chart()


def test_a_place_names_a_metric_a_moment_a_member_and_a_limit() -> None:
    at = NOW - 3 * DAY
    place = chart_place("orders", "replication_lag", at=at, member="db2:27017", limit=60)
    assert (place.view, place.deployment) == ("chart", "orders")
    chart = chart_of(place.item, Chart("other"), NOW)
    assert (chart.metric, chart.cursor, chart.limit) == ("replication_lag", at, 60.0)
    assert charts.member_of(place.item) == "db2:27017"


def test_a_place_that_names_nothing_shows_what_was_looked_at_last() -> None:
    place = chart_place("orders")
    remembered = Chart("cache_used_percent", DAY)
    assert place.item == ""
    assert chart_of(place.item, remembered, NOW) is remembered
    assert charts.member_of(place.item) == ""


CATALOGUE = tuple(
    MetricView(name, title, "count", "gauge", "member", chart)
    for name, title, chart in (
        ("opcounters_insert", "Inserts", "Opcounters"),
        ("cache_dirty_percent", "Dirty", "Cache"),
        ("flow_control_lagged", "Lagged", "Flow control"),
        ("replication_lag", "Lag", "Replication"),
    )
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [each.name for each in CATALOGUE]),
        ("lag", ["replication_lag", "flow_control_lagged"]),
        ("cache", ["cache_dirty_percent"]),
        ("LAG rep", ["replication_lag"]),
        ("opcounters_insert", ["opcounters_insert"]),
        ("nothing", []),
    ],
)
def test_metrics_are_found_by_parts_of_their_names(query: str, found: list[str]) -> None:
    assert [each.name for each in matching(CATALOGUE, query)] == found


def test_a_chart_is_pinned_and_taken_off_and_only_so_many_are() -> None:
    pins = charts.pinned((), "a")
    assert charts.pinned(pins, "b") == ("a", "b")
    assert charts.pinned(("a", "b"), "a") == ("b",)
    full = tuple(str(number) for number in range(charts.PINS_MAX))
    assert charts.pinned(full, "one more") == full


def test_a_file_is_written_only_where_there_is_room_for_its_name(tmp_path: Path) -> None:
    assert charts.path_complaint(str(tmp_path / "new.csv")) == ""
    assert "already" in charts.path_complaint(str(tmp_path))
    assert "no folder" in charts.path_complaint(str(tmp_path / "no" / "new.csv"))
    assert "whole path" in charts.path_complaint("new.csv")


def test_the_next_metric_and_the_one_before_go_round() -> None:
    assert charts.neighbour(CATALOGUE, "replication_lag", 1) == "opcounters_insert"
    assert charts.neighbour(CATALOGUE, "opcounters_insert", -1) == "replication_lag"
    assert charts.neighbour(CATALOGUE, "gone", 1) == charts.FIRST


def test_what_is_shown_is_written_as_csv_with_gaps_as_empty_fields() -> None:
    points = (SeriesPoint(NOW, 1.5, 1.0, 2.0), SeriesPoint(NOW + HOUR, None, None, None))
    series = SeriesView("orders", "cache", "percent", "db1:27017", 'a,"b', "1h", 3600, NOW,
                        NOW + HOUR, points)  # fmt: skip
    assert charts.csv_of([series]).splitlines() == [
        "time,deployment,member,part,metric,unit,value,low,high",
        '2026-07-16T12:04:05Z,orders,db1:27017,"a,""b",cache,percent,1.5,1.0,2.0',
        '2026-07-16T13:04:05Z,orders,db1:27017,"a,""b",cache,percent,,,',
    ]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-07-15T10:00:00Z", datetime(2026, 7, 15, 10, tzinfo=UTC)),
        ("15m ago", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("2026-07-15", datetime(2026, 7, 15, tzinfo=UTC)),
        ("latest", NOW),
        ("1784109600:7", datetime.fromtimestamp(1784109600, UTC)),
        ("before:1784109600:7", datetime.fromtimestamp(1784109600, UTC)),
    ],
)
def test_a_moment_is_typed_as_everywhere(text: str, at: datetime) -> None:
    assert charts.parse_moment(text, NOW) == at
    assert charts.moment_complaint(text, NOW) == ""


def test_what_is_no_moment_is_told_with_how_one_is_written() -> None:
    assert "write 2h ago" in charts.moment_complaint("soon", NOW)
