"""The format of a pack: blocks one after another, and an index of them at its end.

frame (MMSPACK)    header: group, pack
the stored blocks
index              per block: sha256 of the raw bytes (32), offset in the pack (u32),
                   stored bytes (u32), raw bytes (u32)
trailer            magic (8), number of blocks (u32), 0 (u32), offset of the index (u64),
                   sha256 of the index (32)
"""

import hashlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.blocks import BlockPlace
from mmsconsole.storage.base import Storage
from mmsconsole.stores.framing import (
    HEADER_BYTES_MAX,
    PACK,
    PREFIX_BYTES,
    Header,
    content_start,
    frame,
    unframe,
)

PACK_BYTES = 32 << 20
"""A pack is full when its blocks reach this."""

_END = b"PACKEND\x00"
_entry = struct.Struct("<32sIII")
_trailer = struct.Struct("<8sIIQ32s")


def pack_key(group: str, id_: str) -> str:
    return f"packs/{group}/{id_[:2]}/{id_}.pack"


class PackBuilder:
    """A pack that is being filled, in memory."""

    def __init__(self, group: str, id_: str) -> None:
        self.id = id_
        self.key = pack_key(group, id_)
        self.places: list[BlockPlace] = []
        self._parts = [frame(PACK, {"group": group, "pack": id_})]
        self._end = len(self._parts[0])

    @property
    def full(self) -> bool:
        return self._end >= PACK_BYTES

    def add(self, hash_: bytes, stored: bytes, raw_bytes: int) -> BlockPlace:
        place = BlockPlace(hash_, self.id, self._end, len(stored), raw_bytes)
        self.places.append(place)
        self._parts.append(stored)
        self._end += len(stored)
        return place

    def parts(self) -> list[bytes]:
        """The whole object."""
        index = b"".join(
            _entry.pack(p.hash, p.offset, p.stored_bytes, p.raw_bytes) for p in self.places
        )
        digest = hashlib.sha256(index).digest()
        return [
            *self._parts, index, _trailer.pack(_END, len(self.places), 0, self._end, digest)
        ]  # fmt: skip


class PackIndex(NamedTuple):
    """What a pack says of itself."""

    header: Header
    places: list[BlockPlace]


def read_index(storage: Storage, key: str) -> PackIndex:
    """From the object alone, without the metadata. Raises ObjectMissing, ObjectCorrupt."""
    size = storage.size(key)
    if size < PREFIX_BYTES + _trailer.size:
        raise ObjectCorrupt("too short to be a pack", where=key)
    prefix = storage.get_range(key, 0, PREFIX_BYTES)
    start = content_start(prefix, PACK, key)
    at, index = _index_bytes(storage, key, size)
    if not PREFIX_BYTES < start <= min(at, PREFIX_BYTES + HEADER_BYTES_MAX):
        raise ObjectCorrupt("its header does not fit into it", where=key)
    header = unframe(storage.get_range(key, 0, start), PACK, key).header
    if key != pack_key(str(header.get("group")), str(header.get("pack"))):
        raise ObjectCorrupt(f"says that it is the pack {header.get('pack')}", where=key)
    return PackIndex(header, list(_places(str(header.get("pack")), index, start, at, key)))


def _index_bytes(storage: Storage, key: str, size: int) -> tuple[int, bytes]:
    end = size - _trailer.size
    trailer = storage.get_range(key, end, _trailer.size)
    magic, count, zero, at, digest = _trailer.unpack(trailer)
    if magic != _END or zero or at + count * _entry.size != end:
        raise ObjectCorrupt("does not end like a pack", where=key)
    index = storage.get_range(key, at, count * _entry.size)
    if hashlib.sha256(index).digest() != digest:
        raise ObjectCorrupt("its index differs from its sha256", where=key)
    return at, index


def _places(pack: str, index: bytes, start: int, end: int, key: str) -> Iterator[BlockPlace]:
    for hash_, offset, stored, raw in _entry.iter_unpack(index):
        if not start <= offset <= offset + stored <= end:
            raise ObjectCorrupt("its index points outside of its blocks", where=key)
        yield BlockPlace(hash_, pack, offset, stored, raw)
