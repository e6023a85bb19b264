"""Operations as raw BSON: made by us (what applyOps takes: an entry without a time), or an
entry with something left out.
"""

from mmsconsole.oplog.entry import Entry
from mmsconsole.rawbson import BINARY, DOCUMENT, STRING, document, element, fields, string

_UUID_HEADER = b"\x10\x00\x00\x00\x04"
"""Of a BSON binary that is a UUID: its length and its subtype."""


def operation(op: bytes, ns: bytes, uuid: bytes, o: bytes, o2: bytes = b"") -> bytes:
    """`uuid` (16 bytes) and `o2` are left out where they are empty; `o` and `o2` are documents."""
    return document([
        element(STRING, b"op", string(op)),
        element(STRING, b"ns", string(ns)),
        *([element(BINARY, b"ui", _UUID_HEADER + uuid)] if uuid else []),
        element(DOCUMENT, b"o", o),
        *([element(DOCUMENT, b"o2", o2)] if o2 else []),
    ])  # fmt: skip


def without(data: bytes, start: int, *names: bytes) -> bytes:
    """The document that begins at `start`, without the fields of those names."""
    return document(
        data[field.start - len(field.name) - 2 : field.end]
        for field in fields(data, start)
        if field.name not in names
    )


def with_command(entry: Entry, lost: tuple[bytes, ...], beside: tuple[bytes, ...] = ()) -> bytes:
    """The entry, its `o` without the fields called `lost`, itself without those in `beside`."""
    command = without(entry.data, entry.o, *lost)
    return document(
        b"\x03o\x00" + command
        if field.name == b"o"
        else entry.data[field.start - len(field.name) - 2 : field.end]
        for field in fields(entry.data, entry.start)
        if field.name not in beside
    )
