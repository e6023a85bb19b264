"""Slices on their way to the uplink: stored by a few threads while the next ones are read."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType

from mmsconsole.agent.uplink import SliceUplink
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.rawbson import Buffer

THREADS = 2
UNDER_WAY_MAX = 3
"""Slices held here at one time, of at most 16 MB each."""


class SlicePump:
    """Hands slices over in any order, and says "done" for a collection behind all of its own.

    Used by one thread. A failure is raised by the next call of any method; what was under way
    then is waited for, what had not begun is not begun.
    """

    def __init__(self, uplink: SliceUplink) -> None:
        self._uplink = uplink
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="slices")
        self._under_way: set[Future[None]] = set()

    def put(self, collection: SyncCollection, sequence: int, array: Buffer) -> None:
        """Waits while too many are under way."""
        self._settle(UNDER_WAY_MAX - 1)
        self._begin(lambda: self._uplink.put_slice(collection, sequence, array))

    def done(self, collection: SyncCollection) -> None:
        """Every slice of the collection has been put; it is done when they are stored."""
        self._settle(UNDER_WAY_MAX - 1)
        before = frozenset(self._under_way)
        self._begin(lambda: self._end(collection, before))

    def restart(self, collection: SyncCollection) -> None:
        """Forget its slices, once none is under way any more."""
        self.drain()
        self._uplink.restart_collection(collection)

    def drain(self) -> None:
        """Wait until everything is stored."""
        self._settle(0)

    def _end(self, collection: SyncCollection, before: frozenset[Future[None]]) -> None:
        # The threads take work in order, so what came before has begun and will end.
        for stored in before:
            stored.result()
        self._uplink.collection_done(collection)

    def _begin(self, work: Callable[[], None]) -> None:
        self._under_way.add(self._threads.submit(work))

    def _settle(self, left: int) -> None:
        while len(self._under_way) > left:
            ended, self._under_way = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                future.result()

    def __enter__(self) -> "SlicePump":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
