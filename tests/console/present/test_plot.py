"""Curves over time: where they lie, what is left out, and how they are told apart."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

import plotext
import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs
from mmsconsole.console.present import canvas, plot
from mmsconsole.console.present.canvas import BRAILLE, Stroke
from mmsconsole.console.present.plot import Curve, Marks, axis_width, point_at, thin
from mmsconsole.console.present.text import Line, Page, Tone, plain
from mmsconsole.console.present.timeline import Axis
from mmsconsole.monitoring.metrics import Unit
from mmsconsole.operations.monitoring_views import SeriesPoint
from tests.support.fake_data import NOW

HOUR = timedelta(hours=1)
NO_MARKS = Marks()


def page_of(width: int = 80, height: int = 12, glyphs: Glyphs = UNICODE) -> Page:
    return Page(width, height, NOW, glyphs)


def axis_of(page: Page, span: timedelta = HOUR) -> Axis:
    return Axis(NOW - span, NOW, axis_width(page))


def curve(
    values: Callable[[float], float | None], number: int = 1, *, count: int = 360,
    span: timedelta = HOUR, around: float | None = None,
) -> Curve:  # fmt: skip
    """`values` by the share of the span that has passed; a band of `around` beside each."""
    step = span / count
    points = []
    for place in range(count):
        value = values(place / count)
        low, high = (None, None) if around is None or value is None else (
            value - around, value + around)  # fmt: skip
        points.append(SeriesPoint(NOW - span + place * step, value, low, high))
    return Curve(number, step.total_seconds(), points)


def drawn(curves: Sequence[Curve], page: Page, marks: Marks = NO_MARKS) -> list[str]:
    return [plain(each) for each in plot.draw(curves, axis_of(page), Unit.COUNT, marks, page)]


def tones(lines: Sequence[Line]) -> set[Tone]:
    return {span.tone for each in lines for span in each if span.text.strip()}


def _long(lines: Sequence[Line], tone: Tone) -> list[int]:
    """Rows with a long stretch of this tone."""
    return [place for place, each in enumerate(lines[:-2])
            if any(span.tone == tone and len(span.text) > 20 for span in each)]  # fmt: skip


def column_of(lines: Sequence[str], sign: str) -> set[int]:
    return {place for each in lines for place, char in enumerate(each) if char == sign}


def test_a_chart_has_a_scale_and_times_and_fills_its_page() -> None:
    page = page_of()
    lines = plot.draw([curve(lambda x: 90 * x)], axis_of(page), Unit.PER_SECOND, NO_MARKS, page)
    texts = [plain(each) for each in lines]
    assert len(lines) == page.height
    assert texts[0].lstrip().startswith("100/s │")
    assert texts[-3].lstrip().startswith("0/s │")
    assert "┬" in texts[-2]
    assert f"{NOW - HOUR / 2:%H}:" in texts[-1]
    assert all(len(text) <= page.width for text in texts)


def test_a_rising_curve_begins_below_at_the_left_and_ends_above_at_the_right() -> None:
    texts = drawn([curve(lambda x: 100 * x)], page_of(glyphs=ASCII))
    rows = [row.partition("|")[2][: axis_width(page_of())] for row in texts[:-2]]
    assert rows[0].rstrip().endswith("1")
    assert rows[-1].startswith("1")
    assert not rows[0].startswith("1")


def test_what_is_not_known_is_a_gap_and_no_line_is_drawn_over_it() -> None:
    gap = curve(lambda x: None if 0.4 < x < 0.6 else 50)
    texts = drawn([gap], page_of(glyphs=ASCII))
    width = axis_width(page_of())
    columns = {place - plot.LEFT for place in column_of([text[:-1] for text in texts[:-2]], "1")}
    columns -= {width + 1}
    assert not any(0.42 * width < column < 0.58 * width for column in columns)
    assert min(columns) < 0.05 * width
    assert max(columns) > 0.9 * width


def test_points_that_lie_far_apart_have_a_gap_between_them_even_without_a_word_of_it() -> None:
    whole = curve(lambda _: 50)
    holed = Curve(1, whole.seconds, [*whole.points[:100], *whole.points[200:]])
    axis = axis_of(page_of())
    assert len(thin(whole, axis, axis.width)) == 1
    assert len(thin(holed, axis, axis.width)) == 2


def test_one_lost_sample_is_no_gap() -> None:
    whole = curve(lambda _: 50)
    axis = axis_of(page_of())
    lost = Curve(1, whole.seconds, [*whole.points[:100], *whole.points[101:]])
    assert len(thin(lost, axis, axis.width)) == 1


def test_points_outside_of_the_axis_are_left_out() -> None:
    day = curve(lambda _: 7, span=timedelta(days=1), count=1440)
    axis = axis_of(page_of())
    columns = [each for run in thin(day, axis, axis.width) for each in run.values()]
    assert sum(each.count for each in columns) == 60


@pytest.mark.parametrize(("width", "height"), [(80, 16), (200, 40)])
def test_a_week_of_three_members_gives_plotext_no_more_points_than_there_are_dots(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What bounds the time that drawing takes; benchmarks/charts.py measures it."""
    given: list[Stroke] = []
    draw = canvas.draw

    def counted(strokes: Sequence[Stroke], width: int, height: int) -> object:
        given.extend(strokes)
        return draw(strokes, width, height)

    monkeypatch.setattr(canvas, "draw", counted)
    page = page_of(width, height)
    week = timedelta(days=7)
    curves = [curve(lambda x: 50 + 40 * math.sin(20 * x), n, count=10_080, span=week, around=9)
              for n in (1, 2, 3)]  # fmt: skip
    lines = plot.draw(curves, axis_of(page, week), Unit.COUNT, Marks(band=True), page)
    assert len(lines) == height
    assert sum(len(stroke.points) for stroke in given) <= 3 * 3 * 2 * axis_width(page)


