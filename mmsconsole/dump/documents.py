"""Documents that lie one behind the other, as in a .bson file, an archive and OP_MSG's kind 1."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mmsconsole.errors import DumpDamaged, UnreadableEntry
from mmsconsole.rawbson import Buffer, documents

DOCUMENT_BYTES_MAX = (16 << 20) + (16 << 10)
SMALLEST_DOCUMENT = 5
RUN_BYTES = 8 << 20
"""About so many are handed on at once."""
RUN_DOCUMENTS = 100_000
"""What one insert command takes."""
TERMINATOR = -1
"""In the place of a document's length: an archive's block ends here."""

_length_at = struct.Struct("<i").unpack_from


@dataclass(frozen=True, slots=True)
class Run:
    """data[start:end] are `count` whole documents."""

    end: int
    count: int


def run_of(data: bytes, at: int, where: str) -> Run:
    """The whole documents from `at` on, as many as go at once; it stops at a terminator and
    where the last one is cut off. Raises DumpDamaged for what can be no document.
    """
    start, count, last = at, 0, len(data)
    while at + 4 <= last and count < RUN_DOCUMENTS and at - start < RUN_BYTES:
        size = _length_at(data, at)[0]
        if size == TERMINATOR:
            break
        check_size(size, where)
        if at + size > last:
            break
        if data[at + size - 1]:
            raise DumpDamaged("a document does not end where it says", where=where)
        at += size
        count += 1
    return Run(at, count)


def check_size(size: int, where: str) -> None:
    """Raises DumpDamaged."""
    if not SMALLEST_DOCUMENT <= size <= DOCUMENT_BYTES_MAX:
        raise DumpDamaged(f"a document of {size} bytes", where=where)


def size_at(data: bytes, at: int) -> int:
    """The length of the document there, as it says."""
    return int(_length_at(data, at)[0])


@dataclass(frozen=True, slots=True)
class Documents:
    """One behind the other."""

    data: bytes
    count: int


def spans(data: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of each document in `data`, which holds whole ones."""
    at = 0
    while at < len(data):
        end = at + size_at(data, at)
        yield at, end
        at = end


def of_array(array: Buffer) -> Documents:
    """The documents of a BSON array, as they are. Raises DumpDamaged."""
    data = bytes(array)
    try:
        parts = [data[start:end] for start, end in documents(data)]
    except UnreadableEntry as error:
        raise DumpDamaged("a batch of documents is unreadable") from error
    return Documents(b"".join(parts), len(parts))
