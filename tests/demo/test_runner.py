"""A workload's runner: pauses between two steps, and fails aloud."""

import threading

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.demo.runner import Runner
from mmsconsole.errors import MmsError
from tests.support.backups import wait_until
from tests.support.clock import ManualClock

GENEROUS = 60


class CountedSteps:
    """A step that can be held in its middle."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.let_end = threading.Event()
        self.let_end.set()
        self.ended = 0

    def __call__(self) -> None:
        self.begun.release()
        self.let_end.wait(GENEROUS)
        self.ended += 1


@pytest.fixture
def steps() -> CountedSteps:
    return CountedSteps()


def test_no_step_runs_while_it_is_paused(steps: CountedSteps) -> None:
    runner = Runner(steps, per_second=0, clock=SystemClock())
    runner.start()
    assert steps.begun.acquire(timeout=GENEROUS)

    runner.pause()
    ended = steps.ended
    while steps.begun.acquire(blocking=False):
        pass

    assert not steps.begun.acquire(timeout=0.1)
    assert steps.ended == ended
    runner.stop()


def test_pausing_waits_for_the_step_that_runs(steps: CountedSteps) -> None:
    runner = Runner(steps, per_second=0, clock=SystemClock())
    steps.let_end.clear()
    runner.start()
    assert steps.begun.acquire(timeout=GENEROUS)
    pausing = threading.Thread(target=runner.pause)

    pausing.start()
    wait_until(lambda: runner.hurried)
    assert steps.ended == 0
    assert pausing.is_alive()
    steps.let_end.set()
    pausing.join(GENEROUS)

    assert not pausing.is_alive()
    assert steps.ended == 1
    runner.stop()


def test_it_goes_on_after_a_pause(steps: CountedSteps) -> None:
    runner = Runner(steps, per_second=0, clock=SystemClock())
    runner.start()
    runner.pause()
    while steps.begun.acquire(blocking=False):
        pass

    runner.resume()

    assert steps.begun.acquire(timeout=GENEROUS)
    runner.stop()


def test_a_step_that_fails_is_raised_to_whoever_asks_next() -> None:
    begun = threading.Event()

    def fail() -> None:
        begun.set()
        raise ValueError("no such shelf")

    runner = Runner(fail, per_second=0, clock=SystemClock())
    runner.start()
    assert begun.wait(GENEROUS)

    with pytest.raises(MmsError, match="no such shelf") as raised:
        runner.pause()

    assert isinstance(raised.value.__cause__, ValueError)


def test_it_keeps_to_its_rate(steps: CountedSteps) -> None:
    """20 a second are one step, then rest until the tick of a twentieth is over."""
    clock = ManualClock()
    runner = Runner(steps, per_second=20, clock=clock)
    runner.start()
    clock.wait_for_sleepers(1)
    assert steps.begun.acquire(timeout=GENEROUS)

    assert not steps.begun.acquire(timeout=0.1)
    clock.advance(0.05)
    clock.wait_for_sleepers(2)
    assert steps.ended == 2

    ticking = threading.Thread(target=runner.stop)
    ticking.start()
    wait_until(lambda: runner.hurried)
    clock.advance(0.05)
    ticking.join(GENEROUS)
    assert not ticking.is_alive()


def test_stopping_what_never_started_is_no_error(steps: CountedSteps) -> None:
    Runner(steps, per_second=0, clock=SystemClock()).stop()

    assert steps.ended == 0
