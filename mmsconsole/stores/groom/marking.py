"""What of a pool is needed: every snapshot with a manifest counts, whatever its state."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mmsconsole.errors import ObjectMissing
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.bits import numbers_in
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.moved import MovedBlocks
from mmsconsole.stores.blocks.moved_packs import MovedPacks
from mmsconsole.stores.blocks.packs import pack_key, read_index, sizes_of
from mmsconsole.stores.groom.grooming_plan import PackUsage
from mmsconsole.stores.groom.uses import Followed, KnownUses, Uses, followed
from mmsconsole.task import Task

PHASE = "looking for living blocks (deployments)"
NOT_MOVED: MovedBlocks = {}


@dataclass(frozen=True, slots=True)
class Mark:
    packs: dict[str, Pack]
    """The records of the pool, by id; of those made since then there may be more."""
    living: dict[str, int]
    """By pack: the blocks in it that are needed."""
    reached: frozenset[str]
    """Packs that manifests name, or that lead to one where a block lies now."""
    by_deployment: dict[str, Uses]
    """The living ones that each deployment needs."""
    snapshots: dict[str, list[Snapshot]]
    """Those that have a manifest, by deployment."""


class Marking:
    """Of one pool. mark() may be called again: what manifests use is read once."""

    def __init__(self, storage: Storage, metadata: Metadata, pool: Pool, known: KnownUses) -> None:
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._known = known

    def mark(self, task: Task) -> Mark:
        """Raises ObjectMissing or ObjectCorrupt naming the object that does not let it be told:
        a manifest, or a list of moved blocks.
        """
        packs = {pack.id: pack for pack in self._metadata.packs.of(self._pool.id)}
        snapshots = self._snapshots()
        moved, blocks = self._moved(packs), {id_: pack.blocks for id_, pack in packs.items()}
        by_deployment: dict[str, Uses] = {}
        living: dict[str, int] = {}
        reached: set[str] = set()
        for number, (deployment, found) in enumerate(snapshots.items()):
            task.report(PHASE, number, len(snapshots))
            uses = self._uses(found, blocks, task)
            lies = followed(uses, moved)
            _check_there(lies, uses, packs)
            by_deployment[deployment] = lies.living
            reached |= lies.reached
            for pack, bits in lies.living.items():
                living[pack] = living.get(pack, 0) | bits
        self._known.keep(one.manifest_key for found in snapshots.values() for one in found)
        return Mark(packs, living, frozenset(reached), by_deployment, snapshots)

    def _uses(self, found: list[Snapshot], blocks: Mapping[str, int], task: Task) -> Uses:
        """Those that are deleted meanwhile are taken out of `found`: their manifests go too."""
        while True:
            keys = [snapshot.manifest_key for snapshot in found]
            try:
                return self._known.together(self._storage, keys, blocks, task)
            except ObjectMissing:
                left = [one for one in found if self._metadata.snapshots.find(one.id) is not None]
                if len(left) == len(found):
                    raise
                found[:] = left

    def _snapshots(self) -> dict[str, list[Snapshot]]:
        others = deployments_of_others(self._metadata, self._pool)
        found: dict[str, list[Snapshot]] = {}
        for snapshot in self._metadata.snapshots.all({"manifest_key": {"$nin": ["", None]}}):
            if snapshot.deployment not in others:
                found.setdefault(snapshot.deployment, []).append(snapshot)
        return found

    def _moved(self, packs: Mapping[str, Pack]) -> Callable[[str], MovedBlocks]:
        lists = MovedPacks(self._storage)

        def moved(id_: str) -> MovedBlocks:
            pack = packs.get(id_)
            if pack is None:  # made a moment ago; or taken away before the metadata was made anew
                return _told(lists, PackEntry(id_, pack_key(self._pool.group, id_), 0, ""))
            return moved_blocks(lists, pack, packs) if pack.condemned else NOT_MOVED

        return moved


def deployments_of_others(metadata: Metadata, pool: Pool) -> set[str]:
    """Ids of those that surely belong to another pool; one that is not known may be of this."""
    return {
        one.id for one in metadata.deployments.all()
        if (one.group, one.store) != (pool.group, pool.store)
    }  # fmt: skip


def moved_blocks(lists: MovedPacks, pack: Pack, packs: Mapping[str, Pack]) -> MovedBlocks:
    """Of a condemned pack. While it is there, only what has surely been moved is believed."""
    entry = PackEntry(pack.id, pack.key, pack.stored_bytes, pack.sha256)
    if pack.dropped:
        return lists.of(entry)
    return {
        number: block for number, block in _told(lists, entry).items()
        if block.pack.id in packs and not packs[block.pack.id].dropped
    }  # fmt: skip


def _told(lists: MovedPacks, entry: PackEntry) -> MovedBlocks:
    try:
        return lists.of(entry)
    except ObjectMissing:
        return NOT_MOVED


def _check_there(lies: Followed, uses: Uses, packs: Mapping[str, Pack]) -> None:
    """Raises ObjectMissing: who guessed here would give up what somebody needs.

    A pack without a record that manifests name themselves may have been made a moment ago.
    """
    for id_, bits in lies.living.items():
        number, pack = next(numbers_in(bits)), packs.get(id_)
        if pack is not None and pack.dropped:
            what = f"is gone, and its block {number} was not moved"
            raise ObjectMissing(what, where=pack.key)
        if pack is None and id_ not in uses:
            what = f"has no record, although block {number} was moved into it"
            raise ObjectMissing(what, where=f"pack {id_}")


def usages(storage: Storage, mark: Mark) -> Iterator[PackUsage]:
    """Of the packs that are there."""
    for pack in mark.packs.values():
        if not pack.dropped:
            living = living_bytes(storage, pack, mark.living.get(pack.id, 0))
            yield PackUsage(pack.id, pack.stored_bytes, living)


def living_bytes(storage: Storage, pack: Pack, living: int) -> int:
    """What of a pack's bytes is needed; its index belongs to those that are."""
    if not living:
        return 0
    dead = ~living & (1 << pack.blocks) - 1
    if not dead:
        return pack.stored_bytes
    sizes: tuple[int, ...] = struct.unpack(f"<{pack.blocks}I", _sizes(storage, pack))
    return pack.stored_bytes - sum(sizes[number] for number in numbers_in(dead))


def _sizes(storage: Storage, pack: Pack) -> bytes:
    if len(pack.sizes) == 4 * pack.blocks:
        return pack.sizes
    return sizes_of(read_index(storage, pack.key).places)
