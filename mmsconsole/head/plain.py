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
from typing import NamedTuple

from mmsconsole.oplog.decide import RETRY_IMAGE
from mmsconsole.oplog.entry import Entry
from mmsconsole.rawbson import DOCUMENT, INT32, may_hold_zero_timestamp

HEADS_MAX = 4096
"""Three for each collection that is written to; beyond, they are learned anew."""

_LSID, _TXN_NUMBER = b"\x03lsid\x00", b"\x12txnNumber\x00"
_STMT_ID, _O2, _TS, _T = b"\x10stmtId\x00", b"\x03o2\x00", b"\x11ts\x00", b"\x12t\x00"
_HEAD = (
    b"\x02op\x00\x02\x00\x00\x00%b\x00\x02ns\x00%b%b\x00\x05ui\x00\x10\x00\x00\x00\x04%b\x03o\x00"
)
_NS_AT = 14
"""Of the length of ns, in a head."""
_BESIDE_NS = 46
"""A head's length without the text of ns."""
_LSID_BYTES = 72
"""Of a client's: its id and the digest of its user. Those of the server itself are longer."""
_SESSION_BYTES = 6 + _LSID_BYTES + 19
"""lsid and txnNumber, with which a retryable write begins."""

_int32 = struct.Struct("<i")
_int32_at = _int32.unpack_from
# The entry's length; lsid and its length; txnNumber; of the head behind it the length of ns.
_session_at = struct.Struct("<i6si68x11s8x14xi").unpack_from
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


class PlainEntries:
    """Remembers the heads of entries that it has seen applied."""

    def __init__(self) -> None:
        self._heads: set[bytes] = set()

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
        heads, index, startswith, find = self._heads, data.index, data.startswith, data.find
        left, bytes_left = room
        term = -1
        try:
            while at < last and left:
                start = index(0, at + 1) + 1
                length, lsid, lsid_bytes, txn_number, ns_bytes = _session_at(data, start)
                if lsid == _LSID and lsid_bytes == _LSID_BYTES and txn_number == _TXN_NUMBER:
                    head = start + 4 + _SESSION_BYTES
                else:
                    head = start + 4
                    ns_bytes = _int32_at(data, head + _NS_AT)[0]
                o = head + _BESIDE_NS + ns_bytes
                if data[head:o] not in heads:
                    break
                end, o_end = start + length, o + _int32_at(data, o)[0]
                behind = o_end
                if startswith(_O2, behind):
                    behind += 4 + _int32_at(data, behind + 4)[0]
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
