"""Two readings of a member, one after the other, as the values of a sample. Pure.

Only the monotonic clock counts: a wall clock that jumps changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mmsconsole.monitoring.hardware import hardware_rates
from mmsconsole.monitoring.metrics import BY_NAME, Kind
from mmsconsole.monitoring.readings import Reading

SHORTEST_SECONDS = 0.5
"""Over less, counters that the server gathers in steps would look like bursts."""
LONGEST_INTERVALS = 30
"""A mean over more says nothing of the moment that it would be drawn at."""
UPTIME_DOUBT = 2.0
"""Seconds by which an uptime and our own clock may differ."""
STOOD_STILL = 30.0
"""Seconds that a member was up for more than went by here, which slow answers do not explain."""
HOUR = 3600.0
GAUGES = frozenset(name for name, one in BY_NAME.items() if one.kind is Kind.GAUGE)


@dataclass(frozen=True, slots=True)
class Starts:
    """Starts of mongod within the last hour: monotonic seconds, the oldest first."""

    times: tuple[float, ...] = field(default=())

    def seen(self, before: Reading | None, now: Reading) -> "Starts":
        """The start of the process that was read is told by its uptime."""
        if now.uptime is None:
            return self
        times = self.times
        if before is None or restarted(before, now):
            times = (*times, now.monotonic - now.uptime)
        return Starts(tuple(each for each in times if now.monotonic - each < HOUR))


def restarted(before: Reading, now: Reading) -> bool:
    """Another process; where that is not told, an uptime that fell, or one shorter than the time in
    between: it is made with the member's wall clock, which may be put back.
    """
    if before.identity and now.identity:
        return before.identity != now.identity
    if before.process is not None and now.process is not None and before.process != now.process:
        return True
    if before.uptime is None or now.uptime is None:
        return False
    elapsed = now.monotonic - before.monotonic
    return now.uptime < before.uptime or now.uptime < elapsed - UPTIME_DOUBT


def values_between(
    before: Reading | None, now: Reading, interval_seconds: float
) -> dict[str, float]:
    """Gauges as they are; rates and ratios where both readings have the counter, and it has not
    fallen, and mongod has not been started again, and the time between suits.

    A poll or some that were missed make one mean over the gap.
    """
    values = {name: value for name, value in now.values.items() if name in GAUGES}
    if before is None or restarted(before, now) or _stood_still(before, now):
        return values
    seconds = now.monotonic - before.monotonic
    if SHORTEST_SECONDS <= seconds <= LONGEST_INTERVALS * interval_seconds:
        values.update(_differences(before, now, seconds, now.values.keys() - GAUGES))
        values.update(hardware_rates(before.hardware, now.hardware, seconds))
    return values


def _stood_still(before: Reading, now: Reading) -> bool:
    """This host slept, and its clock with it: what happened meanwhile would look like a burst."""
    if before.uptime is None or now.uptime is None:
        return False
    return now.uptime - before.uptime > now.monotonic - before.monotonic + STOOD_STILL


def _differences(
    before: Reading, now: Reading, seconds: float, names: Iterable[str]
) -> dict[str, float]:
    values = {}
    for name in names:
        if name not in before.values:
            continue
        moved = now.values[name] - before.values[name]
        below = _below(before, now, name) if name in now.over else seconds
        if moved >= 0 and below > 0:
            values[name] = moved / below
    return values


def _below(before: Reading, now: Reading, name: str) -> float:
    """0 where nothing happened: there is no mean of nothing."""
    return now.over[name] - before.over[name] if name in before.over else 0.0
