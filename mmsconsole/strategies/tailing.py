"""The tail of one deployment, in a thread of its own, for as long as the backup is started."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from mmsconsole.agent.tail import OplogTail, TailOptions
from mmsconsole.errors import Cancelled, MetadataError, MmsError, ResyncRequired, StorageError
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.embedded import OplogIngest
from mmsconsole.strategies.origin import origin_of
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

AGAIN_SECONDS = 3.0
STOP_SECONDS = 15.0


class Tailing:
    """Follows from the end of the stored oplog, or from `start`: the head's first position.

    `lost` is called, once, when the source's oplog no longer reaches what is stored. It must
    not raise.
    """

    def __init__(
        self, resources: Resources, deployment: Deployment, uplink: OplogIngest,
        lost: Callable[[ResyncRequired], None], start: Optime,
    ) -> None:  # fmt: skip
        self._resources = resources
        self._deployment = deployment
        self._uplink = uplink
        self._lost = lost
        self._start = start
        self._cancellation = Cancellation()
        name = f"tail-{deployment.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def is_outdated_by(self, deployment: Deployment) -> bool:
        """Whether the deployment has been edited so that another tail is needed."""
        mine = self._deployment
        return (mine.uri, mine.tail_from) != (deployment.uri, deployment.tail_from)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """It ends by itself, soon."""
        self._cancellation.cancel()

    def stop(self) -> None:
        self.cancel()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._cancellation.requested:
            try:
                self._follow()
            except Cancelled:
                return
            except ResyncRequired as error:
                self._lost(error)
                return
            except MmsError as error:
                self._failed(str(error), unstored=isinstance(error, StorageError))
            except Exception as error:
                log.exception("a fault in the tail of %s", self._deployment.name)
                self._failed(f"a fault of ours: {type(error).__name__} (see the engine's log)")
            self._resources.clock.wait(self._cancellation.event, AGAIN_SECONDS)

    def _follow(self) -> None:
        """Never returns."""
        last = self._resources.metadata.chunks.last(self._deployment.id)
        if last is None:
            self._follow_from(self._start)
            return
        try:
            self._follow_from(last.end)
        except ResyncRequired:
            if self._reached_start():
                raise
            # The stored oplog ends before the head begins: nobody needs what lies between.
            self._uplink.after_gap = True
            self._follow_from(self._start)

    def _reached_start(self) -> bool:
        last = self._resources.metadata.chunks.last(self._deployment.id)
        return last is not None and last.end >= self._start

    def _follow_from(self, anchor: Optime) -> None:
        seconds = self._resources.settings.tree.backup.chunk_seconds
        OplogTail(
            origin_of(self._deployment, self._deployment.tail_from), self._deployment.id, anchor,
            self._uplink, self._resources.clock, TailOptions(chunk_seconds=seconds),
        ).run(Task(self._cancellation))  # fmt: skip

    def _failed(self, error: str, *, unstored: bool = False) -> None:
        """Told in the tail's record, which people see, if that can be written."""
        log.warning("the tail of %s waits: %s", self._deployment.name, error)
        tails, now = self._resources.metadata.tails, self._resources.clock.now()
        try:
            known = tails.find(self._deployment.id) or Tail(self._deployment.id, "", now)
            told = replace(known, member="", seen_at=now, error=error, unstored=unstored)
            tails.report(told)
        except MetadataError as unwritten:
            log.warning("and that could not be written down: %s", unwritten)
