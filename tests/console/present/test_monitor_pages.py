"""Members, machines and what runs, as text: states, warnings, order, filters."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.console.charts import Chart
from mmsconsole.console.glyphs import ASCII, UNICODE
from mmsconsole.console.present import charts, health, hosts, spark, table, top
from mmsconsole.console.present.text import Line, Page, Tone, plain
from mmsconsole.metadata.members import MemberState
from mmsconsole.operations.monitoring_views import (
    WARNING,
    HealthView,
    HealthWarning,
    MemberView,
    SeriesPoint,
    SeriesView,
)
from tests.support.fake_data import NOW
from tests.support.fake_monitoring import FRESH, shapes, state
from tests.support.fake_operations import rich_scene, troubled_scene

PAGE = Page(80, 20, NOW, UNICODE)
WIDE = Page(200, 44, NOW, UNICODE)


def member(**more: object) -> MemberView:
    return view_of(state("orders", 2, "SECONDARY", **more))


def view_of(one: MemberState) -> MemberView:
    return shapes.member_view(one, "orders", FRESH)


def text(lines: list[Line]) -> str:
    return "\n".join(plain(each) for each in lines)


def tones(lines: list[Line]) -> set[Tone]:
    return {span.tone for each in lines for span in each}


def healthy() -> HealthView:
    return rich_scene().health("orders")


# Members


@pytest.mark.parametrize(
    ("changes", "told", "tone"),
    [
        ({}, "● SECONDARY", Tone.GOOD),
        ({"locked": True}, "▲ locked", Tone.WARN),
        ({"state": "RECOVERING"}, "▲ RECOVERING", Tone.WARN),
        ({"error": "no route"}, "✗ no answer", Tone.BAD),
        ({"asked_at": NOW - timedelta(minutes=9)}, "○ not asked", Tone.WARN),
        ({"asked_at": None, "seen_at": None}, "· never seen", Tone.DIM),
    ],
)
def test_the_state_of_a_member_is_a_sign_a_word_and_a_tone(
    changes: dict[str, object], told: str, tone: Tone
) -> None:
    mark = health.mark(member(**changes), UNICODE)
    assert (plain(mark.line), mark.tone) == (told, tone)


def test_lag_and_certificate_stand_out_where_a_warning_is_about_them_and_only_there() -> None:
    one = member(lag_seconds=9000.0, certificate_ends=NOW + timedelta(days=1))

    def shown(*kinds: str, host: str = one.host) -> tuple[Tone, Tone]:
        warnings = tuple(HealthWarning(kind, WARNING, "", host) for kind in kinds)
        judged = replace(healthy(), warnings=warnings)
        cell = health.row(one, PAGE, health.kinds_of(judged, one)).cells[2]
        (ends,) = (each for each in health.detail(judged, one, (), (), PAGE)
                   if "certificate" in plain(each))  # fmt: skip
        return cell[0].tone, next(span.tone for span in ends if "ends" in span.text)

    assert shown() == (Tone.TEXT, Tone.TEXT)
    assert shown("lag") == shown("resync near") == (Tone.WARN, Tone.TEXT)
    assert shown("certificate") == (Tone.TEXT, Tone.WARN)
    assert shown("lag", "certificate", host="another") == (Tone.TEXT, Tone.TEXT)


def test_a_delayed_member_is_named_as_that() -> None:
    assert "delayed 1h" in plain(health.row(member(delay_seconds=3600), PAGE).cells[0])


def test_what_is_told_of_a_member_that_does_not_answer_is_dim_and_its_age_stands_out() -> None:
    row = health.row(member(error="no route", seen_at=NOW - timedelta(minutes=9)), PAGE)
    assert {span.tone for cell in row.cells[2:6] for span in cell} == {Tone.DIM}
    assert (plain(row.cells[6]), row.cells[6][0].tone) == ("9m", Tone.WARN)


def test_warnings_are_told_in_words_the_critical_ones_first_and_the_rest_is_counted() -> None:
    told = troubled_scene().health("orders")
    lines = health.above(told, PAGE)
    assert "✗ orders-2:27017 does not answer" in text(lines), "its name keeps its spelling"
    assert "and 1 more" in text(lines)
    assert Tone.BAD in tones(lines)
    assert "and 1 more" not in text(health.above(told, WIDE))


def test_who_copies_from_whom_is_told_where_it_is_not_the_primary() -> None:
    assert "orders-3:27017 follows orders-2:27017" in text(health.above(healthy(), WIDE))


def test_the_wide_page_has_more_of_each_member() -> None:
    titles = [column.title for column in health.columns(WIDE)]
    assert {"FOLLOWS", "CACHE", "MEMORY"} <= set(titles)
    assert len(health.row(member(), WIDE).cells) == len(titles)
    assert len(health.row(member(), PAGE).cells) == len(health.columns(PAGE))


def test_votes_and_priority_stand_in_columns_of_their_own() -> None:
    hidden = health.row(member(hidden=True, votes=1, priority=0), WIDE).cells
    told = dict(zip((column.title for column in health.columns(WIDE)), hidden, strict=True))
    narrow = Page(132, 40, NOW, UNICODE)
    assert "MEMORY" in plain(table.draw_header(health.columns(narrow), narrow))
    assert (plain(told["VOTES"]), plain(told["PRIO"])) == ("1", "0")


def test_a_member_s_page_tells_what_it_refuses_and_when_its_certificate_ends() -> None:
    one = member(missing=("hostInfo: not allowed",), certificate_ends=NOW + timedelta(days=9),
                 certificate_names=("db2.example",))  # fmt: skip
    lines = health.detail(healthy(), one, (), (), PAGE)
    assert "Not told: hostInfo: not allowed." in text(lines)
    assert "db2.example" in text(lines)
    assert "nothing is known of the last hour" in text(lines)
    assert len(lines) <= health.DETAIL_LINES


def test_samples_that_were_lost_are_told_beside_what_our_polls_cost() -> None:
    view = healthy()
    lost = replace(view, agents=(replace(view.agents[0], dropped=41),))
    lines = health.detail(lost, view.members[0], (), (), WIDE)
    assert "41 samples lost" in text(lines)


# Small series


def series(*values: float | None) -> SeriesView:
    step = timedelta(minutes=1)
    since = NOW - len(values) * step
    points = tuple(SeriesPoint(since + n * step, v, None, None) for n, v in enumerate(values))
    return SeriesView("orders", "m", "count", "db1:1", "", "1m", 60, since, NOW, points)


def test_a_small_series_has_a_column_for_each_stretch_and_none_where_nothing_is_known() -> None:
    assert plain(spark.spark(series(4, 4, None, 4, 4, 4), 12, PAGE)) == "███   █████ "
    drawn = plain(spark.spark(series(1, 2, None, 4, 0, 0.001), 6, PAGE))
    assert drawn == "▂▄ █ ▁"


def test_a_small_series_in_ascii_is_ascii() -> None:
    assert plain(spark.told(series(1, 2, None, 4), 4, Page(80, 9, NOW, ASCII))).isascii()


# Machines


@pytest.mark.parametrize(
    ("percent", "told", "tone"),
    [(79.0, "79%", Tone.GOOD), (80.0, "80% ▲", Tone.WARN), (97.0, "97% ▲", Tone.BAD)],
)
def test_a_disk_that_fills_is_told_by_sign_and_tone(percent: float, told: str, tone: Tone) -> None:
    host = rich_scene().hosts("orders")[0]
    full = replace(host, values={hosts.DISK: percent})
    cell = hosts.row(full, PAGE).cells[4]
    assert plain(cell).endswith(told)
    assert tone in {span.tone for span in cell}


def test_a_machine_that_tells_nothing_says_why_it_may_be() -> None:
    host = replace(rich_scene().hosts("orders")[0], values={})
    assert "clusterMonitor" in text(hosts.detail(host, (), PAGE))
    assert plain(hosts.row(host, PAGE).cells[2]) == "-"


# What runs


def test_operations_are_sorted_by_each_column_and_filtered_by_all_words() -> None:
    view = rich_scene().operations_now("orders")

    def seconds(query: str, sort: str) -> list[float]:
        return [one.operation.seconds for one in top.operations(view, query, sort)]

    assert seconds("", "time") == [42.6, 0.4, 0.2]
    assert seconds("", "client") == [42.6, 0.4, 0.2]
    assert seconds("SHOP idhack", "namespace") == [0.2]
    assert seconds("nothing", "member") == []


def test_every_way_to_sort_sorts() -> None:
    view = rich_scene().operations_now("orders")
    assert all(len(top.operations(view, "", sort)) == 3 for sort in top.OPERATION_SORTS)
    assert all(len(top.collections(view, "", sort)) == 3 for sort in top.COLLECTION_SORTS)
    reads = [one.collection.reads for one in top.collections(view, "", "reads")]
    assert reads == sorted(reads, reverse=True)


def test_members_that_do_not_answer_are_named_above_what_runs() -> None:
    view = troubled_scene().operations_now("orders")
    assert "no answer: orders-2:27017" in text(top.above(view, top.OPERATIONS, "", "time"))


def test_a_collection_scan_and_a_lock_stand_out() -> None:
    first, _, third = top.operations(rich_scene().operations_now("orders"), "", "time")
    assert Tone.WARN in {span.tone for span in top.operation_row(first, PAGE).cells[3]}
    assert "▲" in plain(top.operation_row(third, PAGE).cells[1])
    assert "waits for a lock" in text(top.operation_detail(third, PAGE))


# Pinned charts


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("page", [PAGE, WIDE, Page(120, 30, NOW, UNICODE)])
def test_pinned_charts_share_a_page_and_none_is_too_small(count: int, page: Page) -> None:
    told = charts.places(count, page)
    assert told.height >= charts.PINNED_LINES or told.rows == 1
    assert told.rows * told.height + charts.plot.BELOW + 1 <= page.height
    assert told.columns * told.width <= page.width


# The lines of a chart


def shown_of(*all_of: SeriesView, hidden: frozenset[str] = frozenset()) -> charts.Shown:
    metric = rich_scene().metrics()[0]
    chart = Chart(hidden=hidden)
    return charts.Shown(metric, all_of, chart, chart.axis(NOW, 60))


def test_of_more_lines_than_digits_those_are_drawn_that_are_not_hidden() -> None:
    many = [replace(series(1, 2), member=f"db{n}:1") for n in range(1, 13)]
    assert [n for n, _ in shown_of(*many).visible] == list(range(1, 10))
    hidden = frozenset(f"db{n}:1" for n in range(1, 11))
    assert [n for n, _ in shown_of(*many, hidden=hidden).visible] == [11, 12]


def test_the_chosen_one_of_many_lines_is_in_sight() -> None:
    many = [replace(series(1, 2), member=f"db{n}:1") for n in range(1, 13)]
    lines = charts.legend(shown_of(*many), (), "db11:1", PAGE)
    assert any(plain(each).startswith(" ▸ 1 db11:1") for each in lines)
    assert len(lines) == 1 + charts.LEGEND_LINES


def test_a_newest_value_that_is_old_is_told_with_its_time() -> None:
    gone = replace(series(7, *[None] * 30), member="db1:1")
    told = text(charts.legend(shown_of(gone, series(7, 7)), (), "", PAGE))
    assert "7  at 2026-07-16 11:33:30Z" in told
    assert told.count(" at ") == 1


def test_a_line_of_a_database_names_the_database_first() -> None:
    told = charts.legend(shown_of(replace(series(1), part="shop.orders")), (), "", PAGE)
    assert "shop.orders on db1:1" in text(told)
