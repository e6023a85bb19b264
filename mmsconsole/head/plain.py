"""Entries that go to the head as they stand, taken by their bytes.

Nearly every entry is an insert, update or delete of a collection, laid out as every server from
4.4 on lays it out, with nothing in it that applyOps would do otherwise. Such a one is known by
its head, the bytes of op, ns and ui, which all entries of one op and collection share:

    [lsid txnNumber]  op ns ui o:  …  [o2]  [stmtId]  ts t …
                      `---------'
                         head

Whatever looks otherwise is left to `peek` and `decide`. For what is taken here their answer is
Apply: `decide` has applied an entry with this head, and the two things inside an entry that it
looks for, a Timestamp(0, 0) and needsRetryImage, are not in it. This costs a third of theirs.
"""

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mmsconsole.oplog.decide import RETRY_IMAGE
from mmsconsole.oplog.entry import Entry
from mmsconsole.rawbson import DOCUMENT, INT32, may_hold_zero_timestamp

HEADS_MAX = 4096
"""Three for each collection that is written to; beyond, they are learned anew."""

_HEAD = (
    b"\x02op\x00\x02\x00\x00\x00%b\x00\x02ns\x00%b%b\x00\x05ui\x00\x10\x00\x00\x00\x04%b\x03o\x00"
)
_NS_AT = 14
"""Of the length of ns, in a head."""
_BESIDE_NS = 46
"""A head's length without the text of ns."""
# Of a client's session: 72 bytes, its id and the digest of its user. A server's own are longer.
_LSID, _TXN_NUMBER = b"\x03lsid\x00\x48\x00\x00\x00", b"\x12txnNumber\x00"
_SESSION_BYTES = len(_LSID) + 68 + len(_TXN_NUMBER) + 8
_STMT_ID, _O2, _TS, _T = b"\x10stmtId\x00", b"\x03o2\x00", b"\x11ts\x00", b"\x12t\x00"

_int32 = struct.Struct("<i")
_int32_at = _int32.unpack_from
_o2_at = struct.Struct("<4si").unpack_from
_times_at = struct.Struct("<4sQ3sq").unpack_from
_stmt_id_and_times_at = struct.Struct("<8s4x4sQ3sq").unpack_from
_BROKEN = (ValueError, IndexError, struct.error)


class Room(NamedTuple):
    """How much may still be taken."""

    entries: int
    bytes: int


class Taken(NamedTuple):
    at: int
    """Where the first element lies that was not taken."""
    time: int
    """Of the last one that was: seconds << 32 | increment."""
    term: int
    room: Room
    """What is left of it."""


class _Front(NamedTuple):
    """How an entry begins, up to `o`; two entries with names of equal length begin alike."""

    parts_at: Callable[[bytes, int], tuple[int, bytes, bytes, bytes, int]]
    """The entry's length, lsid up to its length, txnNumber, the head, the length of `o`."""
    lsid: bytes
    txn_number: bytes
    o: int
    """Where it lies."""


@lru_cache(maxsize=256)
def _front(ns_bytes: int, *, session: bool) -> _Front:
    """Raises struct.error for what is no length."""
    head = _BESIDE_NS + ns_bytes
    if session:
        parts = struct.Struct(f"<i10s68x11s8x{head}si")
        return _Front(parts.unpack_from, _LSID, _TXN_NUMBER, 4 + _SESSION_BYTES + head)
    return _Front(struct.Struct(f"<i0s0s{head}si").unpack_from, b"", b"", 4 + head)


def _front_of(data: bytes, start: int) -> _Front:
    """Of the entry that begins at `start`."""
    session = data[start + 4] == DOCUMENT
    at = start + 4 + (_SESSION_BYTES if session else 0) + _NS_AT
    return _front(_int32_at(data, at)[0], session=session)


class PlainEntries:
    """Remembers the heads of entries that it has seen applied."""

    def __init__(self) -> None:
        self._heads: set[bytes] = set()
        self._front = _front(1, session=False)
        """Of the last entry that was taken: the next one's is mostly the same."""

    def learn(self, entry: Entry) -> None:
        """A document's entry that `decide` applies: others with its head will be taken."""
        ns_bytes = _int32.pack(len(entry.ns) + 1)
        head = _HEAD % (entry.op, ns_bytes, entry.ns, entry.uuid)
        if entry.data.endswith(head, entry.start, entry.o):
            if len(self._heads) == HEADS_MAX:
                self._heads.clear()
            self._heads.add(head)

    def take(
        self, data: bytes, at: int, last: int, after: int, until: int, room: Room,
        into: list[bytes],
    ) -> Taken:  # fmt: skip
        """Take plain entries from the element at `at` of a BSON array on, whose closing zero is
        at `last`: the first one behind `after`, each behind the one before, none behind `until`.
        """
        heads, index, find = self._heads, data.index, data.find
        parts_at, lsid, txn_number, o_at = self._front
        left, bytes_left = room
        term = -1
        try:
            while at < last and left:
                start = index(0, at + 1) + 1
                length, session, number, head, o_bytes = parts_at(data, start)
                if head not in heads or session != lsid or number != txn_number:
                    parts_at, lsid, txn_number, o_at = front = _front_of(data, start)
                    length, session, number, head, o_bytes = parts_at(data, start)
                    if head not in heads or session != lsid or number != txn_number:
                        break
                    self._front = front
                o, end = start + o_at, start + length
                o_end = behind = o + o_bytes
                if data[behind] == DOCUMENT:
                    o2, o2_bytes = _o2_at(data, behind)
                    behind += 4 + o2_bytes if o2 == _O2 else 0
                if data[behind] == INT32:
                    stmt_id, ts, time, t, new_term = _stmt_id_and_times_at(data, behind)
                    if stmt_id != _STMT_ID:
                        break
                else:
                    ts, time, t, new_term = _times_at(data, behind)
                if (
                    not (ts == _TS and t == _T and after < time <= until)
                    or not (data[at] == DOCUMENT and o < o_end <= behind < end <= last)
                    or end - at > bytes_left
                    or find(RETRY_IMAGE, o_end, end) >= 0
                    or (find(b"\x11", o, o_end) >= 0 and may_hold_zero_timestamp(data, o, o_end))
                ):
                    break
                into.append(data[start:end])
                left, bytes_left = left - 1, bytes_left - (end - at)
                at, after, term = end, time, new_term
        except _BROKEN:  # no plain entry: `peek` tells what is wrong, if something is
            pass
        return Taken(at, after, term, Room(left, bytes_left))
