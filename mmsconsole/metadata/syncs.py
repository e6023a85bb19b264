"""What an initial sync has still to copy, so that it goes on where it was after a crash."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Query, Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class SyncCollection:
    """One collection of the source as listed at the start of the sync."""

    id: str
    head: str
    ns: str
    uuid: bytes
    """16 bytes; empty for a view or the view of a time series, which have no data."""
    kind: str
    """"collection", "view" or "timeseries", as listCollections says."""
    options: bytes
    """The listCollections options, raw BSON."""
    id_index: bytes
    """The idIndex specification, raw BSON; empty where there is none."""
    indexes: tuple[bytes, ...]
    """The finished secondary indexes, raw BSON, in the server's order."""
    total_bytes: int = 0
    capped: bool = False
    done: bool = False
    """Every slice of it is stored, or it was dropped in the source meanwhile."""


class SyncCollections(Records[SyncCollection]):
    name = "sync_collections"
    record = SyncCollection
    noun = "collection of a sync"
    indexes: ClassVar[Indexes] = [([("head", 1)], {})]

    def of(self, head: str) -> Iterator[SyncCollection]:
        return self.all({"head": head}, sort=[("_id", 1)])

    @metadata_errors()
    def drop(self, head: str) -> None:
        self.collection.delete_many({"head": head})


@dataclass(frozen=True, slots=True)
class Slice:
    """About 10 MB of one collection, as a BSON array that came whole from the source."""

    id: str
    head: str
    collection: str
    """Id of its SyncCollection."""
    sequence: int
    """Order within the collection, from 0."""
    key: str
    sha256: str
    """Of the stored object, in hex."""
    raw_bytes: int
    stored_bytes: int


class Slices(Records[Slice]):
    name = "slices"
    record = Slice
    noun = "slice"
    indexes: ClassVar[Indexes] = [
        ([("head", 1), ("collection", 1), ("sequence", 1)], {"unique": True})
    ]

    def of(self, head: str, collection: str | None = None) -> Iterator[Slice]:
        return self.all(_of(head, collection), sort=[("collection", 1), ("sequence", 1)])

    @metadata_errors()
    def drop(self, head: str, collection: str | None = None) -> None:
        self.collection.delete_many(_of(head, collection))


def _of(head: str, collection: str | None) -> Query:
    return {"head": head} | ({"collection": collection} if collection else {})
