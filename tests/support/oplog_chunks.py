"""Chunks of a stored oplog for tests of what is cut off it: one entry a second."""

from collections.abc import Callable
from datetime import UTC, datetime

import bson
from bson.int64 import Int64

from mmsconsole.errors import MmsError
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.stores.oplog.chunk_contents import optimes_of
from mmsconsole.stores.oplog.oplog_store import ChunkBody, OplogStore
from tests.support.faulty import FaultyStorage

WALL = datetime(2024, 1, 1, 12, tzinfo=UTC)


def at(t: int, term: int = 1) -> Optime:
    return Optime(t, 1, term)


def body(start: int, end: int, start_term: int = 1, end_term: int = 1) -> ChunkBody:
    """Its entries are of `end_term`, in two arrays."""
    entries = [
        bson.encode({
            "op": "n", "ns": "", "o": {}, "ts": at(t).timestamp, "t": Int64(end_term), "wall": WALL,
        })
        for t in range(start + 1, end + 1)
    ]  # fmt: skip
    arrays = [array_of(entries[:2]), array_of(entries[2:])]
    return ChunkBody(at(start, start_term), at(end, end_term), len(entries), arrays, WALL)


def fill(store: OplogStore) -> None:
    """Entries 11 to 30 of d1 in four chunks, and some of another deployment."""
    for start in range(10, 30, 5):
        store.put("d1", body(start, start + 5))
    store.put("d2", body(10, 30))


def seconds(store: OplogStore, after: int = 10) -> list[int]:
    return [
        optime.t for _, arrays in store.entries("d1", at(after)) for optime in optimes_of(arrays)
    ]


def keys(storage: FaultyStorage, deployment: str = "d1") -> list[str]:
    return [stored.key for stored in storage.list(f"oplog/{deployment}")]


def recorded(metadata: Metadata, deployment: str = "d1") -> list[str]:
    return [chunk.key for chunk in metadata.chunks.after(deployment, Optime(0, 0))]


def fails(call: Callable[[], object]) -> bool:
    try:
        call()
    except MmsError:
        return True
    return False
