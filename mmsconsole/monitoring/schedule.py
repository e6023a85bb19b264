"""When each member is asked: once in an interval, spread over it, never twice at a time. Pure.

Those that did not answer last time are in a lane of their own: they take long (a connection to
a black hole ends by its timeout alone), and nobody else waits behind them.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
BACK_OFF_SECONDS = 60.0
"""The longest pause between two tries of a member that does not answer."""
GOLDEN = 0.6180339887498949
"""Multiples of it, modulo 1, lie evenly however many there are."""


@dataclass(slots=True)
class _Turn:
    phase: float
    """Where in each interval its polls lie, in seconds."""
    due_at: float
    running: bool = False
    hurried: bool = False
    """While it ran: what it brings is of the way before."""
    failures: int = 0


class Schedule(Generic[Key]):
    """Times are monotonic seconds. Belongs to whoever holds a lock around it."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._turns: dict[Key, _Turn] = {}
        self._added = 0
        self.late = 0
        """Polls, so far, that began more than an interval after they were due: there are too few
        threads. Members that do not answer do not count."""

    def keep(self, keys: Collection[Key], now: float) -> None:
        """These and no others. New ones are due at once, and then at their own times."""
        for key in [known for known in self._turns if known not in keys]:
            del self._turns[key]
        for key in keys:
            if key not in self._turns:
                phase = self._added * GOLDEN % 1.0 * self._interval
                self._turns[key] = _Turn(phase, now)
                self._added += 1

    def hurry(self, keys: Collection[Key], now: float) -> None:
        """Ask them at once, as if they had answered: it is another way now. One that is being
        asked just now is asked again as soon as that has ended.
        """
        for key in keys:
            turn = self._turns.get(key)
            if turn is not None:
                turn.hurried = turn.running
                turn.failures, turn.due_at = 0, now

    def take(self, now: float, steady: int, doubtful: int) -> list[Key]:
        """What is to be asked now, the longest due first: so many of each lane at most.

        They count as running until `done`.
        """
        due = [(turn.due_at, key) for key, turn in self._turns.items() if _is_due(turn, now)]
        due.sort(key=lambda pair: pair[0])
        room = {False: steady, True: doubtful}
        taken = []
        for due_at, key in due:
            turn = self._turns[key]
            lane = turn.failures > 0
            if room[lane] > 0:
                room[lane] -= 1
                turn.running = True
                self.late += not lane and now > due_at + self._interval
                taken.append(key)
        return taken

    def is_doubtful(self, key: Key) -> bool:
        turn = self._turns.get(key)
        return turn is not None and turn.failures > 0

    def done(self, key: Key, now: float, *, answered: bool) -> None:
        """Missed turns are not made up for. One that has left meanwhile is no matter."""
        turn = self._turns.get(key)
        if turn is None:
            return
        turn.running = False
        if turn.hurried:
            turn.hurried, turn.due_at = False, now
            return
        turn.failures = 0 if answered else turn.failures + 1
        if answered:
            turn.due_at = self._slot_after(turn.phase, max(now, turn.due_at))
        else:
            pause = self._interval * 2 ** min(turn.failures - 1, 16)
            turn.due_at = now + min(pause, max(BACK_OFF_SECONDS, self._interval))

    def next_at(self) -> float | None:
        """When something is due next, that does not run already."""
        return min((turn.due_at for turn in self._turns.values() if not turn.running), default=None)

    def __len__(self) -> int:
        return len(self._turns)

    def _slot_after(self, phase: float, now: float) -> float:
        """Not at once: a poll that has just ended may have been a first one, or a slow one."""
        earliest = now + self._interval / 4
        return phase + ((earliest - phase) // self._interval + 1) * self._interval


def _is_due(turn: _Turn, now: float) -> bool:
    return not turn.running and turn.due_at <= now
