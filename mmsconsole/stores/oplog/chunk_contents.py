"""The bytes inside an oplog chunk: BSON arrays of entries, one behind the other. Pure."""

import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from mmsconsole import rawbson
from mmsconsole.errors import UnreadableEntry
from mmsconsole.oplog.entry import entries, peek
from mmsconsole.optime import Optime

UNKNOWN_TERM = -1
_int32 = struct.Struct("<i")


class Contents(NamedTuple):
    first: Optime
    last: Optime
    entries: int


class Beginning(NamedTuple):
    """What is left of a chunk that was cut behind an entry."""

    arrays: list[bytes]
    entries: int
    wall: datetime | None
    """The source's wall clock at the last entry."""


def same_position(a: Optime, b: Optime) -> bool:
    """Whether both name one entry; a term that is not known (-1) can not contradict."""
    return a == b and (a.term == b.term or UNKNOWN_TERM in (a.term, b.term))


def contents_of(arrays: Iterable[bytes]) -> Contents | None:
    """First and last entry of arrays that belong together, and how many; None if there is none.

    Entries are stepped over by their lengths; their order inside an array is looked at when
    they are applied. Raises UnreadableEntry, also where one array does not continue the other.
    """
    first, last, count = None, None, 0
    for data in arrays:
        for begin, _ in _arrays(data):
            found = _array_contents(data, begin)
            if found is None:
                continue
            if found.last < found.first or (last is not None and found.first <= last):
                raise UnreadableEntry(f"entry {found.first} is out of order", where="oplog chunk")
            first, last, count = first or found.first, found.last, count + found.entries
    return None if first is None or last is None else Contents(first, last, count)


def optimes_of(arrays: bytes) -> list[Optime]:
    """Of every entry, in order. Raises UnreadableEntry."""
    return [entry.optime for entry in entries(arrays)]


def holds(arrays: bytes, position: Optime) -> bool:
    return any(same_position(optime, position) for optime in optimes_of(arrays))


def up_to(arrays: bytes, position: Optime) -> Beginning | None:
    """The entries up to and including the one at `position`; None if that is not among them."""
    kept: list[bytes] = []
    count = 0
    for begin, end in _arrays(arrays):
        for at, behind in rawbson.documents(arrays, begin):
            count += 1
            entry = peek(arrays, at, behind)
            if same_position(entry.optime, position):
                kept.append(_shortened(arrays, begin, behind))
                return Beginning(kept, count, _wall(arrays, at))
        kept.append(arrays[begin:end])
    return None


def _arrays(data: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(data):
        length = rawbson.int32_at(data, at) if len(data) - at >= _int32.size else 0
        if not 5 <= length <= len(data) - at:
            raise UnreadableEntry("an array does not end inside its chunk", where=f"byte {at}")
        yield at, at + length
        at += length


def _array_contents(data: bytes, begin: int) -> Contents | None:
    first, last, count = None, None, 0
    for last in rawbson.documents(data, begin):
        first, count = first or last, count + 1
    if first is None or last is None:
        return None
    return Contents(peek(data, *first).optime, peek(data, *last).optime, count)


def _shortened(data: bytes, begin: int, end: int) -> bytes:
    """The array that begins at `begin`, with nothing after the document that ends at `end`."""
    body = data[begin + _int32.size : end]
    return _int32.pack(_int32.size + len(body) + 1) + body + b"\x00"


def _wall(data: bytes, entry: int) -> datetime | None:
    field = rawbson.find(data, b"wall", entry)
    if field is None or field.kind != rawbson.DATETIME:
        return None
    return rawbson.datetime_at(data, field.start)
