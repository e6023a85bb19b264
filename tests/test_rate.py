"""The bucket that all throttles share."""

import pytest

from mmsconsole.rate import BURST_SECONDS, Bucket


@pytest.mark.parametrize(
    ("level", "rate", "after", "expected"),
    [
        (-1000, 100, 5, -500),
        (-1000, 100, 10, 0),
        (-1000, 100, 999, 100 * BURST_SECONDS),  # an idle time saves up no more than a burst
        (0, 100, 0, 0),
        (0, 100, -7, 0),  # a clock that goes backwards gives nothing
    ],
)
def test_a_bucket_fills_with_time_up_to_its_burst(
    level: float, rate: float, after: float, expected: float
) -> None:
    assert Bucket(level, 50.0).refilled(rate, 50.0 + after).level == expected


@pytest.mark.parametrize(
    ("level", "seconds"), [(-1000, 10), (-1, 0.01), (-0.01, 0), (0, 0), (500, 0)]
)
def test_debt_is_waited_for_and_nothing_else(level: float, seconds: float) -> None:
    assert Bucket(level, 0.0).seconds_of_debt(100) == pytest.approx(seconds)