def test_a_limit_is_a_line_where_nothing_else_is() -> None:
    texts = drawn([curve(lambda _: 90)], page_of(), Marks(limit=50))
    assert [row.count("╌") > 60 for row in texts].count(True) == 1


def test_a_limit_far_above_the_values_does_not_flatten_them() -> None:
    texts = drawn([curve(lambda x: 10 * x)], page_of(), Marks(limit=1000))
    assert texts[0].lstrip().startswith("10 │")
    assert not any("╌" in row for row in texts)


def test_the_cursor_stands_in_the_column_of_its_moment() -> None:
    page = page_of()
    texts = drawn([curve(lambda x: 90 * x)], page, Marks(cursor=NOW - HOUR / 2))
    free = [row[plot.LEFT :] for row in texts[:-2]]
    assert {place for row in free for place, char in enumerate(row) if char == "│"} == {
        axis_width(page) // 2
    }


def test_a_cursor_beyond_the_ends_is_not_drawn() -> None:
    before = drawn([curve(lambda x: 90 * x)], page_of())
    assert drawn([curve(lambda x: 90 * x)], page_of(), Marks(cursor=NOW - 2 * HOUR)) == before


def test_members_differ_by_tone_and_by_the_number_at_their_end() -> None:
    page = page_of()
    curves = [curve(lambda _: 80, 1), curve(lambda _: 40, 2), curve(lambda _: 5, 3)]
    lines = plot.draw(curves, axis_of(page), Unit.COUNT, NO_MARKS, page)
    ends = [plain(each)[-1] for each in lines if plain(each)[-1].isdigit()][:3]
    assert ends == ["1", "2", "3"]
    assert {curve.tone for curve in curves} <= tones(lines)
    assert not {Tone.WARN, Tone.BAD, Tone.ALARM} & tones(lines)


