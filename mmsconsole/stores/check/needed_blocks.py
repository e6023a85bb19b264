"""Which blocks of damaged packs are needed, and by whom; which they are, where the packs can not
tell it themselves: manifests and lists do.
"""

from collections.abc import Collection, Mapping, Sequence

from mmsconsole.metadata.blocks import BlockPlace, Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.bits import bits_of
from mmsconsole.stores.blocks.head_blocks import manifest_blocks
from mmsconsole.stores.blocks.manifest import BlockRecord
from mmsconsole.stores.blocks.manifest_reader import PlacedBlock
from mmsconsole.stores.blocks.moved import MovedBlock
from mmsconsole.stores.blocks.pack_look import (
    NO_NAMES,
    Names,
    PackLook,
    image_of,
    index_of,
)
from mmsconsole.stores.check.hurt import Hurt
from mmsconsole.task import Task


class NeededBlocks:
    """Of packs that are not as they were stored: what each snapshot needs of them."""

    def __init__(
        self, storage: Storage, metadata: Metadata, pool: Pool, bad: Collection[str]
    ) -> None:
        self._storage = storage
        self._metadata = metadata
        self._hurt = Hurt(storage, metadata, pool, bad)
        self._by_snapshot: dict[str, dict[str, int]] = {}

    def look(self, task: Task) -> None:
        needed = self._hurt.needed(task)
        self._by_snapshot = {snapshot.id: packs for snapshot, packs in needed if packs}

    def of(self, pack: str) -> int:
        """The numbers of the blocks, as bits."""
        bits = 0
        for packs in self._by_snapshot.values():
            bits |= packs.get(pack, 0)
        return bits

    def snapshots(self, pack: str, wrong: int) -> tuple[str, ...]:
        """Ids of those that need one of these blocks, oldest first."""
        found = self._by_snapshot.items()
        return tuple(id_ for id_, packs in found if packs.get(pack, 0) & wrong)

    def names(self, packs: Collection[str], task: Task) -> Mapping[str, Names]:
        """Of the blocks that are needed of these packs. Manifests are read until all are known,
        the newest ones first.
        """
        names: dict[str, dict[int, BlockPlace]] = {id_: {} for id_ in packs}
        moved: dict[bytes, list[MovedBlock]] = {}
        for there in self._hurt.leading_here() if names else ():
            moved.setdefault(there.hash, []).append(there)
        for id_ in reversed(self._by_snapshot):
            snapshot = self._metadata.snapshots.find(id_)
            if snapshot is not None and self._tells_more(id_, names):
                for block in manifest_blocks(self._storage, snapshot, task, with_pages=True):
                    if block.pack in names:
                        place = _place(block, block.pack, block.record)
                        names[block.pack][place.number] = place
                    for there in moved.get(block.record.hash, ()):
                        if (pack := there.pack.id) in names:
                            names[pack][there.number] = _place(block, pack, there)
        return names

    def _tells_more(self, snapshot: str, names: Mapping[str, Names]) -> bool:
        needed = self._by_snapshot[snapshot]
        return any(
            needed[pack] & ~bits_of(known) for pack, known in names.items() if pack in needed
        )


def _place(block: PlacedBlock, pack: str, lies: BlockRecord | MovedBlock) -> BlockPlace:
    return BlockPlace(lies.hash, pack, lies.offset, lies.stored_bytes, block.raw_bytes, lies.number)


def hurt_snapshots(
    storage: Storage, metadata: Metadata, pool: Pool, packs: Sequence[Pack], task: Task
) -> dict[str, tuple[str, ...]]:
    """Ids of snapshots, oldest first, by the id of the damaged pack: those that need one of the
    blocks that are wrong in it. Where a list of moved blocks is wrong, all that are in it.
    """
    ids = [pack.id for pack in packs]
    needed = NeededBlocks(storage, metadata, pool, ids)
    needed.look(task)
    there = [pack for pack in packs if not pack.dropped]
    without = [pack.id for pack in there if index_of([image_of(storage, pack)], pack) is None]
    names = needed.names(without, task)
    found = {}
    for pack in packs:
        task.check()
        wrong = needed.of(pack.id)
        if not pack.dropped:
            image = image_of(storage, pack)
            look = PackLook(pack, pool.group, [image], names.get(pack.id, NO_NAMES))
            wrong &= ~bits_of(look.good)
        found[pack.id] = needed.snapshots(pack.id, wrong)
    return found
