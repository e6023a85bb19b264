"""sha256 of archives: computed when somebody asks, one at a time, and then known for ever."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from mmsconsole.metadata.links import Link
from mmsconsole.service.contents import archive_of
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation, Task


class Checksums:
    """Of one event loop. close() at the end."""

    def __init__(self, resources: Resources, wait_seconds: float) -> None:
        """`wait_seconds`: how long one that asks waits at most."""
        self._resources = resources
        self._wait_seconds = wait_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checksum")
        self._stop = Cancellation()
        self._running: dict[str, asyncio.Future[str]] = {}

    async def of(self, link: Link) -> str:
        """In hex; empty while it is being computed. Raises what reading raises."""
        if link.sha256:
            return link.sha256
        found = self._begun(link)
        await asyncio.wait({found}, timeout=self._wait_seconds)
        return await found if found.done() else ""

    def begin(self, link: Link) -> None:
        """For who will ask when it has been downloaded."""
        if not link.sha256:
            self._begun(link).add_done_callback(_heard)

    def is_computing(self, link_id: str) -> bool:
        return link_id in self._running

    def _begun(self, link: Link) -> asyncio.Future[str]:
        if link.id not in self._running:
            computing = asyncio.get_running_loop().run_in_executor(
                self._thread, compute, self._resources, link, Task(self._stop)
            )
            computing.add_done_callback(lambda _: self._running.pop(link.id, None))
            self._running[link.id] = computing
        return self._running[link.id]

    def close(self) -> None:
        self._stop.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)


def _heard(computing: asyncio.Future[str]) -> None:
    """Who asks for it gets the error; nobody may ask."""
    if not computing.cancelled():
        computing.exception()


def compute(resources: Resources, link: Link, task: Task) -> str:
    """Reads all of it, and writes it down. Raises StorageError, Cancelled."""
    archive = archive_of(resources, link, task)
    digest = hashlib.sha256()
    if link.compression:
        made = archive.compressed(link.compression, task)
    else:
        made = archive.read(0, archive.bytes, task)
    with closing(made):
        for data in made:
            digest.update(data)
    resources.metadata.links.set(link.id, sha256=digest.hexdigest())
    return digest.hexdigest()
