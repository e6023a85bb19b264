"""All threads together read and write no faster than the settings say."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmsconsole.errors import Cancelled
from mmsconsole.rate import BURST_SECONDS, MEGABYTE
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.throttled import SharedThrottle, Throttled
from mmsconsole.task import Cancellation
from tests.storage.contract import StorageContract
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(auto_advance=True)


@pytest.fixture
def storage(tmp_path: Path, clock: ManualClock) -> Throttled:
    return Throttled(LocalStorage(tmp_path), 1.0, clock)


class TestThrottled(StorageContract):
    pass


def test_what_is_written_takes_its_time(storage: Throttled, clock: ManualClock) -> None:
    began = clock.monotonic()
    storage.put("a/k", [bytes(MEGABYTE)] * 5)
    assert clock.monotonic() - began == pytest.approx(5.0, abs=0.01)


def test_what_is_read_counts_as_what_is_written(storage: Throttled, clock: ManualClock) -> None:
    storage.put("a/k", [bytes(MEGABYTE)])
    began = clock.monotonic()

    storage.get("a/k")
    for _ in range(4):
        storage.get_range("a/k", 0, MEGABYTE // 2)

    assert clock.monotonic() - began == pytest.approx(3.0, abs=0.01)


def test_nothing_is_waited_for_where_no_bytes_go(storage: Throttled, clock: ManualClock) -> None:
    storage.put("a/k", [])
    storage.size("a/k")
    list(storage.list("a"))
    storage.delete("a/k")
    assert clock.slept == []


def test_threads_share_one_rate() -> None:
    clock = ManualClock(auto_advance=True)
    throttle, began = SharedThrottle(1000.0, clock, Cancellation()), clock.monotonic()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(throttle.take, [500] * 40))

    # Every one has waited for its own turn: the last one for all of the debt.
    assert clock.monotonic() - began >= 40 * 500 / 1000 - BURST_SECONDS


def test_a_thread_waits_behind_those_that_came_before_it() -> None:
    clock = ManualClock()
    throttle, began = SharedThrottle(1000.0, clock, Cancellation()), clock.monotonic()
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(throttle.take, 1000) for _ in range(2)]
        clock.wait_for_sleepers(2)
        clock.advance(1.0)
        clock.wait_for_sleepers(3)  # the second one goes on waiting
        clock.advance(1.0)
        for future in taken:
            future.result(timeout=60)
    assert clock.monotonic() - began == 2.0


def test_an_idle_time_saves_up_no_more_than_a_burst() -> None:
    clock = ManualClock(auto_advance=True)
    throttle = SharedThrottle(1000.0, clock, Cancellation())
    clock.advance(3600)
    began = clock.monotonic()
    throttle.take(10_000)
    assert clock.monotonic() - began == pytest.approx(10 - BURST_SECONDS)


def test_a_wait_can_be_ended() -> None:
    stop = Cancellation()
    stop.cancel()
    with pytest.raises(Cancelled):
        SharedThrottle(1.0, ManualClock(), stop).take(10**9)
