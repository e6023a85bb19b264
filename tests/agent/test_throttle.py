"""A copy reads no faster than it may, by the clock that it is given."""

import pytest

from mmsconsole.agent.throttle import Throttle
from mmsconsole.errors import Cancelled
from mmsconsole.rate import BURST_SECONDS
from mmsconsole.task import Cancellation, Task
from tests.support.clock import ManualClock


@pytest.mark.parametrize("batch", [1, 70_000, 1_000_000, 16_000_000])
def test_what_was_read_never_exceeds_rate_times_time_and_one_batch(batch: int) -> None:
    clock, rate = ManualClock(auto_advance=True), 1_000_000.0
    throttle, began = Throttle(clock, lambda: rate), clock.monotonic()
    read = 0
    for _ in range(50):
        read += batch
        allowed = rate * (clock.monotonic() - began) + rate * BURST_SECONDS + batch
        assert read <= allowed
        throttle.take(batch, Task())
    assert clock.monotonic() - began >= (read - rate * BURST_SECONDS) / rate * 0.999


def test_without_a_limit_nothing_is_waited_for() -> None:
    clock = ManualClock()
    Throttle(clock, lambda: 0.0).take(10**12, Task())
    assert clock.slept == []


def test_a_limit_that_is_taken_away_ends_the_wait() -> None:
    clock, rates = ManualClock(auto_advance=True), iter([1.0, 1.0, 0.0, 0.0])
    Throttle(clock, lambda: next(rates)).take(10**12, Task())
    assert len(clock.slept) == 2


def test_a_limit_that_comes_later_begins_without_debt() -> None:
    clock, rate = ManualClock(auto_advance=True), [0.0]
    throttle = Throttle(clock, lambda: rate[0])
    throttle.take(10**12, Task())
    rate[0] = 100.0
    throttle.take(100, Task())
    assert sum(clock.slept) == pytest.approx(1.0)


def test_a_wait_can_be_cancelled() -> None:
    cancellation = Cancellation()
    clock = ManualClock(auto_advance=True)
    cancellation.cancel()
    with pytest.raises(Cancelled):
        Throttle(clock, lambda: 1.0).take(10**9, Task(cancellation))
