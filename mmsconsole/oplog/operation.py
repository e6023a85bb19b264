"""An operation of our own, as raw BSON: what applyOps takes, an oplog entry without a time."""

from mmsconsole.rawbson import BINARY, DOCUMENT, STRING, document, element, string

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
