"""Living blocks out of condemned packs into new ones.

copy      stored bytes as they are, each block verified by its hash; new packs are durable and
          recorded
tell      the list of moved blocks beside the old pack, durable
index     places that name the old pack: to the new one, or away where nobody needs the block

Broken off at any point, it is done again: what the list tells is not copied twice.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from mmsconsole.errors import LeaseLost, ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.blocks import BlockPlace, Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.bits import numbers_in
from mmsconsole.stores.blocks.block import Place, unpacked
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.moved import MovedBlock, MovedBlocks, encoded, moved_key
from mmsconsole.stores.blocks.moved_packs import MovedPacks
from mmsconsole.stores.blocks.packing import Packing
from mmsconsole.stores.blocks.packs import PackIndex, read_index
from mmsconsole.stores.compression import Zstd
from mmsconsole.stores.groom.marking import Mark, moved_blocks
from mmsconsole.task import Task

PHASE = "grooming"
BATCH_PACKS = 64
"""So many are moved together: their blocks fill new packs, and one more at most."""
READ_BYTES = 4 << 20
GAP_BYTES = 64 << 10
"""Bytes that nobody needs are read along, if they are fewer than this."""


@dataclass(frozen=True, slots=True)
class Emptied:
    """A pack whose needed blocks have been copied."""

    pack: Pack
    index: PackIndex
    copied: dict[int, Place]
    """By number: where."""


class Moving:
    def __init__(self, storage: Storage, metadata: Metadata, pool: Pool) -> None:
        self.moved_bytes = 0
        self.damaged: dict[str, str] = {}
        """By id: why a pack can not be emptied. It stays."""
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._zstd = Zstd(checksum=False)

    def empty(self, packs: Sequence[Pack], mark: Mark, task: Task) -> None:
        """What is needed of these packs, by the mark, lies elsewhere too on return; but for
        those that are damaged. Raises DiskFull, StorageError, MetadataError, Cancelled, and
        LeaseLost where another groom of the pool has come meanwhile.
        """
        total = sum(pack.stored_bytes for pack in packs)
        done, left = 0, iter(packs)
        while batch := list(islice(left, BATCH_PACKS)):
            task.report(PHASE, done, total)
            self._empty_batch(batch, mark, task)
            done += sum(pack.stored_bytes for pack in batch)
        task.report(PHASE, total, total)

    def _empty_batch(self, packs: Sequence[Pack], mark: Mark, task: Task) -> None:
        emptied = []
        there: dict[bytes, Place] = {}
        with Packing(self._storage, self._metadata, self._pool) as packing:
            for pack in packs:
                task.check()
                try:
                    emptied.append(self._copy(pack, mark, packing, there, task))
                except (ObjectMissing, ObjectCorrupt) as error:
                    # Of one that nobody needs nothing is lost: it may be gone already.
                    if pack.id in mark.living:
                        self._check_alone(pack, [])
                        self.damaged[pack.id] = str(error)
            packing.finish()
            new = dict(packing.stored)
        for entry in new.values():
            if self._storage.size(entry.key) != entry.bytes:
                raise ObjectCorrupt(f"has not its {entry.bytes} bytes", where=entry.key)
        for one in emptied:
            task.check()
            self._check_alone(one.pack, {place.pack for place in one.copied.values()})
            self._index(one, self._tell(one, new, mark))

    def _check_alone(self, pack: Pack, new: Collection[str]) -> None:
        """Raises LeaseLost where another groom has done this meanwhile: the list that it wrote
        must not be written over, and what was copied here may be gone. `new`: ids of packs.
        """
        there = self._metadata.packs.found([pack.id, *new])
        old = there.get(pack.id)
        stays = [id_ for id_ in new if id_ in there and not there[id_].condemned]
        if old is None or old.dropped or len(stays) < len(new):
            raise LeaseLost("another groom has emptied this pack", where=pack.key)

    def _copy(
        self, pack: Pack, mark: Mark, packing: Packing, there: dict[bytes, Place], task: Task
    ) -> Emptied:
        """`there`: where blocks of this batch are by now; two packs may hold the same one."""
        index, living = read_index(self._storage, pack.key), mark.living.get(pack.id, 0)
        if living.bit_length() > len(index.places):
            raise ObjectCorrupt("has fewer blocks than are used of it", where=pack.key)
        copied: dict[int, Place] = {}
        wanted = [index.places[number] for number in numbers_in(living)]
        for stretch in stretches(wanted):
            task.check()
            start, end = stretch[0].offset, max(map(_end, stretch))
            data = memoryview(self._storage.get_range(pack.key, start, end - start))
            for block in stretch:
                if block.hash not in there:
                    stored = bytes(data[block.offset - start : _end(block) - start])
                    unpacked(stored, block.raw_bytes, block.hash, pack.key, self._zstd)
                    there[block.hash] = packing.add(block.hash, stored, block.raw_bytes)
                    self.moved_bytes += block.stored_bytes
                copied[block.number] = there[block.hash]
        return Emptied(pack, index, copied)

    def _tell(self, one: Emptied, new: Mapping[str, PackEntry], mark: Mark) -> MovedBlocks:
        """Returns the whole list: what was moved earlier is in it."""
        blocks = dict(moved_blocks(MovedPacks(self._storage), one.pack, mark.packs))
        for number, place in one.copied.items():
            hash_ = one.index.places[number].hash
            there = (place.offset, place.stored_bytes, place.number)
            blocks[number] = MovedBlock(hash_, new[place.pack], *there)
        if one.copied:
            whole = encoded(self._pool.group, one.pack.id, blocks)
            self._storage.put(moved_key(one.pack.key), [whole])
        return blocks

    def _index(self, one: Emptied, blocks: MovedBlocks) -> None:
        pool, pack, places = self._pool.id, one.pack.id, one.index.places
        moved = [moved_place(places[number], block) for number, block in blocks.items()]
        self._metadata.blocks.move(pool, pack, moved)
        self._metadata.blocks.forget(pool, pack, [place.hash for place in places])


def stretches(places: Iterable[BlockPlace]) -> Iterator[list[BlockPlace]]:
    """Blocks in order of their places, together where one read gets them. Pure."""
    stretch: list[BlockPlace] = []
    for place in sorted(places, key=lambda each: each.offset):
        if stretch and not _fits(stretch, place):
            yield stretch
            stretch = []
        stretch.append(place)
    if stretch:
        yield stretch


def _fits(stretch: Sequence[BlockPlace], place: BlockPlace) -> bool:
    near = place.offset <= _end(stretch[-1]) + GAP_BYTES
    return near and _end(place) - stretch[0].offset <= READ_BYTES


def _end(place: BlockPlace) -> int:
    return place.offset + place.stored_bytes


def moved_place(place: BlockPlace, new: MovedBlock) -> BlockPlace:
    return BlockPlace(
        place.hash, new.pack.id, new.offset, new.stored_bytes, place.raw_bytes, new.number
    )
