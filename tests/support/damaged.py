"""Objects that are hurt on purpose, and repairs of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mmsconsole.errors import OplogError
from mmsconsole.metadata.checks import CheckFinding
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.heads import Head
from mmsconsole.storage.base import Storage
from mmsconsole.stores.check.checking import Checking, Part
from mmsconsole.stores.check.remedies import Remedy
from mmsconsole.stores.check.repairing import Helpers, Repairing
from mmsconsole.stores.copying import Copying
from mmsconsole.stores.oplog.oplog_store import ChunkBody, OplogStore
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Task
from tests.support.clock import ManualClock
from tests.support.history import History

EVERYTHING = Part(0.0, 1.0)


def flip(storage: Storage, key: str, at: int) -> None:
    """One bit; `at` may be negative."""
    data = bytearray(storage.get(key))
    data[at] ^= 0x10
    storage.put(key, [data])


def put_head(metadata: Metadata, deployment: str, head: str, root: Path) -> None:
    """The deployment's head, whose files are those below `root`."""
    at = datetime(2024, 1, 1, tzinfo=UTC)
    metadata.heads.remove(head)
    metadata.heads.add(Head(head, deployment, str(root), "6.0.5", "6.0", at))
    metadata.deployments.set(deployment, head=head)


def make_copy(history: History, second: Storage) -> None:
    """Of all that the first store has, in a second one that is called offsite."""
    deployment = history.metadata.deployments.set(history.id, copy_to="offsite")
    copying = Copying(history.metadata, deployment, history.storage, second)
    for state in copying.oplog(CopyState(history.id, "offsite"), Task()):
        assert state.store == "offsite"
    copying.snapshots(Task())


class Stand:
    """A store with a history, maybe a copy, and what checks and repairs them."""

    def __init__(self, history: History, second: Storage) -> None:
        self.history = history
        self.metadata = history.metadata
        self.storages = {"default": history.storage, "offsite": second}
        self.again: list[ChunkBody] = []
        """What the source still has of its oplog."""
        self.catalogues = 0

    @property
    def oplog(self) -> OplogStore:
        return OplogStore(OnePlace(self.history.storage), self.metadata, ManualClock())

    def helpers(self) -> Helpers:
        return Helpers(self.storages.__getitem__, self.oplog, self._chunk, self._catalogue)

    def found(self, store: str = "default") -> list[CheckFinding]:
        checking = Checking(self.storages[store], self.metadata, store, EVERYTHING)
        return list(checking.run(Task()))

    def wrong(self, store: str = "default") -> list[str]:
        return [one.key for one in self.found(store)]

    def repair(
        self, keys: Iterable[str] | None = None, store: str = "default", *, dry: bool = False,
        task: Task | None = None,
    ) -> list[Remedy]:  # fmt: skip
        """Of these, or of what a check finds."""
        repairing = Repairing(self.metadata, store, self.helpers())
        wanted = self.wrong(store) if keys is None else keys
        return list(repairing.run(wanted, task or Task(), dry=dry))

    def _chunk(self, chunk: OplogChunk, _: Task) -> ChunkBody:
        for body in self.again:
            if body.end == chunk.end:
                return replace(body)
        raise OplogError("the source's oplog does not reach back so far")

    def _catalogue(self, _: Task) -> None:
        self.catalogues += 1
