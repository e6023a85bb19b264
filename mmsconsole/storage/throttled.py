"""A storage that is read and written no faster than it may be."""

import threading
from collections.abc import Iterable, Iterator

from mmsconsole.clock import Clock
from mmsconsole.rate import MEGABYTE, STEP_SECONDS, Bucket
from mmsconsole.storage.base import Buffer, Storage
from mmsconsole.storage.forwarding import Forwarding
from mmsconsole.task import Cancellation


class SharedThrottle:
    """One rate for all threads and both directions.

    Each caller is charged at once and waits until the debt that it found is paid, so those that
    come while others wait stand in line behind them.
    """

    def __init__(self, rate: float, clock: Clock, stop: Cancellation) -> None:
        self._rate = rate
        self._clock = clock
        self._stop = stop
        self._bucket = Bucket(0.0, clock.monotonic())
        self._lock = threading.Lock()

    def take(self, count: int, stop: Cancellation | None = None) -> None:
        """`count` bytes went; waits until more may. `stop`: of this caller alone. Raises
        Cancelled.
        """
        stop = stop or self._stop
        with self._lock:
            now = self._clock.monotonic()
            self._bucket = self._bucket.refilled(self._rate, now).charged(count)
            paid_at = now + self._bucket.seconds_of_debt(self._rate)
        while (left := paid_at - self._clock.monotonic()) > 0:
            self._clock.wait(stop.event, min(left, STEP_SECONDS))
            stop.check()


class Throttled(Forwarding):
    """Wraps a storage and implements Storage."""

    def __init__(
        self,
        inner: Storage,
        mb_per_second: float,
        clock: Clock,
        stop: Cancellation | None = None,
    ) -> None:
        self._storage = inner
        self._throttle = SharedThrottle(mb_per_second * MEGABYTE, clock, stop or Cancellation())

    @property
    def _inner(self) -> Storage:
        return self._storage

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        return self._inner.put(key, self._slowly(parts))

    def get(self, key: str) -> bytes:
        return self._taken(self._inner.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._taken(self._inner.get_range(key, offset, length))

    def _slowly(self, parts: Iterable[Buffer]) -> Iterator[Buffer]:
        for part in parts:
            yield part
            self._throttle.take(memoryview(part).nbytes)

    def _taken(self, data: bytes) -> bytes:
        self._throttle.take(len(data))
        return data
