"""The format of a pack: blocks one after another, and an index of them at its end.

frame (MMSPACK)    header: group, pack
the stored blocks
index              per block, by their numbers: sha256 of the raw bytes (32), offset in the
                   pack (u32), stored bytes (u32), raw bytes (u32)
trailer            magic (8), number of blocks (u32), 0 (u32), offset of the index (u64),
                   sha256 of the index (32)
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
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

BLOCKS_MAX = 1 << 16
"""Or when it has so many; a block's number in its pack is below this."""

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
        return self._end >= PACK_BYTES or len(self.places) >= BLOCKS_MAX

    def add(self, hash_: bytes, stored: bytes, raw_bytes: int) -> BlockPlace:
        number = len(self.places)
        place = BlockPlace(hash_, self.id, self._end, len(stored), raw_bytes, number)
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


def sizes_of(places: Sequence[BlockPlace]) -> bytes:
    """Stored bytes of a pack's blocks by their numbers, as the pack's record keeps them."""
    return struct.pack(f"<{len(places)}I", *(place.stored_bytes for place in places))


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


def index_in(data: bytes, pack: str, key: str) -> list[BlockPlace]:
    """From the bytes of a pack that is damaged, maybe. Raises ObjectCorrupt where its end is."""
    end = len(data) - _trailer.size
    if end < PREFIX_BYTES:
        raise ObjectCorrupt("too short to be a pack", where=key)
    at, count, digest = _index_place(data[end:], end, key)
    index = data[at : at + count * _entry.size]
    if hashlib.sha256(index).digest() != digest:
        raise ObjectCorrupt("its index differs from its sha256", where=key)
    return list(_places(pack, index, PREFIX_BYTES, at, key))


def places_by_sizes(group: str, pack: str, sizes: bytes) -> list[BlockPlace]:
    """Where the blocks of a pack lie, by what its record keeps: without their hashes and how many
    raw bytes they have, which only the pack and the manifests tell.
    """
    places, at = [], len(frame(PACK, {"group": group, "pack": pack}))
    for number, (stored,) in enumerate(struct.iter_unpack("<I", sizes)):
        places.append(BlockPlace(b"", pack, at, stored, 0, number))
        at += stored
    return places


def _index_bytes(storage: Storage, key: str, size: int) -> tuple[int, bytes]:
    end = size - _trailer.size
    at, count, digest = _index_place(storage.get_range(key, end, _trailer.size), end, key)
    index = storage.get_range(key, at, count * _entry.size)
    if hashlib.sha256(index).digest() != digest:
        raise ObjectCorrupt("its index differs from its sha256", where=key)
    return at, index


def _index_place(trailer: bytes, end: int, key: str) -> tuple[int, int, bytes]:
    """Where the index begins, how many blocks are in it, and its sha256."""
    magic, count, zero, at, digest = _trailer.unpack(trailer)
    if magic != _END or zero or count > BLOCKS_MAX or at + count * _entry.size != end:
        raise ObjectCorrupt("does not end like a pack", where=key)
    return at, count, digest


def _places(pack: str, index: bytes, start: int, end: int, key: str) -> Iterator[BlockPlace]:
    for number, (hash_, offset, stored, raw) in enumerate(_entry.iter_unpack(index)):
        if not start <= offset <= offset + stored <= end:
            raise ObjectCorrupt("its index points outside of its blocks", where=key)
        yield BlockPlace(hash_, pack, offset, stored, raw, number)
