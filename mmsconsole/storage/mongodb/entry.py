"""What stands in a MongoDB store for an object: an entry, and parts of one size. Pure.

objects   {_id: key, bytes, version, part_bytes, crcs}
parts     {_id: {v: version, n: number from 0}, data}

A version belongs to one write of one object. Its first four bytes are the server's time when
that write began, in seconds, as in every ObjectId; the rest is random.
"""

import secrets
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Int64, MaxKey, ObjectId

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.storage.base import Buffer

_CRC_BYTES = 4


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    size: int
    version: ObjectId
    part_bytes: int
    """Of every part but the last."""
    crcs: bytes
    """CRC-32 (zlib) of each part, u32 little-endian."""

    @property
    def parts(self) -> int:
        return len(self.crcs) // _CRC_BYTES

    def part_of(self, position: int) -> int:
        return position // self.part_bytes

    def checked(self, number: int, data: object) -> bytes:
        """The bytes of that part. Raises ObjectCorrupt where they are not."""
        expected = min(self.part_bytes, self.size - number * self.part_bytes)
        at = number * _CRC_BYTES
        crc = self.crcs[at : at + _CRC_BYTES]
        if not isinstance(data, bytes) or len(data) != expected or crc_of(data) != crc:
            raise ObjectCorrupt(f"part {number} is not what was stored", where=self.key)
        return data

    def document(self) -> dict[str, Any]:
        return {
            "_id": self.key, "bytes": Int64(self.size), "version": self.version,
            "part_bytes": self.part_bytes, "crcs": self.crcs,
        }  # fmt: skip


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Raises ObjectCorrupt where the document is no entry."""
    key = str(document.get("_id"))
    match document:
        case {"bytes": int(size), "version": ObjectId() as version,
              "part_bytes": int(part_bytes), "crcs": bytes(crcs)} if (
            size >= 0 and part_bytes > 0 and len(crcs) == _CRC_BYTES * -(-size // part_bytes)
        ):  # fmt: skip
            return Entry(key, int(size), version, int(part_bytes), crcs)
    raise ObjectCorrupt("its entry is damaged", where=key)


def crc_of(data: Buffer) -> bytes:
    return zlib.crc32(data).to_bytes(_CRC_BYTES, "little")


def new_version(at: datetime) -> ObjectId:
    return ObjectId(struct.pack(">I", int(at.timestamp())) + secrets.token_bytes(8))


def parts_of(version: ObjectId, first: int = 0, end: int | None = None) -> dict[str, Any]:
    """The query for parts `first` to before `end`, or to the last."""
    before: Any = MaxKey() if end is None else end
    return {"_id": {"$gte": {"v": version, "n": first}, "$lt": {"v": version, "n": before}}}
