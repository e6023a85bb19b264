"""Anything that has collections to be restored: a mongod, an archive, a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.rawbson import Buffer
from mmsconsole.task import Task


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of a collection's documents. Those of several collections may come interleaved."""

    collection: DumpedCollection
    data: Buffer
    """A BSON array, or documents one behind the other; empty: none."""
    count: int
    """Of documents; -1: not counted."""
    is_array: bool
    last: bool = False
    """Nothing more comes of this collection."""


class Content(Protocol):
    @property
    def where(self) -> str:
        """Its name, for people."""
        ...

    @property
    def server_version(self) -> str:
        """Of the server whose data it is."""
        ...

    @property
    def collections(self) -> tuple[DumpedCollection, ...]:
        """Everything, known before any document is read."""
        ...

    def batches(self, wanted: frozenset[str], task: Task) -> Iterator[Batch]:
        """Of the collections in `wanted` (DumpedCollection.ns), a last one for each that has
        documents, also where it has none. Once. Raises DumpDamaged, SourceError, StorageError.
        """
        ...
