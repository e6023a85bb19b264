"""Entries as they come, gathered until a chunk is cut. Pure: the caller tells the time.

Nothing is decoded: entries are stepped over by their lengths, and only the first and the last
of a batch are looked into.
"""

import struct
from datetime import datetime
from typing import NamedTuple

from mmsconsole import rawbson
from mmsconsole.errors import OplogError, UnreadableEntry
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.oplog.oplog_store import ChunkBody


class EntryHead(NamedTuple):
    optime: Optime
    wall: datetime | None


def entry_head(data: bytes | bytearray, start: int) -> EntryHead:
    """Position and wall clock of the entry that begins at `start`. Raises UnreadableEntry."""
    seconds, increment, term, wall = 0, 0, -1, None
    for field in rawbson.fields(data, start):
        if field.name == b"ts" and field.kind == rawbson.TIMESTAMP:
            seconds, increment = rawbson.timestamp_at(data, field.start)
        elif field.name == b"t" and field.kind == rawbson.INT64:
            term = rawbson.int64_at(data, field.start)
        elif field.name == b"wall" and field.kind == rawbson.DATETIME:
            wall = rawbson.datetime_at(data, field.start)
    if not seconds:
        raise UnreadableEntry("an oplog entry without ts")
    return EntryHead(Optime(seconds, increment, term), wall)


def first_optime(data: bytes | bytearray, array: int) -> Optime | None:
    """Of the array of entries that begins at `array`; None if it is empty."""
    for start, _ in rawbson.documents(data, array):
        return entry_head(data, start).optime
    return None


def without_first(data: bytes | bytearray, array: int) -> bytearray:
    """The array of documents that begins at `array`, but for its first one."""
    rest = next(rawbson.documents(data, array))[1]
    end = array + rawbson.int32_at(data, array)
    shorter = bytearray(struct.pack("<i", 4 + end - rest))
    shorter += memoryview(data)[rest:end]
    return shorter


class ChunkBuilder:
    """One chunk at a time; the next one starts where the last one ended."""

    def __init__(self, start: Optime, max_bytes: int, max_seconds: float) -> None:
        self.start = start
        self.end = start
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._begin()

    def _begin(self) -> None:
        self.start = self.end
        self._entries = 0
        self._bytes = 0
        self._arrays: list[Buffer] = []
        self._wall: datetime | None = None
        self._opened_at = 0.0

    def add(self, data: bytearray, array: int, now: float) -> None:
        """The array of entries that begins at `array`; it may be empty. Kept, not copied.

        Raises OplogError if it does not lie behind what came before, UnreadableEntry.
        """
        places = list(rawbson.documents(data, array))
        if not places:
            return
        first, last = entry_head(data, places[0][0]), entry_head(data, places[-1][0])
        if first.optime <= self.end or last.optime < first.optime:
            raise OplogError(f"entry {first.optime} came behind {self.end}", where="oplog tail")
        if not self._entries:
            self._opened_at = now
        end = array + rawbson.int32_at(data, array)
        self._arrays.append(memoryview(data)[array:end])
        self._bytes += end - array
        self._entries += len(places)
        self.end, self._wall = last

    def seconds_left(self, now: float) -> float:
        """Until the chunk must be cut; its whole time while it is empty."""
        if not self._entries:
            return self._max_seconds
        return max(0.0, self._opened_at + self._max_seconds - now)

    def due(self, now: float) -> bool:
        full = self._bytes >= self._max_bytes or self.seconds_left(now) == 0
        return bool(self._entries) and full

    def cut(self) -> ChunkBody:
        body = ChunkBody(self.start, self.end, self._entries, self._arrays, self._wall)
        self._begin()
        return body
