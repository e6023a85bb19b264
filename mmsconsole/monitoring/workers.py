"""Threads that do one thing for whatever they are handed; made as they are needed."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Workers(Generic[Item]):
    """`work` must not raise; what it raises all the same is logged, and its thread goes on.

    The threads are daemons: one that hangs where nobody can wake it (a name server that does not
    answer) keeps no process from its end.
    """

    def __init__(self, name: str, count: int, work: Callable[[Item], None]) -> None:
        self._name = name
        self._count = count
        self._work = work
        self._lock = threading.Lock()
        self._handed: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0

    @property
    def free(self) -> int:
        with self._lock:
            return self._count - self._busy

    def hand(self, item: Item) -> None:
        with self._lock:
            self._busy += 1
            if self._busy > len(self._threads) and len(self._threads) < self._count:
                name = f"{self._name} {len(self._threads) + 1}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
        self._handed.put(item)

    @property
    def running(self) -> bool:
        """Whether a thread of them is left."""
        return any(thread.is_alive() for thread in self._threads)

    def end(self) -> None:
        """Each ends when it has done what it does now; nobody waits for that."""
        with self._lock:
            for _ in self._threads:
                self._handed.put(None)

    def join(self, seconds: float) -> None:
        """Until all have ended, for about so long at most."""
        each = seconds / max(1, len(self._threads))
        for thread in self._threads:
            thread.join(each)

    def _run(self) -> None:
        while (item := self._handed.get()) is not None:
            try:
                self._work(item)
            except Exception:
                log.exception("a fault in monitoring")
            finally:
                with self._lock:
                    self._busy -= 1
