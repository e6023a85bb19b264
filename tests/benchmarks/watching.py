"""What becomes durable and applied, and when: watched from outside of the engine."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from mmsconsole.head.position import PositionStore
from mmsconsole.metadata.database import Metadata
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.wire import WireConnection

HEAD_SECONDS = 0.02
"""How often the head's position is read."""
MEMORY_SECONDS = 0.5
KIBIBYTE = 1024

Time = tuple[int, int]
"""Seconds and increment of an oplog entry."""


class Reached(NamedTuple):
    at: float
    """time.time()"""
    time: Time


class Watch:
    """A thread that notes what `look` tells, until the block ends."""

    def __init__(self, watch: Callable[[threading.Event], None]) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=watch, args=(self._end,), daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


class Chunks:
    """When the record of each chunk was there to be seen by a majority read: the chunk is
    durable before that.
    """

    def __init__(self, metadata: Metadata) -> None:
        """From now on."""
        self._stream = metadata.chunks.collection.watch(max_await_time_ms=200)
        self.reached: list[Reached] = []

    def watch(self, end: threading.Event) -> None:
        with self._stream as stream:
            while not end.is_set():
                change = stream.try_next()
                if change is not None and change["operationType"] == "insert":
                    last = change["fullDocument"]["end"]
                    self.reached.append(Reached(time.time(), (last["t"], last["i"])))


class HeadPositions:
    """How far a running head has applied the oplog, as its own position tells."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.reached: list[Reached] = []

    def watch(self, end: threading.Event) -> None:
        with closing(WireConnection.connect(Address.unix(self._socket), None)) as connection:
            positions = PositionStore(connection)
            while not end.wait(HEAD_SECONDS):
                position = positions.read()
                if position is not None:
                    applied = position.applied.t, position.applied.i
                    self.reached.append(Reached(time.time(), applied))


class Memory:
    """Resident megabytes of one process over time."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self.samples: list[tuple[float, float]] = []

    def watch(self, end: threading.Event) -> None:
        while not end.wait(MEMORY_SECONDS):
            self.samples.append((time.time(), self._now()))

    def _now(self) -> float:
        for line in self._status.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * KIBIBYTE / 1e6
        return 0.0

    @property
    def document(self) -> dict[str, float]:
        """The slope is that of the second half: before it caches fill."""
        half = self.samples[len(self.samples) // 2 :]
        megabytes = [size for _, size in self.samples]
        return {
            "begin_mb": round(megabytes[0], 1),
            "peak_mb": round(max(megabytes), 1),
            "end_mb": round(megabytes[-1], 1),
            "slope_mb_per_minute": round(slope(half) * 60, 2),
        }


def slope(points: list[tuple[float, float]]) -> float:
    """Of the straight line through the points, by least squares."""
    count = len(points)
    mean_x, mean_y = (sum(column) / count for column in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def delays(acknowledged: list[Reached], reached: list[Reached]) -> list[float]:
    """Seconds from each acknowledgement until its entry was reached. Both in order.

    What was never reached, because the watch ended, is left out.
    """
    times = [one.time for one in reached]
    found = []
    for at, when in acknowledged:
        first = bisect_left(times, when)
        if first < len(reached):
            found.append(max(0.0, reached[first].at - at))
    return found


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p99 and max, in seconds."""
    ordered = sorted(values)
    return {
        "p50": round(ordered[len(ordered) // 2], 3),
        "p99": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 3),
        "max": round(ordered[-1], 3),
    }
