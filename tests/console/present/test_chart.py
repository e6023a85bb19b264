"""The history of the lag."""

from datetime import timedelta

from mmsconsole.console.glyphs import ASCII, UNICODE
from mmsconsole.console.present import chart
from mmsconsole.console.present.text import Page, Tone, cells, plain
from mmsconsole.operations.views import LagPoint
from tests.support import fake_data as data
from tests.support.fake_data import NOW

HOUR = timedelta(hours=1)


def point(minutes: float, lag: int) -> LagPoint:
    return LagPoint(NOW - timedelta(minutes=minutes), lag)


def test_a_stretch_shows_its_greatest_lag_and_one_without_points_nothing() -> None:
    found = chart.buckets([point(0, 3), point(0.2, 9), point(30, 1)], NOW, HOUR, 6)
    assert found == [None, None, 1, None, None, 9] or found == [None, None, None, 1, None, 9]


def test_the_picture_stands_still_until_the_next_stretch_begins() -> None:
    points = data.lag()
    pictures = {
        tuple(chart.buckets(points, NOW + timedelta(seconds=later), HOUR, 60))
        for later in range(29)
    }
    assert len(pictures) == 1


def test_what_is_too_old_is_left_out() -> None:
    assert chart.buckets([point(70, 5)], NOW, HOUR, 6) == [None] * 6


def test_two_seconds_never_look_like_trouble() -> None:
    assert chart.scale([2, 3, None]) == 10
    assert chart.scale([]) == 10
    assert chart.scale([61]) == 300


def test_every_measured_stretch_leaves_a_trace() -> None:
    page = Page(3, 2, NOW, UNICODE)
    top, bottom = (plain(each) for each in chart.columns([0, None, 10], 2, 10, page))
    assert (top, bottom) == ("  █", "▁ █")


def test_more_than_a_minute_is_a_warning() -> None:
    page = Page(2, 1, NOW, UNICODE)
    (drawn,) = chart.columns([5, 61], 1, 300, page)
    assert [span.tone for span in drawn] == [Tone.GOOD, Tone.WARN]


def test_a_chart_fits_its_page_in_both_sets_of_signs() -> None:
    for glyphs in (UNICODE, ASCII):
        page = Page(80, 24, NOW, glyphs)
        drawn = chart.lag_chart(data.lag(), HOUR, 3, page)
        assert len(drawn) == 4
        assert all(cells(each) <= 80 for each in drawn)
        assert "1h ago" in plain(drawn[-1])
