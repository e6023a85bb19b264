"""The blocks of a read, verified, from wherever they can be had.

the pack            where the manifest says
the list beside it  where a groom has moved them to, or a repair has put them, when the pack is
                    gone or a block in it is wrong
the second store    the same pack there
"""

from collections.abc import Iterator
from operator import attrgetter

from mmsconsole.errors import ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.storage.fallback import FallbackStorage, second_of, tell_second
from mmsconsole.stores.blocks.block import unpacked
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.moved_packs import HOPS_MAX, MovedPacks, PackTable
from mmsconsole.stores.blocks.reads import Read, Wanted, coalesced, portions
from mmsconsole.stores.compression import Zstd

Fetched = tuple[list[Wanted], list[Buffer]]
"""Blocks, and the raw bytes of each."""


class Fetching:
    """For any thread."""

    def __init__(self, storage: Storage, packs: PackTable) -> None:
        self._storage = storage
        self._second = second_of(storage)
        # A pack that the first store has not is followed there, before the second one's is taken.
        self._as_it_is = storage.but_missing() if isinstance(storage, FallbackStorage) else storage
        self._packs = packs
        self._moved = MovedPacks(storage)
        self._zstd = Zstd(checksum=False)
        self._followed: set[str] = set()
        """Ids of packs that are gone; a list tells where to."""
        self._moved_away: set[str] = set()
        """Ids of packs that are gone, and a list tells where to."""
        self._only_second: set[str] = set()
        """Ids of packs that are gone from the first store, and nothing tells where to."""

    def blocks(self, read: Read, hops: int = HOPS_MAX) -> Iterator[Fetched]:
        """All that are wanted, in parts.

        Raises ObjectMissing, ObjectCorrupt, StorageError.
        """
        pack = self._packs[read.pack]
        if hops == 0:
            raise ObjectMissing("its blocks were moved in a circle", where=pack.key)
        try:
            data = self._data(pack, read)
        except ObjectCorrupt as error:
            yield read.blocks, [self._again(block, error, hops) for block in read.blocks]
        except StorageError as error:
            yield from self._gone(pack, read, error, hops)
        else:
            for part in portions(read.blocks):
                yield part, [self._raw(block, data, read.start, hops) for block in part]

    def _data(self, pack: PackEntry, read: Read) -> memoryview:
        if pack.id in self._followed:
            raise ObjectMissing("was gone before", where=pack.key)
        storage = self._storage if pack.id in self._only_second else self._as_it_is
        return memoryview(storage.get_range(pack.key, read.start, read.end - read.start))

    def _gone(
        self, pack: PackEntry, read: Read, error: StorageError, hops: int
    ) -> Iterator[Fetched]:
        """Not there; or the first store is away, and the second one has it not."""
        away = not isinstance(error, ObjectMissing)
        if away and self._second is None:
            raise error
        try:
            blocks = sorted(map(self._moved_on, read.blocks), key=attrgetter("pack", "offset"))
        except ObjectMissing as missing:
            if away:
                raise error from missing
            if self._second is None:
                raise
            yield self._from_second(pack, read, hops)
            return
        self._followed.add(pack.id)
        if isinstance(error, ObjectMissing):
            self._moved_away.add(pack.id)
        for moved in coalesced(blocks):
            yield from self.blocks(moved, hops - 1)

    def _from_second(self, pack: PackEntry, read: Read, hops: int) -> Fetched:
        data = memoryview(self._storage.get_range(pack.key, read.start, read.end - read.start))
        self._only_second.add(pack.id)
        return read.blocks, [self._raw(block, data, read.start, hops) for block in read.blocks]

    def _moved_on(self, block: Wanted) -> Wanted:
        there = self._moved.block(self._packs[block.pack], block.number, block.hash)
        return block._replace(
            pack=self._packs.number_of(there.pack), offset=there.offset,
            stored_bytes=there.stored_bytes, number=there.number,
        )  # fmt: skip

    def _raw(self, block: Wanted, data: memoryview, start: int, hops: int) -> Buffer:
        stored = data[block.offset - start : block.end - start]
        try:
            return self._unpacked(block, stored)
        except ObjectCorrupt as error:
            return self._again(block, error, hops)

    def _unpacked(self, block: Wanted, stored: Buffer) -> Buffer:
        key = self._packs[block.pack].key
        return unpacked(stored, block.raw_bytes, block.hash, key, self._zstd)

    def _again(self, block: Wanted, error: ObjectCorrupt, hops: int) -> Buffer:
        """A block that is wrong in its pack. Raises `error` where it is nowhere else."""
        try:
            return self._in_second(block) or self._where_it_was_put(block, hops)
        except StorageError as other:
            raise error from other

    def _in_second(self, block: Wanted) -> Buffer | None:
        if self._second is None:
            return None
        key = self._packs[block.pack].key
        try:
            stored = self._second.get_range(key, block.offset, block.stored_bytes)
            raw = self._unpacked(block, stored)
        except StorageError:
            return None  # there is one more way
        tell_second(self._storage, key)
        return raw

    def _where_it_was_put(self, block: Wanted, hops: int) -> Buffer:
        there = self._moved_on(block)
        read = Read(there.pack, there.offset, there.end, there.raw_bytes, [there])
        ((_, (raw,)),) = self.blocks(read, hops - 1)
        return raw
