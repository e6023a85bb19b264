"""An archive as Content."""

from collections.abc import Iterator
from pathlib import Path

from mmsconsole.dump.archive_reader import ArchiveReader, Key, body_of
from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.dump.contents import Batch
from mmsconsole.dump.metadata_json import read_metadata
from mmsconsole.dump.prelude import OPLOG, PreludeEntry
from mmsconsole.dump.reading import opened
from mmsconsole.errors import DumpDamaged
from mmsconsole.task import Task


class ArchiveContent:
    """Raises DumpDamaged, StorageError. It is opened anew for each pass over it."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path
        with opened(path) as read:
            prelude = ArchiveReader(read, self.where).prelude
        self.server_version = prelude.server_version
        entries = [one for one in prelude.entries if (one.database, one.collection) != OPLOG]
        self._bodies: dict[Key, DumpedCollection] = {
            body_of(entry): _collection(entry, self.where) for entry in entries
        }
        self.has_oplog = len(entries) < len(prelude.entries)
        self.collections = tuple(self._bodies.values())

    def batches(self, wanted: frozenset[str], task: Task) -> Iterator[Batch]:
        with opened(self._path) as read:
            for piece in ArchiveReader(read, self.where).pieces():
                task.check()
                collection = self._bodies.get(piece.namespace)
                if collection is None or collection.ns not in wanted:
                    continue
                if collection.has_documents:
                    yield Batch(collection, piece.data, piece.count, is_array=False, last=piece.end)

    def oplog(self, task: Task) -> Iterator[bytes]:
        """Its entries, one behind the other, in pieces; none if it has no oplog."""
        if not self.has_oplog:
            return
        with opened(self._path) as read:
            for piece in ArchiveReader(read, self.where).pieces():
                task.check()
                if piece.namespace == OPLOG and not piece.end:
                    yield piece.data


def _collection(entry: PreludeEntry, where: str) -> DumpedCollection:
    ns = f"{entry.database}.{entry.collection}"
    found = read_metadata(entry.metadata, entry.database, entry.collection, f"{where}: {ns}")
    if found.name != entry.collection or (entry.kind and entry.kind != found.kind):
        raise DumpDamaged(f"prelude and metadata of {ns} tell two things", where=where)
    return found
