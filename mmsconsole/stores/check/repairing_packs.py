"""Packs that are damaged or gone, and lists of moved blocks: their blocks come together again.

look      at every image of a pack that there is: which of its blocks are right, which are needed
find      the others in other packs, or in the head's files
put       the pack as it was, if that can be made again, under its name; else its needed blocks
          into new packs, and beside it the list that tells where they are

A pack whose blocks were moved is condemned: no cut refers to it any more, and a groom removes it
when no cut runs that may have seen it before. Broken off anywhere, it is done again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.bits import bits_of, numbers_in
from mmsconsole.stores.blocks.elsewhere import Elsewhere, Found
from mmsconsole.stores.blocks.moved import MovedBlock, MovedBlocks, encoded, moved_key
from mmsconsole.stores.blocks.moved_packs import MovedPacks
from mmsconsole.stores.blocks.pack_look import NO_NAMES, Names, PackLook, image_of, index_of
from mmsconsole.stores.blocks.packing import Packing
from mmsconsole.stores.blocks.packs import PackBuilder
from mmsconsole.stores.check.needed_blocks import NeededBlocks
from mmsconsole.stores.check.remedies import Remedy
from mmsconsole.stores.groom.grooming import condemn
from mmsconsole.stores.groom.marking import moved_blocks
from mmsconsole.stores.groom.moving import moved_place
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.task import Task

BATCH_PACKS = 64
"""So many are looked for in the manifests together."""

OWN = "its own blocks"
NOT_NEEDED = "nothing: no snapshot needs it"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What of a pack can be had."""

    look: PackLook
    needed: int
    """Blocks, as bits, that no list tells of."""
    found: Mapping[int, Found]
    """Blocks that were wrong in it, by number."""
    told: MovedBlocks
    """By a list: they lie elsewhere already."""

    @property
    def lost(self) -> int:
        """Needed blocks that are nowhere, as bits."""
        had = bits_of(self.look.good) | bits_of(self.found)
        return self.needed & ~had

    @property
    def source(self) -> str:
        """Empty where nothing is left of it."""
        found = dict.fromkeys(block.source for block in self.found.values())
        own = [OWN] if self.look.good or self.told else []
        return " and ".join([*found] or own)

    def stored(self, number: int) -> Buffer | None:
        if number in self.look.good:
            return self.look.good[number]
        found = self.found.get(number)
        return None if found is None else found.stored


