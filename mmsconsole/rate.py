"""Bytes per second: a token bucket that is charged after the fact. Pure.

How large a batch is, is known when it is there. So it is charged then, and the next one waits
until the bucket is out of debt: over any time no more than rate * time + BURST + one batch.
"""

from dataclasses import dataclass

MEGABYTE = 1_000_000
"""Rates are told to people in these."""
BURST_SECONDS = 1.0
"""What an idle time saves up for later."""
STEP_SECONDS = 1.0
"""A rate that was changed, or a cancellation, is seen as soon as this."""
SHORTEST_SECONDS = 0.001
"""A wait shorter than this is none: it would be a rounding error that is waited for."""


@dataclass(frozen=True, slots=True)
class Bucket:
    level: float
    """Bytes that may be read at once; negative: bytes that were read too early."""
    at: float
    """Monotonic seconds when that was so."""

    def refilled(self, rate: float, now: float) -> "Bucket":
        """Pure. `rate` in bytes per second."""
        level = self.level + rate * max(0.0, now - self.at)
        return Bucket(min(level, rate * BURST_SECONDS), now)

    def charged(self, count: int) -> "Bucket":
        return Bucket(self.level - count, self.at)

    def seconds_of_debt(self, rate: float) -> float:
        """How long until it is out of debt, at that rate."""
        seconds = max(0.0, -self.level / rate)
        return seconds if seconds >= SHORTEST_SECONDS else 0.0
