"""Timestamp(0, 0) among the top-level fields of a whole document.

A server puts the current time in its place, in some ways of writing and not in others (measured
on 6.0.5):

    insert command                                     replaced
    applyOps i of an _id that is not there             kept
    applyOps i of an _id that is there                 replaced
    applyOps u with a whole document                   replaced
    applyOps u with a diff ($v: 2), nested values, _id kept

So behind a whole document a diff is sent that sets these fields to what they are. Unlike a
delete and an insert that keeps a capped collection's order.
"""

from mmsconsole.oplog.operation import operation
from mmsconsole.rawbson import (
    DOCUMENT,
    INT32,
    TIMESTAMP,
    document,
    element,
    find,
    int32_at,
    may_hold_zero_timestamp,
    zero_timestamps,
)

_ZERO = b"\x00" * 8
_TWO = b"\x02\x00\x00\x00"


def zero_fields(data: bytes, start: int) -> list[bytes]:
    """Names of the top-level fields, other than _id, of the document at `start`. Cheap where
    there are none.
    """
    if not may_hold_zero_timestamp(data, start, start + int32_at(data, start)):
        return []
    return [name for name in zero_timestamps(data, start) if name != b"_id"]


def setting_zeros(ns: bytes, uuid: bytes, data: bytes, start: int, names: list[bytes]) -> bytes:
    """The operation that sets those fields of the whole document at `start`; `uuid` (16 bytes)
    may be empty.
    """
    identity = find(data, b"_id", start)
    assert identity is not None, "a stored document has an _id"
    which = element(identity.kind, b"_id", data[identity.start : identity.end])
    zeros = document([element(TIMESTAMP, name, _ZERO) for name in names])
    diff = document([element(DOCUMENT, b"u", zeros)])
    change = document([element(INT32, b"$v", _TWO), element(DOCUMENT, b"diff", diff)])
    return operation(b"u", ns, uuid, change, document([which]))
