"""Where the blocks of a pack have gone: an object beside the pack that a groom has taken away.

frame (MMSMOVED)   header: group, pack, packs (those that hold the blocks now: id, key, bytes,
                   sha256)
records            per block, by its number in the pack: the number (u32), sha256 of the raw
                   bytes (32), number of the new pack in the header's list (u32), offset there
                   (u32), stored bytes (u32), its number there (u32)
trailer            magic (8), number of blocks (u32), 0 (u32), sha256 of everything before

Manifests are never rewritten: who misses a pack reads this, and follows. A new pack may have
moved its blocks in turn.
"""

import hashlib
import struct
from collections.abc import Mapping
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest import PackEntry, entry_document, entry_of
from mmsconsole.stores.blocks.packs import BLOCKS_MAX, pack_key
from mmsconsole.stores.framing import MOVED, Header, frame, unframe

SUFFIX = ".moved"
_END = b"MOVEDEND"
_record = struct.Struct("<I32sIIII")
_trailer = struct.Struct("<8sII32s")


class MovedBlock(NamedTuple):
    """Where a block lies now."""

    hash: bytes
    pack: PackEntry
    offset: int
    stored_bytes: int
    number: int


MovedBlocks = Mapping[int, MovedBlock]
"""By their numbers in the pack that they came from."""


def moved_key(pack_key: str) -> str:
    return pack_key.removesuffix(".pack") + SUFFIX


def encoded(group: str, pack: str, blocks: MovedBlocks) -> bytes:
    """The whole object."""
    packs = list(dict.fromkeys(block.pack for block in blocks.values()))
    numbers = {entry: number for number, entry in enumerate(packs)}
    header = {"group": group, "pack": pack, "packs": [entry_document(entry) for entry in packs]}
    records = b"".join(
        _record.pack(number, b.hash, numbers[b.pack], b.offset, b.stored_bytes, b.number)
        for number, b in sorted(blocks.items())
    )
    whole = frame(MOVED, header) + records
    return whole + _trailer.pack(_END, len(blocks), 0, hashlib.sha256(whole).digest())


def read_moved(storage: Storage, key: str) -> dict[int, MovedBlock]:
    """By the key of the object. Raises ObjectMissing, ObjectCorrupt."""
    return decoded(storage.get(key), key)


def decoded(data: bytes, key: str) -> dict[int, MovedBlock]:
    """Raises ObjectCorrupt unless every byte is as it was written."""
    header, start = unframe(data, MOVED, key)
    end = len(data) - _trailer.size
    if end < start:
        raise ObjectCorrupt("ends before its blocks do", where=key)
    magic, count, zero, digest = _trailer.unpack_from(data, end)
    if magic != _END or zero or start + count * _record.size != end:
        raise ObjectCorrupt("does not end like a list of moved blocks", where=key)
    if hashlib.sha256(memoryview(data)[:end]).digest() != digest:
        raise ObjectCorrupt("its bytes differ from its sha256", where=key)
    if key != moved_key(pack_key(str(header.get("group")), str(header.get("pack")))):
        raise ObjectCorrupt(f"tells of the pack {header.get('pack')}", where=key)
    return _blocks(data[start:end], _packs(header, key), key)


def _packs(header: Header, key: str) -> list[PackEntry]:
    listed = header.get("packs")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ObjectCorrupt("names no packs", where=key)
    return [entry_of(one, PackEntry, key) for one in listed]


def _blocks(records: bytes, packs: list[PackEntry], key: str) -> dict[int, MovedBlock]:
    blocks: dict[int, MovedBlock] = {}
    for number, hash_, pack, offset, stored, there in _record.iter_unpack(records):
        if (
            max(number, there) >= BLOCKS_MAX
            or number in blocks
            or pack >= len(packs)
            or offset + stored > packs[pack].bytes
        ):
            raise ObjectCorrupt("places a block where none can be", where=key)
        blocks[number] = MovedBlock(hash_, packs[pack], offset, stored, there)
    return blocks
