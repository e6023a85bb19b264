"""Order, equality and names of positions."""

from datetime import UTC, datetime

import pytest
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.optime import Optime

numbers = st.integers(0, 0xFFFFFFFF)
optimes = st.builds(Optime, numbers, numbers, st.integers(-1, 5))


@given(optimes, optimes)
def test_order_is_that_of_time_and_increment_whatever_the_term(a: Optime, b: Optime) -> None:
    left, right = (a.t, a.i), (b.t, b.i)
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        left < right, left <= right, left > right, left >= right, left == right,
    )  # fmt: skip
    assert a != b or hash(a) == hash(b)


@pytest.mark.parametrize(
    ("other", "same"),
    [(Optime(5, 1, 2), True), (Optime(5, 1, 3), False), (Optime(5, 2, 2), False)],
)
def test_the_same_entry_has_the_same_term(other: Optime, same: bool) -> None:
    assert Optime(5, 1, 2).same_entry(other) is same


def test_the_end_of_a_second_holds_everything_of_it() -> None:
    end = Optime.end_of_second(7)
    assert Optime(7, 0xFFFFFFFF) <= end < Optime(8, 0)
    assert end.timestamp == Timestamp(7, 0xFFFFFFFF)


def test_a_position_is_said_and_timed() -> None:
    optime = Optime.of(Timestamp(1_700_000_000, 4), 2)
    assert (str(optime), optime.term) == ("1700000000:4", 2)
    assert optime.time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
