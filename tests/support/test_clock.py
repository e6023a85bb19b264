import threading
from datetime import UTC, datetime, timedelta

from tests.support.clock import ManualClock


def test_time_stands_still_until_it_is_advanced():
    clock = ManualClock(datetime(2024, 1, 1, tzinfo=UTC))
    before = clock.monotonic()

    clock.advance(90)

    assert clock.now() == datetime(2024, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() - before == 90


def test_setting_the_wall_clock_leaves_the_monotonic_one_alone():
    clock = ManualClock()
    before = clock.monotonic()

    clock.set(clock.now() - timedelta(hours=1))

    assert clock.monotonic() == before


def test_a_sleeper_wakes_when_its_time_has_come():
    clock = ManualClock()
    sleeper = threading.Thread(target=clock.sleep, args=(10,))
    sleeper.start()
    clock.wait_for_sleepers(1)

    clock.advance(9)
    assert sleeper.is_alive()
    clock.advance(1)

    sleeper.join(timeout=60)
    assert not sleeper.is_alive()
    assert clock.slept == [10]


def test_a_waiter_wakes_when_its_event_is_set():
    clock = ManualClock()
    event = threading.Event()
    event.set()

    assert clock.wait(event, 1000)
    assert not ManualClock(auto_advance=True).wait(threading.Event(), 1000)
