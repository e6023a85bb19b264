"""Values by their unit, and scales that end at round values."""

import pytest

from mmsconsole.console.present.measures import measure, scale
from mmsconsole.monitoring.metrics import Unit


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0, Unit.COUNT, "0"),
        (0.05, Unit.COUNT, "0.05"),
        (7.25, Unit.COUNT, "7.2"),
        (812.4, Unit.COUNT, "812"),
        (12_432, Unit.COUNT, "12.4k"),
        (3_100_000, Unit.COUNT, "3.1M"),
        (2.5e9, Unit.COUNT, "2.5G"),
        (8e13, Unit.COUNT, "80T"),
        (1234, Unit.PER_SECOND, "1.2k/s"),
        (12.5, Unit.PERCENT, "12.5%"),
        (0.00004, Unit.PERCENT, "<0.01%"),
        (0.01, Unit.PERCENT, "0.01%"),
        (0.00004, Unit.PER_SECOND, "<0.0001/s"),
        (0.0001, Unit.COUNT, "0.0001"),
        (1e21, Unit.COUNT, "1000000000T"),
        (1_250_000, Unit.BYTES, "1.2 MB"),
        (820, Unit.BYTES_PER_SECOND, "820 B/s"),
        (0.81, Unit.MILLISECONDS, "0.81 ms"),
        (842, Unit.SECONDS, "14m 02s"),
        (0.4, Unit.SECONDS, "0.4s"),
        (-3, Unit.COUNT, "-3"),
        (None, Unit.COUNT, "-"),
        (float("nan"), Unit.COUNT, "-"),
        (float("inf"), Unit.BYTES, "-"),
    ],
)
def test_a_value_is_told_in_its_unit(value: float | None, unit: str, told: str) -> None:
    assert measure(value, unit) == told


@pytest.mark.parametrize(
    ("low", "high", "most", "unit", "values"),
    [
        (0, 46, 6, Unit.COUNT, [0, 10, 20, 30, 40, 50]),
        (0, 46, 3, Unit.COUNT, [0, 50]),
        (12, 46, 3, Unit.COUNT, [0, 50]),
        (0, 100, 5, Unit.PERCENT, [0, 50, 100]),
        (0, 0, 5, Unit.COUNT, [0, 0.5, 1]),
        (0, 90, 5, Unit.SECONDS, [0, 30, 60, 90]),
        (0, 5000, 4, Unit.SECONDS, [0, 1800, 3600, 5400]),
        (-4, 7, 6, Unit.COUNT, [-5, 0, 5, 10]),
        (-4, 7, 2, Unit.COUNT, [-10, 0, 10]),
        (0, 0.004, 3, Unit.MILLISECONDS, [0, 0.002, 0.004]),
        (0, 0.00004, 3, Unit.PERCENT, [0, 0.05, 0.1]),
    ],
)
def test_a_scale_begins_at_nought_and_ends_at_a_round_value(
    low: float, high: float, most: int, unit: str, values: list[float]
) -> None:
    assert scale(low, high, most, unit) == pytest.approx(values)


@pytest.mark.parametrize("high", [1e-9, 3e-5, 0.7, 1, 9.99, 1e6, 7.3e14, 1e30])
@pytest.mark.parametrize("unit", [Unit.COUNT, Unit.SECONDS])
@pytest.mark.parametrize("most", [2, 7, 19])
def test_every_scale_holds_all_and_has_no_more_labels_than_wanted(
    high: float, unit: str, most: int
) -> None:
    values = scale(0, high, most, unit)
    assert 2 <= len(values) <= most
    assert values[0] == 0
    assert values[-1] >= high * (1 - 1e-6)
