"""Charts: which grain is read, how samples become points, and that gaps stay gaps."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.errors import UsageError
from mmsconsole.metadata.samples import Grain, Sample
from mmsconsole.operations.monitoring_series import (
    POINTS_MAX,
    Reading,
    chosen,
    kept_grains,
    merged,
    newest_from,
    planned,
)
from mmsconsole.operations.monitoring_views import SeriesPoint

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GRAINS = kept_grains(10.0, 24, 7, 730)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("back", "span", "grain"),
    [
        (HOUR, HOUR, Grain.FINE), (DAY, DAY, Grain.FINE), (DAY, HOUR, Grain.FINE),
        (DAY + timedelta(minutes=1), DAY, Grain.FINE), (2 * DAY, HOUR, Grain.MINUTE),
        (7 * DAY + timedelta(minutes=1), 7 * DAY, Grain.MINUTE), (7 * DAY, HOUR, Grain.MINUTE),
        (8 * DAY, HOUR, Grain.HOUR),
        (14 * DAY, 14 * DAY, Grain.HOUR), (800 * DAY, DAY, Grain.HOUR),
    ],
)  # fmt: skip
def test_the_grain_follows_the_span_and_what_is_still_kept(
    back: timedelta, span: timedelta, grain: Grain
) -> None:
    since = NOW - back
    assert chosen(GRAINS, since, since + span, NOW, points=5000).grain is grain


@pytest.mark.parametrize(
    ("span", "points", "grain"),
    [
        (HOUR, 300, Grain.FINE), (HOUR, 121, Grain.FINE), (HOUR, 120, Grain.MINUTE),
        (DAY, 300, Grain.MINUTE), (7 * DAY, 300, Grain.HOUR), (7 * DAY, 337, Grain.MINUTE),
        (timedelta(minutes=5), 300, Grain.FINE),
    ],
)  # fmt: skip
def test_a_coarser_grain_is_read_where_it_has_half_of_the_points(
    span: timedelta, points: int, grain: Grain
) -> None:
    assert chosen(GRAINS, NOW - span, NOW, NOW, points).grain is grain


def test_what_is_kept_for_longer_is_read_for_longer() -> None:
    since = NOW - 3 * DAY
    assert chosen(kept_grains(10.0, 96, 7, 730), since, since + HOUR, NOW).grain is Grain.FINE


@pytest.mark.parametrize(
    ("span", "points", "step"),
    [
        (HOUR, 360, 10.0), (HOUR, 359, 20.0), (DAY, 1440, 120.0),
        (DAY, 300, 300.0), (7 * DAY, 300, 3600.0),
        (7 * DAY, 500, 1260.0), (7 * DAY, POINTS_MAX, 180.0), (14 * DAY, 340, 3600.0),
        (365 * DAY, 300, 30 * 3600.0),
    ],
)  # fmt: skip
def test_there_are_not_more_points_than_were_asked_for(
    span: timedelta, points: int, step: float
) -> None:
    reading = planned(GRAINS, NOW - span, NOW, NOW, points=points)
    assert reading.step_seconds == step
    odd = NOW - span + timedelta(seconds=3)
    reading = planned(GRAINS, odd, odd + span, odd + span, points=points)
    every = int(span.total_seconds() // reading.kept.seconds)
    all_of_them = (
        Sample("d", "db1:1", odd + timedelta(seconds=place * reading.kept.seconds), {"x": 1.0})
        for place in range(every)
    )
    assert points / 2 <= len(merged(all_of_them, "x", reading)) <= points


@pytest.mark.parametrize(
    ("since", "points"), [(NOW, 300), (NOW + HOUR, 300), (NOW - HOUR, 1), (NOW - HOUR, 5001)]
)
def test_a_stretch_without_length_and_too_many_points_are_refused(
    since: datetime, points: int
) -> None:
    with pytest.raises(UsageError):
        planned(GRAINS, since, NOW, NOW, points=points)


def samples(seconds: Iterable[float], **more: float) -> list[Sample]:
    """Each has its own second as its value."""
    return [
        Sample("d", "db1:1", NOW + timedelta(seconds=at), {"x": float(at), **more})
        for at in seconds
    ]


def told(points: Iterable[SeriesPoint]) -> list[tuple[float, float | None]]:
    return [((point.at - NOW).total_seconds(), point.value) for point in points]


def reading_of(span: timedelta, points: int = 300) -> Reading:
    return planned(GRAINS, NOW, NOW + span, NOW + span, points=points)


def test_a_sample_is_a_point_where_there_is_room() -> None:
    found = merged(samples([3, 13, 23.4, 33]), "x", reading_of(HOUR, 400))
    assert told(found) == [(3, 3), (13, 13), (23.4, 23.4), (33, 33)]


def test_several_become_their_mean_with_the_lowest_and_the_highest() -> None:
    found = merged(samples(range(0, 3600, 10)), "x", reading_of(HOUR, 61))
    assert len(found) == 60
    assert found[0] == SeriesPoint(NOW, 25.0, 0.0, 50.0)


def test_what_is_rolled_up_brings_its_own_lowest_and_highest() -> None:
    rolled = samples([0, 60, 120], x__min=-7.0, x__max=999.0)
    (point,) = merged(rolled, "x", reading_of(2 * DAY, 10))
    assert (point.value, point.low, point.high) == (60.0, -7.0, 999.0)


def test_steps_begin_at_the_same_moments_whenever_it_is_asked() -> None:
    later = planned(GRAINS, NOW + timedelta(seconds=17), NOW + HOUR, NOW + HOUR, points=61)
    found = merged(samples(range(20, 3600, 10)), "x", later)
    assert {point.at.timestamp() % 60 for point in found} == {0.0}


@pytest.mark.parametrize(
    ("seconds", "points", "expected"),
    [
        ([0, 10, 20, 30], 400, [0, 10, 20, 30]),
        ([0, 12, 19, 34], 400, [0, 12, 19, 34]),  # they come as they can
        ([0, 20], 400, [0, 20]),  # one was lost
        ([0, 30], 400, [0, None, 30]),
        ([0, 600], 400, [0, None, 600]),
        ([0, 10, 60, 70], 61, [5, 65]),
        ([0, 10, 120, 130], 61, [5, None, 125]),
    ],
)
def test_a_gap_stays_a_gap(seconds: list[float], points: int, expected: list[object]) -> None:
    found = merged(samples(seconds), "x", reading_of(HOUR, points))
    assert [point.value for point in found] == expected


def test_in_a_gap_nothing_is_known_and_it_begins_where_the_next_would_have_been() -> None:
    found = merged(samples([0, 100]), "x", reading_of(HOUR, 400))
    assert found[1] == SeriesPoint(NOW + timedelta(seconds=10), None, None, None)


def test_what_is_sampled_rarely_has_no_gaps_for_that() -> None:
    rare = planned(GRAINS, NOW, NOW + DAY, NOW + DAY, points=300, cadence_seconds=1200.0)
    found = merged(samples([0, 1200, 2400, 9000]), "x", rare)
    assert [point.value for point in found] == [0, 1200, 2400, None, 9000]


def test_a_roll_up_that_is_missing_is_a_gap() -> None:
    rolled = samples([0, 3600, 3 * 3600, 4 * 3600])
    found = merged(rolled, "x", reading_of(7 * DAY))
    assert [point.value for point in found] == [0, 3600, None, 3 * 3600, 4 * 3600]


def test_the_newest_is_told_by_a_finer_grain_from_where_the_roll_ups_end() -> None:
    week = planned(GRAINS, NOW - 7 * DAY, NOW, NOW)
    assert [kept.grain for kept in week.finer] == [Grain.MINUTE, Grain.FINE]
    assert newest_from(week, week.kept, NOW - 2 * HOUR) == NOW - HOUR
    assert newest_from(week, week.kept, None) == NOW - 3 * HOUR
    assert newest_from(week, week.kept, NOW - 9 * HOUR) == NOW - 3 * HOUR
    hour = planned(GRAINS, NOW - HOUR, NOW, NOW)
    assert hour.finer == ()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_point(value: float) -> None:
    odd = [Sample("d", "db1:1", NOW, {"x": value}), Sample("d", "db1:1", NOW, {"y": 1.0})]
    assert merged(odd, "x", reading_of(HOUR)) == ()


def test_without_samples_there_is_nothing() -> None:
    assert merged([], "x", reading_of(HOUR)) == ()
