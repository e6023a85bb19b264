from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.metadata.samples import Grain, Sample
from mmsconsole.monitoring.rollup import Due, due, period_of, periods, rolled_up

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def sample(seconds: float, subject: str = "a:1", **values: float) -> Sample:
    return Sample("d1", subject, at(seconds), values)


def test_a_minute_is_its_mean_and_its_ends() -> None:
    found = rolled_up([sample(0, lag=1.0), sample(10, lag=2.0), sample(59, lag=6.0)], Grain.MINUTE)

    assert found == [sample(0, lag=3.0, lag__min=1.0, lag__max=6.0)]


def test_a_value_that_did_not_change_needs_no_ends() -> None:
    found = rolled_up([sample(0, lag=2.0), sample(10, lag=2.0)], Grain.MINUTE)

    assert found == [sample(0, lag=2.0)]


def test_an_hour_keeps_the_ends_of_its_minutes() -> None:
    minutes = [
        sample(0, lag=3.0, lag__min=1.0, lag__max=90.0),
        sample(60, lag=5.0),
        sample(120, lag=4.0, lag__min=0.5, lag__max=8.0),
    ]

    assert rolled_up(minutes, Grain.HOUR) == [sample(0, lag=4.0, lag__min=0.5, lag__max=90.0)]


def test_minutes_weigh_the_same_however_many_polls_they_had() -> None:
    busy = [sample(each * 10, lag=1.0) for each in range(6)]
    minutes = rolled_up([*busy, sample(60, lag=7.0)], Grain.MINUTE)

    assert rolled_up(minutes, Grain.HOUR)[0].values["lag"] == 4.0


def test_a_gap_is_no_sample_and_a_value_that_was_not_there_is_no_zero() -> None:
    found = rolled_up([sample(0, lag=4.0), sample(10, inserts=2.0), sample(150, lag=1.0)],
        Grain.MINUTE)  # fmt: skip

    assert found == [sample(0, lag=4.0, inserts=2.0), sample(120, lag=1.0)]


def test_a_sample_that_came_twice_counts_once() -> None:
    twice = [sample(0, lag=1.0), sample(0, lag=1.0), sample(10, lag=4.0)]

    assert rolled_up(twice, Grain.MINUTE)[0].values["lag"] == 2.5


def test_subjects_and_deployments_are_kept_apart() -> None:
    other = Sample("d2", "a:1", at(0), {"lag": 9.0})
    found = rolled_up([sample(0, lag=1.0), sample(5, "b:1", lag=3.0), other], Grain.MINUTE)

    assert found == [sample(0, lag=1.0), sample(0, "b:1", lag=3.0), other]


def test_samples_without_values_leave_none() -> None:
    assert rolled_up([sample(0), sample(10)], Grain.MINUTE) == []
    assert rolled_up([], Grain.HOUR) == []


FINE_VALUES = st.lists(
    st.tuples(st.integers(0, 7199), st.floats(0, 1e18, allow_nan=False)), max_size=40
)


@given(FINE_VALUES)
def test_the_mean_lies_between_the_ends_and_the_ends_are_those_of_the_samples(
    drawn: list[tuple[int, float]],
) -> None:
    fine = list({seconds: sample(seconds, lag=value) for seconds, value in drawn}.values())
    hours = rolled_up(rolled_up(fine, Grain.MINUTE), Grain.HOUR)

    for hour in hours:
        of_it = [s.values["lag"] for s in fine if hour.at <= s.at < hour.at + timedelta(hours=1)]
        mean = hour.values["lag"]
        assert hour.values.get("lag__min", mean) == min(of_it)
        assert hour.values.get("lag__max", mean) == max(of_it)
        assert min(of_it) <= mean <= max(of_it)
    assert len(hours) == len({period_of(s.at, Grain.HOUR) for s in fine})


@pytest.mark.parametrize(
    ("done", "oldest", "now", "expected"),
    [
        pytest.param(None, None, 600, None, id="there are no samples"),
        pytest.param(None, 5, 89, None, id="the first minute is still waited for"),
        pytest.param(None, 5, 90, (0, 60), id="it is closed half a minute after its end"),
        pytest.param(None, 65, 600, (60, 540), id="it begins with the first sample's minute"),
        pytest.param(60, None, 150, (60, 120), id="it goes on where it was done"),
        pytest.param(60, 0, 150, (60, 120), id="what is done is done, whatever there is before"),
        pytest.param(120, None, 150, None, id="all that is closed is done"),
        pytest.param(60, None, 90_000, (60, 89_940), id="after a long stop all of it is due"),
        pytest.param(6000, None, 150, None, id="a clock that was put back makes nothing due"),
    ],
)
def test_which_minutes_are_due(
    done: float | None, oldest: float | None, now: float, expected: tuple[float, float] | None
) -> None:
    found = due(
        Grain.MINUTE,
        None if done is None else at(done),
        None if oldest is None else at(oldest),
        at(now),
    )

    assert found == (None if expected is None else Due(at(expected[0]), at(expected[1])))


@pytest.mark.parametrize(("now", "expected"), [(3719, None), (3720, Due(at(0), at(3600)))])
def test_an_hour_waits_until_its_last_minute_is_rolled_up(now: float, expected: Due | None) -> None:
    assert due(Grain.HOUR, at(0), None, at(now)) == expected


def test_a_long_span_is_done_in_parts_that_leave_nothing_out() -> None:
    parts = list(periods(Due(at(0), at(3600)), Grain.MINUTE, at_once=25))

    assert parts == [
        Due(at(0), at(1500)), Due(at(1500), at(3000)), Due(at(3000), at(3600)),
    ]  # fmt: skip


@pytest.mark.parametrize(("grain", "begins"), [(Grain.MINUTE, 3660), (Grain.HOUR, 3600)])
def test_a_period_begins_on_the_minute_or_the_hour(grain: Grain, begins: float) -> None:
    assert period_of(at(3671.5), grain) == at(begins)


def test_the_mean_of_equal_values_is_that_value_whatever_floats_say() -> None:
    """0.1 + 0.1 + 0.1 is not 0.3."""
    thrice = [sample(0, lag=0.1), sample(10, lag=0.1), sample(20, lag=0.1)]

    assert rolled_up(thrice, Grain.MINUTE) == [sample(0, lag=0.1)]
