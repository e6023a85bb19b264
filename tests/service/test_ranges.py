"""Which bytes a request asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.service.ranges import NotThere, Span, span_of

ETAG = '"abc"'
WHOLE = Span(0, 100)


@pytest.mark.parametrize(
    ("range_", "expected"),
    [
        (None, WHOLE),
        ("bytes=0-", Span(0, 100, True)),
        ("bytes=0-0", Span(0, 1, True)),
        ("bytes=99-", Span(99, 100, True)),
        ("bytes=10-19", Span(10, 20, True)),
        ("bytes=10-5000", Span(10, 100, True)),
        ("bytes=-1", Span(99, 100, True)),
        ("bytes=-5000", Span(0, 100, True)),
        ("bytes= 10-19 ", Span(10, 20, True)),
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=9-5", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=--5", WHOLE),
        ("lines=1-2", WHOLE),
        ("bytes=" + "9" * 40 + "-", WHOLE),
        ("", WHOLE),
    ],
)
def test_one_range_that_can_be_read_is_taken_and_all_else_is_the_whole(
    range_: str | None, expected: Span
) -> None:
    assert span_of(100, range_, None, ETAG) == expected


@pytest.mark.parametrize("range_", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_is_not_there(range_: str) -> None:
    with pytest.raises(NotThere):
        span_of(100, range_, None, ETAG)


@pytest.mark.parametrize(
    ("if_range", "partial"),
    [(ETAG, True), (f" {ETAG} ", True), ('"other"', False), ("W/" + ETAG, False), ("", False)],
)
def test_a_range_of_another_archive_is_the_whole_of_this_one(if_range: str, partial: bool) -> None:
    assert span_of(100, "bytes=5-", if_range, ETAG).partial is partial


@given(st.text(), st.integers(1, 1000))
def test_whatever_is_asked_for_lies_inside(range_: str, size: int) -> None:
    try:
        span = span_of(size, "bytes=" + range_, None, ETAG)
    except NotThere:
        return
    assert 0 <= span.start < span.end <= size