def test_numbers_of_curves_that_end_together_stand_below_one_another() -> None:
    lines = drawn([curve(lambda _: 50, n) for n in (1, 2, 3)], page_of())
    assert sorted(each[-1] for each in lines[:-2] if each[-1].isdigit()) == ["1", "2", "3"]


def test_in_ascii_a_curve_is_drawn_with_its_number_and_all_is_ascii() -> None:
    texts = drawn([curve(lambda _: 80, 1, around=9), curve(lambda _: 30, 2)],
                  page_of(glyphs=ASCII), Marks(NOW - HOUR / 2, 50, True))  # fmt: skip
    assert "".join(texts).isascii()
    assert any("1111" in row for row in texts)
    assert any("2222" in row for row in texts)


def test_a_band_lies_dim_around_its_curve() -> None:
    page = page_of(height=20)
    lines = plot.draw([curve(lambda _: 50, around=40)], axis_of(page), Unit.COUNT, Marks(band=True),
                      page)  # fmt: skip
    rows, curve_rows = _long(lines, Tone.DIM), _long(lines, Tone.ACCENT)
    assert rows[0] < curve_rows[0] < rows[-1]


def test_without_any_point_there_is_an_empty_grid() -> None:
    texts = drawn([Curve(1, 10, ())], page_of())
    assert len(texts) == page_of().height
    assert all(not row.partition("│")[2].strip() for row in texts[:-2])


@pytest.mark.parametrize("size", [(2, 2), (14, 3), (20, 4)])
def test_a_page_that_is_too_small_is_no_error(size: tuple[int, int]) -> None:
    page = page_of(*size)
    assert plot.draw([curve(lambda x: x)], axis_of(page), Unit.COUNT, NO_MARKS, page)


def test_the_value_under_the_cursor_is_the_newest_of_its_column() -> None:
    page = page_of()
    rising = curve(lambda x: 360 * x)
    found = point_at(rising, NOW - HOUR / 2, axis_of(page))
    assert found is not None
    assert abs((found.value or 0) - 183) < 6


def test_where_nothing_is_known_the_cursor_has_no_value() -> None:
    gap = curve(lambda x: None if 0.4 < x < 0.6 else 50)
    assert point_at(gap, NOW - HOUR / 2, axis_of(page_of())) is None
    assert point_at(Curve(1, 10, ()), NOW, axis_of(page_of())) is None


def test_points_that_are_rarer_than_columns_are_found_from_the_columns_between() -> None:
    page = page_of(200)
    rare = curve(lambda x: 60 * x, count=60)
    axis = axis_of(page)
    for cell in range(10, 150):
        at = axis.start + (cell + 0.5) * HOUR / axis.width
        assert point_at(rare, at, axis) is not None


# The canvas


def test_drawing_leaves_the_figure_that_all_share_alone() -> None:
    before = plotext.build()
    canvas.draw([Stroke([(0, 0), (1, 1)], BRAILLE, 3)], 20, 5)
    assert plotext.build() == before


def test_cells_know_their_stroke_and_the_later_one_lies_above() -> None:
    level = [(0.0, 0.5), (1.0, 0.5)]
    rows = canvas.draw([Stroke(level, "a", 1), Stroke([*level[:1], (0.5, 0.5)], "b", 2)], 21, 5)
    signs = [cell.sign for cell in rows[2]]
    assert signs[:10] == [2] * 10
    assert signs[12:] == [1] * 9
    assert all(cell.sign == 0 for row in (rows[0], rows[4]) for cell in row)


@pytest.mark.parametrize(("width", "height"), [(66, 14), (190, 44), (400, 90)])
def test_the_canvas_has_the_size_that_was_asked_for_whatever_the_terminal(
    width: int, height: int
) -> None:
    rows = canvas.draw([Stroke([(0, 0), (1, 1)], BRAILLE, 1)], width, height)
    assert [len(row) for row in rows] == [width] * height
    assert rows[0][-1].sign == 1
    assert rows[-1][0].sign == 1
