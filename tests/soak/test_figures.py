"""What a soak says of what it saw."""

import pytest

from tests.soak.figures import (
    MEGABYTE,
    Figures,
    Sample,
    growth,
    percentile,
    slope_mb_per_hour,
    text,
    verdict,
)


def well() -> Figures:
    figures = Figures(heads=1, restores=1)
    figures.samples = [Sample(60.0 * n, 100 * MEGABYTE, 300 * MEGABYTE, 1) for n in range(60)]
    return figures


@pytest.mark.parametrize(
    ("values", "percent", "is_"),
    [([], 99, 0.0), ([5.0], 99, 5.0), ([3, 1, 2], 50, 2), (list(range(1, 101)), 99, 99)],
)
def test_a_percentile_is_one_of_the_values(values: list[float], percent: int, is_: float) -> None:
    assert percentile(values, percent) == is_


def test_a_slope_is_in_megabytes_per_hour() -> None:
    assert slope_mb_per_hour([(0, 0), (1800, 5 * MEGABYTE), (3600, 10 * MEGABYTE)]) == (
        pytest.approx(10)
    )
    assert slope_mb_per_hour([(7, 1)]) == 0


def test_a_run_in_which_all_is_well_says_so() -> None:
    assert verdict(well()) == []
    assert text(3600, well()).endswith("all well")


def test_memory_that_grows_is_wrong_in_a_long_run_alone() -> None:
    growing = [(60.0 * n, n * MEGABYTE) for n in range(1, 60)]
    assert growth(growing) > 1.25
    assert growth(growing[:20]) == 1
    figures = well()
    figures.samples = [Sample(60.0 * n, n * MEGABYTE, 0, None) for n in range(1, 60)]
    assert verdict(figures) == ["the memory of the engine grew by 36% in the last half"]


def test_a_run_that_compared_nothing_is_wrong() -> None:
    assert verdict(Figures()) == [
        "the head was never compared with the source",
        "nothing was restored",
    ]


def test_what_was_wrong_is_in_the_report() -> None:
    figures = well()
    figures.wrong.append("the head differs")
    assert verdict(figures) == ["the head differs"]
    assert text(1, figures).endswith("WRONG: the head differs")
