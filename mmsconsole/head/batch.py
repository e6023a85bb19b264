"""One applyOps command, made of the bytes of entries as they came."""

import struct
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from mmsconsole.head.plain import Room
from mmsconsole.mongod.source_errors import BUSY_CODES
from mmsconsole.oplog.entry import Entry, peek
from mmsconsole.rawbson import Buffer

ENTRIES_MAX = 1000
BYTES_MAX = 15 << 20
"""A larger entry goes alone: a document has 16 MB, its entry a little more."""

MISSING_DOCUMENT = 8
"""What applyOps answers as a whole when an update found no document (alwaysUpsert: false)."""

_int32 = struct.Struct("<i")
_BEFORE = b"\x04applyOps\x00"
# alwaysUpsert is true by default: an update of a missing document would make a part of one.
_AFTER = (
    b"\x00\x08allowAtomic\x00\x00\x08alwaysUpsert\x00\x00\x08bypassDocumentValidation\x00\x01"
    b"\x02$db\x00\x06\x00\x00\x00admin\x00\x00"
)
# mongod wants the keys of the array to be its positions (measured on 6.0.5), so an array of the
# oplog can not go as it is.
_KEYS = [b"\x03%d\x00" % position for position in range(ENTRIES_MAX)]
_KEY_BYTES_MAX = len(_KEYS[-1])


class Batch:
    """Operations for one applyOps, in order."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.raws = [entry.raw for entry in entries]
        self.room = Room(ENTRIES_MAX, BYTES_MAX)
        """Whoever puts something into `raws` takes it from here; `add` does."""

    def __bool__(self) -> bool:
        return bool(self.raws)

    @property
    def entries(self) -> list[Entry]:
        """Looked at anew: only for what went wrong."""
        return [alone(raw) for raw in self.raws]

    def add(self, entry: Entry) -> bool:
        """False, and nothing is added, if there is no room."""
        left, bytes_left = self.room
        size = entry.end - entry.start + _KEY_BYTES_MAX
        if self.raws and (not left or size > bytes_left):
            return False
        self.raws.append(entry.raw)
        self.room = Room(left - 1, bytes_left - size)
        return True

    @cached_property
    def command(self) -> list[Buffer]:
        """The parts of the command's body document. The batch is complete then."""
        count = len(self.raws)
        parts = [b""] * (2 * count)
        parts[0::2] = _KEYS[:count]
        parts[1::2] = self.raws
        operations = b"".join(parts)
        array = 4 + len(operations) + 1
        total = 4 + len(_BEFORE) + array - 1 + len(_AFTER)
        return [_int32.pack(total) + _BEFORE + _int32.pack(array), operations, _AFTER]


def alone(operation: bytes) -> Entry:
    """An operation that lies in no array."""
    return peek(operation, 0, len(operation))


class Outcome(NamedTuple):
    """What applyOps answered where not everything went well."""

    results: list[bool]
    """One for each operation that was done or refused; those behind them were not tried."""
    code: int
    """Of the operation that stopped it, or MISSING_DOCUMENT if all were tried."""
    message: str

    @property
    def busy(self) -> bool:
        """Whether it stopped for want of cache or time."""
        return self.code in BUSY_CODES

    @classmethod
    def of(cls, reply: Mapping[str, Any]) -> "Outcome":
        code = int(reply.get("code", 0))
        results = [bool(result) for result in reply.get("results", [])]
        if code in BUSY_CODES:
            results = results[:-1]
        return cls(results, code, str(reply.get("errmsg", ""))[:500])
