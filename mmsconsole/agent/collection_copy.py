"""One collection from the source to the uplink, through everything that may happen to it."""

import logging
from contextlib import closing

from mmsconsole.agent.failures import Backoff, Fate, fate_of_scan
from mmsconsole.agent.progress import Progress
from mmsconsole.agent.pump import SlicePump
from mmsconsole.agent.scan import CollectionScan, ResumeToken
from mmsconsole.agent.source_member import SourceMember
from mmsconsole.errors import CommandFailed, SourceError, SourceUnreachable
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.optime import Optime
from mmsconsole.task import Task

log = logging.getLogger(__name__)

RESTARTS_MAX = 20
"""A capped collection may be overwritten faster than it can be read."""


class CollectionCopy:
    """Where its cursor dies, it goes on from the last batch, if the same mongod still runs.

    It begins again when its place is gone: a capped collection has overrun it, the document
    there was deleted, or another member serves it from now on. When the source has dropped the
    collection it is done.
    """

    def __init__(
        self,
        member: SourceMember,
        start: Optime,
        collection: SyncCollection,
        pump: SlicePump,
        progress: Progress,
        slice_bytes: int,
    ) -> None:
        self._member = member
        self._start = start
        self._collection = collection
        self._pump = pump
        self._progress = progress
        self._slice_bytes = slice_bytes
        self._resume: ResumeToken | None = None
        self._sequence = 0
        self._bytes = 0
        self._restarts = 0
        self._backoff = Backoff()
        self._deadline = member.patience.deadline()

    def run(self, task: Task) -> None:
        """Raises Cancelled, SourceError, SourceRefused, and what the uplink raises."""
        while True:
            task.check()
            try:
                self._read(task)
                return
            except (SourceUnreachable, CommandFailed) as error:
                log.info("%s: %s", self._collection.ns, error)
                if not self._recover(error, task):
                    return

    def _read(self, task: Task) -> None:
        reader = self._member.reader(self._start, task)
        if self._resume and self._resume.process_id != reader.process_id:
            self._begin_again()
        scan = CollectionScan(reader, self._collection, self._slice_bytes, self._resume)
        with closing(scan.batches()) as batches:
            for array in batches:
                task.check()
                self._pump.put(self._collection, self._sequence, array)
                self._resume = scan.resume
                self._sequence += 1
                self._moved(len(array), task)

    def _moved(self, count: int, task: Task) -> None:
        self._bytes += count
        self._progress.add(count)
        self._backoff.reset()
        self._member.ease(count, self._progress.remark, task)
        # From here on: what the source is waited for here is not its fault.
        self._deadline = self._member.patience.deadline()

    def _recover(self, error: SourceError, task: Task) -> bool:
        """Whether to go on. Raises the error if nothing helps any more."""
        fate = fate_of_scan(error)
        if fate is Fate.GONE:
            return False
        if fate is Fate.FATAL or self._member.patience.over(self._deadline):
            raise error
        if fate is Fate.RESTART:
            self._restarts += 1
            if self._restarts > RESTARTS_MAX:
                raise error
            self._begin_again()
            return True
        if fate is Fate.OTHER_MEMBER:
            self._member.lose(error)
        self._member.patience.pause(self._backoff.next(), task)
        return True

    def _begin_again(self) -> None:
        self._pump.restart(self._collection)
        self._progress.add(-self._bytes)
        self._resume, self._sequence, self._bytes = None, 0, 0
