"""Who has asked for what is not there, and how long the next such answer is held back. Pure.

A token has 256 bits: nobody finds one. This keeps those who try from costing anything.
"""

from collections import OrderedDict
from dataclasses import dataclass

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 8.0
FORGOTTEN_SECONDS = 600.0
ADDRESSES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Missed:
    times: int
    at: float


class Misses:
    def __init__(self) -> None:
        self._by_address: OrderedDict[str, _Missed] = OrderedDict()

    def missed(self, address: str, now: float) -> float:
        """Seconds to wait before this one is answered; twice as long each time."""
        before = self._by_address.pop(address, None)
        recent = before is not None and now - before.at < FORGOTTEN_SECONDS
        times = before.times + 1 if before is not None and recent else 1
        self._by_address[address] = _Missed(times, now)
        while len(self._by_address) > ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(times - 1, 30))
