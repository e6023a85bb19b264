"""Rate and ETA of a phase."""

from datetime import timedelta

import pytest

from mmsconsole.daemon.progress import ProgressBook, Speed, advanced, eta_seconds
from tests.support.clock import ManualClock


@pytest.mark.parametrize(
    ("speed", "done", "at", "expected"),
    [
        (Speed(0, 0, 0), 100, 1.0, Speed(100, 1.0, 100)),
        (Speed(50, 0, 0), 100, 0.1, Speed(50, 0, 0)),  # too soon: counted with the next
        (Speed(100, 0, 0), 1000, 8.0, Speed(125, 8.0, 1000)),
        (Speed(100, 0, 0), 400, 2.0, Speed(125, 2.0, 400)),  # a quarter of the way to 200
        (Speed(100, 0, 0), 0, 80.0, Speed(0, 80.0, 0)),  # long still: no rate is left
        (Speed(100, 0, 500), 300, 8.0, Speed(0, 8.0, 300)),  # begun anew: never negative
    ],
)
def test_the_rate_follows_the_speed_smoothly(
    speed: Speed, done: int, at: float, expected: Speed
) -> None:
    assert advanced(speed, done, at) == expected


@pytest.mark.parametrize(
    ("done", "total", "rate", "expected"),
    [(25, 100, 25, 3.0), (0, None, 25, None), (0, 100, 0, None), (120, 100, 5, 0.0)],
)
def test_the_eta_is_told_where_it_can_be(
    done: int, total: int | None, rate: float, expected: float | None
) -> None:
    assert eta_seconds(done, total, rate) == expected


def test_phases_are_kept_in_the_order_in_which_they_began() -> None:
    clock = ManualClock()
    book = ProgressBook(clock)
    book("transferring", 0, 100)
    clock.advance(1)
    book("building", 0, None)
    book("transferring", 50, 100)

    transferring, building = book.phases()

    assert (transferring.phase, building.phase) == ("transferring", "building")
    assert (transferring.rate, transferring.eta_seconds, transferring.finished) == (50, 1.0, False)
    assert transferring.updated_at - transferring.started_at == timedelta(seconds=1)
    assert (building.total, building.eta_seconds) == (None, None)


def test_a_phase_is_finished_when_its_total_is_reached_and_not_before() -> None:
    book = ProgressBook(ManualClock())
    for done, total in [(99, 100), (100, 100)]:
        book("cutting blocks", done, total)
        assert book.phases()[0].finished is (done == total)
    book("cutting blocks", 100, 150)  # the total has grown
    assert not book.phases()[0].finished


def test_a_remark_stands_beside_its_phase_until_it_is_taken_back() -> None:
    book = ProgressBook(ManualClock())
    book.remark("transferring", "too early: it has not begun")
    book("transferring", 1, 2)
    assert book.phases()[0].note == ""
    book.remark("transferring", "paused: the source's cache is 22 % dirty")
    book("transferring", 1, 2)
    assert book.phases()[0].note == "paused: the source's cache is 22 % dirty"
    book.remark("transferring", "")
    assert book.phases()[0].note == ""