class PackRepair:
    """Of one pool. Nobody grooms it meanwhile."""

    def __init__(
        self, storage: Storage, metadata: Metadata, pool: Pool, others: Sequence[Storage]
    ) -> None:
        """`others`: stores that may hold the same packs."""
        self._storage = storage
        self._others = others
        self._metadata = metadata
        self._pool = pool
        self._elsewhere = Elsewhere(storage, metadata, pool)

    def run(self, packs: Sequence[Pack], task: Task, *, dry: bool) -> Iterator[Remedy]:
        """One for each. Raises DiskFull, StorageError, MetadataError, Cancelled."""
        needed = NeededBlocks(
            self._storage, self._metadata, self._pool, [pack.id for pack in packs]
        )
        needed.look(task)
        left = iter(packs)
        while batch := list(islice(left, BATCH_PACKS)):
            names = self._prepare(batch, needed, task)
            for pack in batch:
                task.check()
                yield self._repair(pack, needed, names.get(pack.id, NO_NAMES), dry=dry)

    def _prepare(
        self, packs: Sequence[Pack], needed: NeededBlocks, task: Task
    ) -> Mapping[str, Names]:
        """All that takes a walk through manifests is done once for many packs."""
        without = [pack.id for pack in packs if index_of(self._images(pack), pack) is None]
        names = needed.names(without, task)
        wanted: set[bytes] = set()
        for pack in packs:
            task.check()
            look = self._look(pack, names.get(pack.id, NO_NAMES))
            wanted.update(look.places[number].hash for number in numbers_in(look.wrong))
        self._elsewhere.look_for(wanted - {b""}, {pack.id for pack in packs}, task)
        return names

    def _images(self, pack: Pack) -> list[bytes]:
        storages = self._others if pack.dropped else [self._storage, *self._others]
        return [image_of(storage, pack) for storage in storages]

    def _look(self, pack: Pack, names: Names) -> PackLook:
        return PackLook(pack, self._pool.group, self._images(pack), names)

    def _repair(self, pack: Pack, needed: NeededBlocks, names: Names, *, dry: bool) -> Remedy:
        key = moved_key(pack.key) if pack.dropped else pack.key
        gathered = self._gather(pack, needed, names)
        whole = None if pack.dropped else self._as_it_was(gathered)
        if whole is not None:
            if not dry:
                self._storage.put(pack.key, whole)
            return Remedy(key, gathered.source)
        if not dry:
            self._move(gathered)
        source = gathered.source if gathered.needed else NOT_NEEDED
        if not gathered.lost:
            return Remedy(key, source)
        count, all_ = gathered.lost.bit_count(), gathered.needed.bit_count()
        left = (
            f"{count} of {all_} blocks that snapshots need are nowhere any more: take a new "
            "snapshot, and delete those that need them"
        )
        return Remedy(key, source, left, needed.snapshots(pack.id, gathered.lost))

    def _gather(self, pack: Pack, needed: NeededBlocks, names: Names) -> Gathered:
        look, told = self._look(pack, names), self._told(pack)
        found = {}
        for number in numbers_in(look.wrong):
            place = look.places[number]
            block = self._elsewhere.block(place) if place.hash else None
            if block is not None:
                found[number] = block
        return Gathered(look, needed.of(pack.id) & ~bits_of(told), found, told)

    def _told(self, pack: Pack) -> MovedBlocks:
        """By the list of moved blocks, of this store or another one."""
        if not (pack.condemned or pack.dropped):
            return {}
        packs = {one.id: one for one in self._metadata.packs.of(self._pool.id)}
        for storage in (self._storage, *self._others):
            with suppress(ObjectMissing, ObjectCorrupt):
                if told := moved_blocks(MovedPacks(storage), pack, packs):
                    return told
        return {}

    def _as_it_was(self, gathered: Gathered) -> list[bytes] | None:
        """The whole object, if it is the very one."""
        look = gathered.look
        builder = PackBuilder(self._pool.group, look.pack.id)
        for number, place in sorted(look.places.items()):
            stored = gathered.stored(number)
            if stored is None:
                return None
            builder.add(place.hash, bytes(stored), place.raw_bytes)
        parts = builder.parts()
        return parts if sha256_hex(parts) == look.pack.sha256 else None

    def _move(self, gathered: Gathered) -> None:
        """What is needed lies in packs that are whole, and the list tells where."""
        pack = gathered.look.pack
        if pack.dropped and gathered.lost:
            # As one that should be there: so every check finds it, until nobody needs it.
            self._metadata.packs.set(pack.id, dropped=False)
        if not pack.dropped:
            condemn(self._metadata, self._pool.id, [pack.id])
        blocks = {**gathered.told, **self._put(gathered)}
        if blocks or pack.dropped:
            whole = encoded(self._pool.group, pack.id, blocks)
            self._storage.put(moved_key(pack.key), [whole])
        self._index(gathered.look, blocks)

    def _put(self, gathered: Gathered) -> dict[int, MovedBlock]:
        """Where what is needed lies now. It is durable on return."""
        blocks, put = {}, {}
        with Packing(self._storage, self._metadata, self._pool) as packing:
            for number in numbers_in(gathered.needed & ~gathered.lost):
                found, place = gathered.found.get(number), gathered.look.places[number]
                if found is not None and found.place is not None:
                    blocks[number] = found.place
                else:
                    stored = bytes(gathered.stored(number) or b"")
                    put[number] = packing.add(place.hash, stored, place.raw_bytes)
            packing.finish()
        for number, there in put.items():
            hash_, new = gathered.look.places[number].hash, packing.stored[there.pack]
            blocks[number] = MovedBlock(hash_, new, there.offset, there.stored_bytes, there.number)
        return blocks

    def _index(self, look: PackLook, blocks: MovedBlocks) -> None:
        pool, pack = self._pool.id, look.pack.id
        places = look.places
        moved = [
            moved_place(places[number], block) for number, block in blocks.items()
            if number in places and places[number].hash == block.hash
        ]  # fmt: skip
        self._metadata.blocks.move(pool, pack, moved)
        hashes = [place.hash for place in places.values() if place.hash]
        self._metadata.blocks.forget(pool, pack, hashes)
