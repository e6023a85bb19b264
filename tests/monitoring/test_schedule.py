"""Members are asked in their turns, and none of them holds up another."""

import heapq
from itertools import pairwise

import pytest

from mmsconsole.monitoring.schedule import BACK_OFF_SECONDS, Schedule

INTERVAL = 10.0


def schedule(*keys: str, now: float = 0.0) -> Schedule[str]:
    made: Schedule[str] = Schedule(INTERVAL)
    made.keep(keys, now)
    return made


def test_a_new_member_is_asked_at_once() -> None:
    assert schedule("a", now=5.0).take(5.0, 1, 1) == ["a"]


def test_a_member_is_never_asked_twice_at_a_time() -> None:
    turns = schedule("a")
    assert turns.take(0.0, 9, 9) == ["a"]
    assert turns.take(1000.0, 9, 9) == []


def test_the_turns_of_a_member_lie_an_interval_apart_whatever_a_poll_takes() -> None:
    turns = schedule("a", "b")
    began: list[float] = []
    now = 0.0
    for took in (0.0, 0.5, 2.0, 7.0, 0.1):
        turns.done("a", now, answered=True)
        due = turns._turns["a"].due_at
        began.append(due)
        now = due + took
    assert {round(later - earlier, 6) for earlier, later in pairwise(began)} == {INTERVAL}


def test_a_missed_turn_is_not_made_up_for() -> None:
    turns = schedule("a")
    turns.take(0.0, 1, 1)
    turns.done("a", 35.0, answered=True)
    next_at = turns.next_at()
    assert next_at is not None
    assert 35.0 < next_at <= 35.0 + 1.25 * INTERVAL


def test_who_does_not_answer_is_asked_more_and_more_seldom_up_to_a_minute() -> None:
    turns = schedule("a")
    pauses, now = [], 0.0
    for _ in range(6):
        assert turns.take(now, 1, 1) == ["a"]
        turns.done("a", now, answered=False)
        next_at = turns.next_at()
        assert next_at is not None
        pauses.append(next_at - now)
        now = next_at
    assert pauses == [10, 20, 40, BACK_OFF_SECONDS, BACK_OFF_SECONDS, BACK_OFF_SECONDS]
    turns.take(now, 1, 1)
    turns.done("a", now, answered=True)
    assert not turns.is_doubtful("a")


def test_who_is_to_be_asked_another_way_is_asked_at_once() -> None:
    turns = schedule("a", "b")
    for now in (0.0, 1000.0, 2000.0):
        turns.take(now, 9, 9)
        for key in ("a", "b"):
            turns.done(key, now, answered=False)
    turns.hurry(["a", "gone"], 2001.0)
    assert turns.take(2001.0, 9, 0) == ["a"]


@pytest.mark.parametrize("answered", [True, False])
def test_who_is_being_asked_the_old_way_is_asked_anew_as_soon_as_that_has_ended(
    answered: bool,
) -> None:
    turns = schedule("a")
    turns.take(0.0, 9, 9)
    turns.hurry(["a"], 1.0)
    assert turns.take(1.0, 9, 9) == [], "never twice at a time"
    turns.done("a", 2.0, answered=answered)
    assert not turns.is_doubtful("a")
    assert turns.take(2.0, 9, 9) == ["a"]
    turns.done("a", 3.0, answered=True)
    assert turns.take(3.0, 9, 9) == []


def test_those_that_did_not_answer_take_no_thread_from_the_others() -> None:
    turns = schedule("dead1", "dead2", "alive")
    turns.take(0.0, 9, 9)
    turns.done("dead1", 5.0, answered=False)
    turns.done("dead2", 5.0, answered=False)
    turns.done("alive", 5.0, answered=True)
    assert turns.take(100.0, steady=1, doubtful=1) == ["alive", "dead1"]
    assert turns.take(100.0, steady=0, doubtful=0) == []


def test_one_that_has_left_is_not_asked_any_more() -> None:
    turns = schedule("a", "b")
    turns.take(0.0, 9, 9)
    turns.keep(["b"], 1.0)
    turns.done("a", 2.0, answered=True)
    turns.done("b", 2.0, answered=True)
    assert turns.take(100.0, 9, 9) == ["b"]
    assert len(turns) == 1


def test_two_hundred_members_are_asked_in_time_beside_ten_that_are_dead() -> None:
    run = Simulated(alive=190, dead=10, steady=16, doubtful=4)
    run.until(120.0)

    for key, times in run.began.items():
        if key.startswith("alive"):
            later = [at for at in times if at > INTERVAL]
            pauses = [b - a for a, b in pairwise(later)]
            assert max(pauses) < INTERVAL + 1.0
            assert min(pauses) > INTERVAL - 1.0
    assert run.most_at_once <= 16 + 4
    assert run.schedule.late == 0


def test_two_hundred_members_are_spread_over_the_interval() -> None:
    run = Simulated(alive=200, dead=0, steady=16, doubtful=4)
    run.until(60.0)

    second = [0] * 10
    for times in run.began.values():
        for at in times:
            if 40.0 <= at < 50.0:
                second[int(at - 40.0)] += 1
    assert sum(second) == 200
    assert max(second) <= 25


class Simulated:
    """As the collector does it, on a clock of its own: polls take 20 ms, or 5 s where dead."""

    def __init__(self, *, alive: int, dead: int, steady: int, doubtful: int) -> None:
        keys = [f"dead{n}" for n in range(dead)] + [f"alive{n}" for n in range(alive)]
        self.schedule: Schedule[str] = Schedule(INTERVAL)
        self.schedule.keep(keys, 0.0)
        self.began: dict[str, list[float]] = {key: [] for key in keys}
        self.most_at_once = 0
        self._free = {False: steady, True: doubtful}
        self._running: list[tuple[float, str, bool]] = []
        self._now = 0.0

    def until(self, end: float) -> None:
        while self._now < end:
            self._begin()
            next_at = self.schedule.next_at()
            times = [at for at in (next_at, self._running[0][0] if self._running else None) if at]
            self._now = max(self._now + 0.001, min(times))
            self._end()

    def _begin(self) -> None:
        for key in self.schedule.take(self._now, self._free[False], self._free[True]):
            lane = self.schedule.is_doubtful(key)
            self._free[lane] -= 1
            self.began[key].append(self._now)
            takes = 5.0 if key.startswith("dead") else 0.02
            heapq.heappush(self._running, (self._now + takes, key, lane))
        self.most_at_once = max(self.most_at_once, len(self._running))

    def _end(self) -> None:
        while self._running and self._running[0][0] <= self._now:
            at, key, lane = heapq.heappop(self._running)
            self._free[lane] += 1
            self.schedule.done(key, at, answered=key.startswith("alive"))
