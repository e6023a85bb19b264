"""Walking over BSON bytes without making a document of them (bsonspec.org, version 1.1).

The hot path of the product moves arrays of documents whole; where it must know something of
one (an oplog entry's kind, a cursor reply's batch) it steps over the elements by their lengths.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mmsconsole.errors import UnreadableEntry

STRING, DOCUMENT, ARRAY, BINARY, BOOLEAN, DATETIME = 0x02, 0x03, 0x04, 0x05, 0x08, 0x09
DOUBLE, INT32, TIMESTAMP, INT64 = 0x01, 0x10, 0x11, 0x12

Buffer = bytes | bytearray | memoryview
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_int32 = struct.Struct("<i")
_int64 = struct.Struct("<q")
_timestamp = struct.Struct("<II")

# Length of a value by its type byte, where the type alone decides it.
_FIXED = {
    0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8,
    0x13: 16, 0x7F: 0, 0xFF: 0,
}  # fmt: skip
# Added to the int32 that a value begins with, where that decides it.
_PREFIXED = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5, 0x0C: 16, 0x0D: 4, 0x0E: 4, 0x0F: 0}
_REGEX = 0x0B


class Field(NamedTuple):
    """One element: its type byte, its name, and where its value lies in the buffer."""

    kind: int
    name: bytes
    start: int
    end: int


def int32_at(data: Buffer, offset: int) -> int:
    return int(_int32.unpack_from(data, offset)[0])


def int64_at(data: Buffer, offset: int) -> int:
    return int(_int64.unpack_from(data, offset)[0])


def timestamp_at(data: Buffer, offset: int) -> tuple[int, int]:
    """(seconds, increment)."""
    increment, seconds = _timestamp.unpack_from(data, offset)
    return seconds, increment


def datetime_at(data: Buffer, offset: int) -> datetime | None:
    """None for a time that Python has no word for."""
    try:
        return EPOCH + timedelta(milliseconds=int64_at(data, offset))
    except OverflowError:
        return None


def value_end(data: bytes | bytearray, kind: int, start: int) -> int:
    """Where the value of type `kind` that begins at `start` ends."""
    fixed = _FIXED.get(kind)
    if fixed is not None:
        return start + fixed
    added = _PREFIXED.get(kind)
    if added is not None:
        length = int32_at(data, start)
        if length < 0:  # or a walk would go back and never end
            raise UnreadableEntry("a BSON value of negative length", where=f"byte {start}")
        return start + length + added
    if kind == _REGEX:
        return data.index(0, data.index(0, start) + 1) + 1
    raise UnreadableEntry(f"BSON type 0x{kind:02x} is not known", where=f"byte {start}")


def fields(data: bytes | bytearray, start: int = 0) -> Iterator[Field]:
    """The top-level elements of the document that begins at `start`, in order.

    Raises UnreadableEntry, whatever the bytes are.
    """
    at = start
    try:
        at, last = start + 4, _last_byte(data, start)
        while at < last:
            kind = data[at]
            name_end = data.index(0, at + 1)
            end = value_end(data, kind, name_end + 1)
            if not name_end < end <= last:
                raise _cut_short("element", at)
            yield Field(kind, bytes(data[at + 1 : name_end]), name_end + 1, end)
            at = end
    except (struct.error, IndexError, ValueError) as error:
        raise _cut_short("element", at) from error


def _last_byte(data: bytes | bytearray, start: int) -> int:
    """Where the document's closing zero is."""
    last = start + int32_at(data, start) - 1
    if last >= len(data):
        raise ValueError("longer than what there is")
    return last


def _cut_short(what: str, at: int) -> UnreadableEntry:
    return UnreadableEntry(f"an {what} does not end inside its document", where=f"byte {at}")


def find(data: bytes | bytearray, name: bytes, start: int = 0) -> Field | None:
    """The element called `name` of the document that begins at `start`."""
    for field in fields(data, start):
        if field.name == name:
            return field
    return None


def documents(data: bytes | bytearray, start: int = 0) -> Iterator[tuple[int, int]]:
    """(start, end) of every document in the BSON array that begins at `start`.

    Raises UnreadableEntry, whatever the bytes are.
    """
    at = start
    try:
        at, last = start + 4, _last_byte(data, start)
        while at < last:
            begin = data.index(0, at + 1) + 1
            end = begin + int32_at(data, begin)
            if not begin < end <= last:
                raise _cut_short("item", at)
            yield begin, end
            at = end
    except (struct.error, IndexError, ValueError) as error:
        raise _cut_short("item", at) from error


def string_at(data: Buffer, start: int) -> bytes:
    """The UTF-8 bytes of the string value that begins at `start`."""
    return bytes(data[start + 4 : start + 3 + int32_at(data, start)])


def element(kind: int, name: bytes, value: Buffer) -> bytes:
    """One element, from the bytes of its value."""
    return b"".join((bytes((kind,)), name, b"\x00", value))


def string(text: bytes) -> bytes:
    """The value of a string element."""
    return _int32.pack(len(text) + 1) + text + b"\x00"


def document(elements: Iterable[Buffer]) -> bytes:
    """A document (or an array) of whole elements."""
    body = b"".join(elements)
    return _int32.pack(len(body) + 5) + body + b"\x00"


def array_of(raw_documents: list[bytes]) -> bytes:
    """A BSON array of whole documents."""
    body = b"".join(b"\x03%d\x00%b" % item for item in enumerate(raw_documents))
    return _int32.pack(len(body) + 5) + body + b"\x00"


_MAYBE_ZERO = re.compile(rb"\x11(?:[^\x00]{0,100}+\x00{9}|[^\x00]{101})")
"""A Timestamp(0, 0), or what may be the beginning of one with a long name. Bounded, because
bytes made for that purpose would make an unbounded one take hours."""


def may_hold_zero_timestamp(data: bytes | bytearray, start: int, end: int) -> bool:
    """Whether it is worth a walk to look for one in data[start:end]. Cheap, and mostly right:
    nine zeros alone are in every document with a 0.0 in it.
    """
    at = data.find(b"\x11", start, end)
    return (
        at >= 0
        and data.find(b"\x00" * 9, at, end) >= 0
        and _MAYBE_ZERO.search(data, at, end) is not None
    )


def holds_zero_timestamp(array: bytes | bytearray) -> bool:
    """Whether a document of the BSON array has a Timestamp(0, 0) among its top-level fields.

    The insert command replaces such a one by the current time (measured on 6.0.5), so these
    documents go another way. A double or an integer of 0 behind an ObjectId often looks like
    one: those documents are walked over, the others are not looked into.
    """
    if array.find(b"\x00" * 9) < 0:
        return False
    suspects = (match.start() for match in _MAYBE_ZERO.finditer(array))
    suspect = next(suspects, None)
    for start, end in documents(array) if suspect is not None else ():
        if suspect is None:
            break
        if suspect < end:
            if zero_timestamps(array, start):
                return True
            suspect = next((at for at in suspects if at >= end), None)
    return False


def zero_timestamps(data: bytes | bytearray, start: int) -> list[bytes]:
    """Names of the top-level fields that are a Timestamp(0, 0)."""
    return [
        field.name
        for field in fields(data, start)
        if field.kind == TIMESTAMP and not any(data[field.start : field.end])
    ]
