"""A storage that tries again what failed on the way.

Only StorageUnreachable is worth another try: everything else would fail the same way again. All
calls of a storage may be repeated: a put replaces the whole object, a delete of nothing is no
error, and a listing goes on behind the last name that it gave.
"""

import logging
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mmsconsole.clock import Clock
from mmsconsole.errors import StorageUnreachable
from mmsconsole.storage.base import Buffer, Storage, StoredObject
from mmsconsole.task import Cancellation

T = TypeVar("T")
log = logging.getLogger(__name__)

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 20.0
LAST_TRY_SECONDS = 300.0
"""No further try begins so long after the first: the job has a delay and tries of its own."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often, and after which waits."""

    tries: int
    jitter: Callable[[], float] = random.random
    """From 0 to 1: many writers that failed together must not come back together."""

    def seconds(self, failed: int) -> float | None:
        """To wait after so many failed tries; None: give up."""
        if failed >= self.tries:
            return None
        # The exponent is bounded: a float can hold no more than 2.0 ** 1023.
        longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failed - 1, 32))
        return longest * (0.5 + 0.5 * self.jitter())


class Retrying:
    """Wraps a storage and implements Storage. `stop` ends a wait: Cancelled is raised then."""

    def __init__(
        self, inner: Storage, backoff: Backoff, clock: Clock, stop: Cancellation | None = None
    ) -> None:
        self._inner = inner
        self._backoff = backoff
        self._clock = clock
        self._stop = stop or Cancellation()

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        """Parts that can be gone through only once are tried once."""
        if iter(parts) is parts:
            return self._inner.put(key, parts)
        return self._tried(lambda: self._inner.put(key, parts))

    def get(self, key: str) -> bytes:
        return self._tried(lambda: self._inner.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._tried(lambda: self._inner.get_range(key, offset, length))

    def size(self, key: str) -> int:
        return self._tried(lambda: self._inner.size(key))

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        tries = self._tries()
        while True:
            try:
                for stored in self._inner.list(prefix, after):
                    after = stored.key
                    tries = self._tries()  # it has come further
                    yield stored
                return
            except StorageUnreachable as error:
                tries.wait_after(error)

    def delete(self, key: str) -> None:
        self._tried(lambda: self._inner.delete(key))

    def free_bytes(self) -> int | None:
        return self._tried(self._inner.free_bytes)

    def sweep(self) -> int:
        return self._tried(self._inner.sweep)

    def _tries(self) -> "_Tries":
        return _Tries(self._backoff, self._clock, self._stop)

    def _tried(self, call: Callable[[], T]) -> T:
        tries = self._tries()
        while True:
            try:
                return call()
            except StorageUnreachable as error:
                tries.wait_after(error)


class _Tries:
    """Of one call."""

    def __init__(self, backoff: Backoff, clock: Clock, stop: Cancellation) -> None:
        self._backoff = backoff
        self._clock = clock
        self._stop = stop
        self._failed = 0
        self._until = clock.monotonic() + LAST_TRY_SECONDS

    def wait_after(self, error: StorageUnreachable) -> None:
        """Raises the error itself where no further try is to be made, or Cancelled."""
        self._failed += 1
        seconds = self._backoff.seconds(self._failed)
        if seconds is None or self._clock.monotonic() + seconds > self._until:
            raise error
        log.warning("try %d failed, next in %.1f s: %s", self._failed, seconds, error)
        self._clock.wait(self._stop.event, seconds)
        self._stop.check()
