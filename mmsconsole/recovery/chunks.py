"""The stored oplog, from the headers of its chunks.

Every chunk is read and checked, and its record written aside. Then they are put together from the
newest one back: each must end with the very entry that the one behind it starts after. Some do
not: leftovers of a writer that died between object and record, or of a rollback whose cutting back
was broken off or refused by a lock. Of two histories the one with the higher election term is the
source's; where nothing tells, the stored oplog is taken as far as it reaches: the tail of a backup
that is started again asks the source, and cuts back what that took back.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import ClassVar, NamedTuple

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.chunks import OplogChunk, OplogChunks
from mmsconsole.metadata.collection import PUT_MAX, Indexes, Sort
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.recovery.report import Report
from mmsconsole.storage.base import Storage, StoredObject
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.stores.oplog.chunk_contents import same_position
from mmsconsole.stores.oplog.chunk_header import HEAD_BYTES, chunk_of_header
from mmsconsole.stores.oplog.chunk_object import ChunkObjects, chunk_folder
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Task
from mmsconsole.threads import in_order

PHASE = "reading the stored oplog"
THREADS = 8
NEWEST_FIRST: Sort = [("end.term", -1), ("end.t", -1), ("end.i", -1)]


class ChunksAside(OplogChunks):
    """Those that were read, before it is known which of them belong together."""

    name = "chunks_aside"
    indexes: ClassVar[Indexes] = [([("deployment", 1), *NEWEST_FIRST], {})]

    def newest_first(self, deployment: str) -> Iterator[OplogChunk]:
        return self.all({"deployment": deployment}, sort=[("deployment", 1), *NEWEST_FIRST])

    @metadata_errors()
    def drop_all(self) -> None:
        self.collection.drop()


class Linked(NamedTuple):
    chunk: OplogChunk
    belongs: bool
    """Else it does not continue the others."""


def linked(newest_first: Iterable[OplogChunk]) -> Iterator[Linked]:
    """Which chunks make the stored oplog, and where it has gaps (`after_gap`). Pure.

    `newest_first`: by term, then position, of their ends.
    """
    behind: OplogChunk | None = None
    """The one that was taken last."""
    for chunk in newest_first:
        if behind is None:
            behind = chunk
        elif same_position(chunk.end, behind.start):
            yield Linked(replace(behind, after_gap=False), True)
            behind = chunk
        elif chunk.end < behind.start:
            yield Linked(replace(behind, after_gap=True), True)
            behind = chunk
        else:
            yield Linked(chunk, False)
    if behind is not None:
        yield Linked(replace(behind, after_gap=True), True)


class StoredChunks:
    """Of one store. close() when done."""

    def __init__(
        self, storage: Storage, metadata: Metadata, report: Report, *, whole: bool
    ) -> None:
        """`whole`: read them from end to end, else their headers alone."""
        self._storage = storage
        self._metadata = metadata
        self._report = report
        self._whole = whole
        self._objects = ChunkObjects(OnePlace(storage))
        self._aside = ChunksAside(metadata.database)
        self._aside.drop_all()
        self._aside.ensure_indexes()

    def close(self) -> None:
        self._aside.drop_all()

    def record(self, deployment: Deployment, task: Task) -> None:
        """Raises StorageError, MetadataError, Cancelled."""
        kept = self._kept(deployment, task)
        while self._aside.put_all(islice(kept, PUT_MAX)):
            task.check()
        self._metadata.chunks.drop(deployment.id)  # what a rebuild before this one left
        found = linked(self._aside.newest_first(deployment.id))
        while self._metadata.chunks.put_all(islice(self._belonging(found), PUT_MAX)):
            task.check()

    def _belonging(self, found: Iterable[Linked]) -> Iterator[OplogChunk]:
        for chunk, belongs in found:
            if belongs:
                self._report.chunks += 1
                yield chunk
            else:
                self._report.tell(f"{chunk.key}: does not continue the stored oplog, is left out")

    def _kept(self, deployment: Deployment, task: Task) -> Iterator[OplogChunk]:
        """Those that are good, and were not given up."""
        listed = self._storage.list(chunk_folder(deployment.id))
        given_up, done = deployment.oplog_from, 0
        task.report(PHASE, 0, None)

        def read(stored: StoredObject) -> OplogChunk | str:
            return self._read(deployment.id, stored)

        with closing(in_order(read, listed, THREADS, ahead=THREADS * 2)) as chunks:
            for chunk in chunks:
                task.check()
                if isinstance(chunk, str):
                    self._report.tell(f"a chunk of the stored oplog is left out: {chunk}")
                    continue
                done += chunk.stored_bytes
                task.report(PHASE, done, None)
                if given_up is None or chunk.end > given_up:
                    yield chunk

    def _read(self, deployment: str, stored: StoredObject) -> OplogChunk | str:
        """In a thread. A sentence where it can not be used."""
        try:
            if self._whole:
                return self._checked(deployment, stored.key, self._storage.get(stored.key))
            length = min(HEAD_BYTES, self._storage.size(stored.key))
            head = self._storage.get_range(stored.key, 0, length)
            return chunk_of_header(deployment, stored.key, head, stored.bytes)
        except (ObjectMissing, ObjectCorrupt) as error:
            return str(error)

    def _checked(self, deployment: str, key: str, data: bytes) -> OplogChunk:
        told = chunk_of_header(deployment, key, data, len(data))
        chunk = replace(told, sha256=sha256_hex([data]))
        self._objects.opened(chunk, data)
        return chunk
