"""Blocks that lie somewhere else too: in another pack of the pool, or in the files of a head."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.blocks import BlockPlace, Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import packed, unpacked
from mmsconsole.stores.blocks.head_blocks import HeadBlocks
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.moved import MovedBlock
from mmsconsole.stores.compression import LEVEL, Zstd
from mmsconsole.task import Task

HEAD = "the head's files"
OTHER_PACKS = "other packs"


class Found(NamedTuple):
    stored: bytes
    source: str
    place: MovedBlock | None
    """Where it lies already, in a pack that stays."""


class Elsewhere:
    """Of one pool."""

    def __init__(self, storage: Storage, metadata: Metadata, pool: Pool) -> None:
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._heads = HeadBlocks(storage, metadata, pool)
        self._places: dict[bytes, BlockPlace] = {}
        self._packs: dict[str, Pack] = {}
        deployments = metadata.deployments.all({"group": pool.group, "store": pool.store})
        levels = dict.fromkeys([one.zstd_level for one in deployments] or [LEVEL])
        self._zstds = [Zstd(checksum=False, level=level) for level in levels]

    def look_for(self, hashes: Collection[bytes], bad: Collection[str], task: Task) -> None:
        """`bad`: ids of packs whose blocks are not to be taken."""
        found = self._metadata.blocks.places(self._pool.id, list(hashes))
        self._packs = self._metadata.packs.found([*{place.pack for place in found.values()}])
        self._places = {
            hash_: place for hash_, place in found.items()
            if place.pack not in bad and _stays(self._packs.get(place.pack))
        }  # fmt: skip
        self._heads.look_for([hash_ for hash_ in hashes if hash_ not in self._places], task)

    def block(self, wanted: BlockPlace) -> Found | None:
        """With as many stored bytes as it had, if that can be done."""
        place = self._places.get(wanted.hash)
        if place is not None:
            stored = self._read(place)
            if stored is not None:
                entry = _entry(self._packs[place.pack])
                there = MovedBlock(
                    place.hash, entry, place.offset, place.stored_bytes, place.number
                )
                return Found(stored, OTHER_PACKS, there)
        raw = self._heads.raw(wanted.hash)
        return None if raw is None else Found(self._stored(raw, wanted.stored_bytes), HEAD, None)

    def _read(self, place: BlockPlace) -> bytes | None:
        key = self._packs[place.pack].key
        try:
            stored = self._storage.get_range(key, place.offset, place.stored_bytes)
            unpacked(stored, place.raw_bytes, place.hash, key, self._zstds[0])
        except (ObjectMissing, ObjectCorrupt):
            return None
        return stored

    def _stored(self, raw: bytes, length: int) -> bytes:
        tried = (packed(raw, zstd) for zstd in self._zstds)
        return _of_length(tried, length)


def _stays(pack: Pack | None) -> bool:
    return pack is not None and not pack.condemned and not pack.dropped


def _entry(pack: Pack) -> PackEntry:
    return PackEntry(pack.id, pack.key, pack.stored_bytes, pack.sha256)


def _of_length(tried: Iterable[bytes], length: int) -> bytes:
    """The one that has it, else the last."""
    stored = b""
    for stored in tried:
        if len(stored) == length:
            break
    return stored
