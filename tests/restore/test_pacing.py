"""All restores together go no faster than they may."""

import pytest

from mmsconsole.errors import Cancelled
from mmsconsole.restore.pacing import limited, paced
from mmsconsole.storage.throttled import SharedThrottle
from mmsconsole.task import Cancellation, Task
from tests.support.clock import ManualClock


def test_bytes_of_several_restores_share_one_rate() -> None:
    clock = ManualClock(auto_advance=True)
    throttle = SharedThrottle(1_000_000, clock, Cancellation())
    one, other = paced(Task(), throttle), paced(Task(), throttle)
    began = clock.monotonic()
    for done in range(1, 6):
        one.report("materialising", done * 1_000_000, None)
        other.report("delivering", done * 1_000_000, None)
    assert clock.monotonic() - began >= 9  # 10 MB, and what an idle second may save up


def test_what_is_no_bytes_is_not_slowed_down() -> None:
    clock = ManualClock(auto_advance=True)
    task = paced(Task(), SharedThrottle(1, clock, Cancellation()))
    began = clock.monotonic()
    task.report("shaping collections", 10**9, None)
    assert clock.monotonic() == began


def test_every_report_is_passed_on_and_a_cancel_ends_the_wait() -> None:
    told = []
    plain = Task(report=lambda phase, done, total: told.append((phase, done, total)))
    task = paced(plain, SharedThrottle(1, ManualClock(auto_advance=True), Cancellation()))
    plain.cancellation.cancel()
    with pytest.raises(Cancelled):
        task.report("materialising", 10**6, 10**7)
    assert told == [("materialising", 10**6, 10**7)]


def test_one_restore_has_a_rate_of_its_own() -> None:
    clock = ManualClock(auto_advance=True)
    task = limited(Task(), 2, clock)
    began = clock.monotonic()
    for done in range(1, 11):
        task.report("delivering", done * 1_000_000, None)
    assert clock.monotonic() - began >= 4  # 10 MB, and what an idle second may save up


def test_without_a_limit_it_is_the_same_task() -> None:
    task = Task()
    assert limited(task, 0, ManualClock()) is task
