"""The benchmark of charts runs, with next to nothing. No time is looked at."""

from tests.benchmarks.charts import SIZES, TITLE_AND_LEGEND, measured


def test_charts_of_both_sizes_are_drawn_with_all_signs() -> None:
    figures = list(measured(1, points=400))

    assert {(one.width, one.height) for one in figures} == set(SIZES)
    assert {one.signs for one in figures} == {"braille", "ascii"}
    assert all(one.lines == one.height - TITLE_AND_LEGEND for one in figures)
