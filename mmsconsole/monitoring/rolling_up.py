"""Rolls samples up, minute by minute and hour by hour.

The samples of a period are written, then that it is done: after a crash a period is written again,
which does no harm, as of two samples of one time reading gives one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from mmsconsole.clock import Clock
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.rollups import RollUp
from mmsconsole.metadata.samples import Grain
from mmsconsole.monitoring.rollup import (
    FROM,
    HOUR,
    LATE,
    LENGTH,
    due,
    period_of,
    periods,
    rolled_up,
)
from mmsconsole.task import Task

SPELL_SECONDS = 5.0
"""Then somebody else has a turn: whoever calls has a lease to keep."""


class RollingUp:
    """One thread calls roll_up(), of one engine at a time."""

    def __init__(
        self, metadata: Metadata, clock: Clock, kept_seconds: Mapping[Grain, int],
        waiting_since: Callable[[], datetime | None],
    ) -> None:  # fmt: skip
        """`waiting_since`: of the oldest sample that is not yet written; nothing behind it is
        rolled up."""
        self._metadata = metadata
        self._clock = clock
        self._kept = kept_seconds
        self._waiting_since = waiting_since

    def roll_up(self, task: Task) -> int:
        """What is due, for a spell; returns how many periods. Raises MetadataError, Cancelled."""
        return sum(self._roll_up(grain, task) for grain in FROM)

    def _roll_up(self, grain: Grain, task: Task) -> int:
        count, until = 0, self._clock.monotonic() + SPELL_SECONDS
        done, oldest = self._begin(grain)
        span = due(grain, done, oldest, self._now(grain))
        for period in periods(span, grain, at_once=1) if span is not None else ():
            task.check()
            found = self._metadata.samples.between(FROM[grain], period.since, period.until)
            self._metadata.samples.put(grain, rolled_up(found, grain))
            self._metadata.rollups.done_until(grain, period.until)
            count += 1
            if self._clock.monotonic() >= until:
                break
        return count

    def _begin(self, grain: Grain) -> tuple[datetime | None, datetime | None]:
        """Up to where it is done, and the first sample; what is forgotten by now is passed over."""
        mark = self._metadata.rollups.find(grain)
        forgotten = self._clock.now() - timedelta(seconds=self._kept[FROM[grain]])
        if mark is None:
            return None, self._metadata.samples.oldest_at(FROM[grain], forgotten)
        if mark.done > self._clock.now() + HOUR:
            return self._set_back(mark, grain, forgotten), None
        return max(mark.done, period_of(forgotten, grain)), None

    def _set_back(self, mark: RollUp, grain: Grain, forgotten: datetime) -> datetime:
        """A clock was ahead when it was done: it goes on behind what there is up to now."""
        newest = self._metadata.samples.newest_at(grain, forgotten, self._clock.now())
        done = period_of(forgotten, grain) if newest is None else newest + LENGTH[grain]
        self._metadata.rollups.set_back(mark, done)
        return done

    def _now(self, grain: Grain) -> datetime:
        """As far as what it is made of is there."""
        now, waiting = self._clock.now(), self._waiting_since()
        if waiting is not None:
            now = min(now, waiting + LATE[grain])
        below = self._metadata.rollups.find(FROM[grain])
        return now if below is None else min(now, below.done + LATE[grain])
