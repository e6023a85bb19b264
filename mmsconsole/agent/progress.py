"""How far the transfer is, in bytes of documents against what the listing said."""

from collections.abc import Sequence

from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.task import Task

PHASE = SyncPhase.TRANSFERRING.value


class Progress:
    def __init__(self, collections: Sequence[SyncCollection], task: Task) -> None:
        self._task = task
        self._total = sum(each.total_bytes for each in collections)
        self._done = sum(each.total_bytes for each in collections if each.done)
        self.add(0)

    def add(self, count: int) -> None:
        """Negative when a collection begins again. The total grows with the source."""
        self._done += count
        self._total = max(self._total, self._done)
        self._task.report(PHASE, self._done, self._total)

    def remark(self, text: str) -> None:
        """Why it holds still; empty when it goes on."""
        self._task.remark(PHASE, text)
        self._task.report(PHASE, self._done, self._total)

    def end(self) -> None:
        """Collections may have shrunk or gone since they were listed."""
        self._task.report(PHASE, self._total, self._total)
