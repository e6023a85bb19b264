"""Following blocks whose packs a groom has taken away."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.bits import numbers_in
from mmsconsole.stores.blocks.manifest import PackEntry, PackUse
from mmsconsole.stores.blocks.moved import MovedBlock, MovedBlocks, moved_key, read_moved

HOPS_MAX = 100
"""A block is moved when most of its pack is dead, and that does not come so often."""

CACHED_BLOCKS_MAX = 200_000
"""Of all the lists that are kept together (some 50 MB)."""


class MovedPacks:
    """The lists of moved blocks, read when they are asked for. For any thread."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._cached: OrderedDict[str, MovedBlocks] = OrderedDict()
        self._blocks = 0
        self._lock = threading.Lock()

    def of(self, pack: PackEntry) -> MovedBlocks:
        """Of a pack that is gone. Raises ObjectMissing naming the pack where there is no list,
        ObjectCorrupt.
        """
        with self._lock:
            if pack.id in self._cached:
                self._cached.move_to_end(pack.id)
                return self._cached[pack.id]
        return self._read(pack)

    def block(self, pack: PackEntry, number: int, hash_: bytes) -> MovedBlock:
        """Where one block of such a pack lies now. Raises ObjectMissing, ObjectCorrupt."""
        # As long as the pack was there its list could grow: it may have been read before that.
        found = self.of(pack).get(number) or self._read(pack).get(number)
        if found is None:
            what = f"is gone, and the block {hash_.hex()} in it was not moved"
            raise ObjectMissing(what, where=pack.key)
        if found.hash != hash_:
            what = f"names another block than {hash_.hex()}"
            raise ObjectCorrupt(what, where=moved_key(pack.key))
        return found

    def _read(self, pack: PackEntry) -> MovedBlocks:
        try:
            blocks = read_moved(self._storage, moved_key(pack.key))
        except ObjectMissing as error:
            raise ObjectMissing("is not in the storage", where=pack.key) from error
        self._keep(pack.id, blocks)
        return blocks

    def _keep(self, pack: str, blocks: MovedBlocks) -> None:
        with self._lock:
            self._blocks += len(blocks) - len(self._cached.get(pack, ()))
            self._cached[pack] = blocks
            while self._blocks > CACHED_BLOCKS_MAX and len(self._cached) > 1:
                _, dropped = self._cached.popitem(last=False)
                self._blocks -= len(dropped)


def check_there(storage: Storage, moved: MovedPacks, use: PackUse, hops: int = HOPS_MAX) -> None:
    """The pack is there with its size, or else the packs that its used blocks were moved to.

    Raises ObjectMissing or ObjectCorrupt naming the object.
    """
    pack = use.entry
    try:
        if storage.size(pack.key) == pack.bytes:
            return
    except ObjectMissing:
        if hops == 0:
            raise
        lies = _moved_on(moved.of(pack), use)
    else:
        lies = _put_elsewhere(moved, use, hops)
    for there in lies:
        check_there(storage, moved, there, hops - 1)


def _put_elsewhere(moved: MovedPacks, use: PackUse, hops: int) -> list[PackUse]:
    """By a repair, what of a damaged pack is needed."""
    try:
        if hops == 0:
            raise ObjectMissing("its blocks were moved in a circle", where=use.entry.key)
        return _moved_on(moved.of(use.entry), use)
    except ObjectMissing as error:
        what = f"has not its {use.entry.bytes} bytes"
        raise ObjectCorrupt(what, where=use.entry.key) from error


def _moved_on(blocks: MovedBlocks, use: PackUse) -> list[PackUse]:
    used: dict[PackEntry, int] = {}
    for number in numbers_in(use.used):
        if number not in blocks:
            what = f"is gone, and its block {number} was not moved"
            raise ObjectMissing(what, where=use.entry.key)
        there = blocks[number]
        used[there.pack] = used.get(there.pack, 0) | 1 << there.number
    return [PackUse(pack, bits) for pack, bits in used.items()]


class PackTable:
    """Packs by number: those of a manifest, and those that their blocks were moved to."""

    def __init__(self, packs: Iterable[PackEntry]) -> None:
        self._packs = list(packs)
        self._added: dict[str, int] = {}
        self._lock = threading.Lock()

    def __getitem__(self, number: int) -> PackEntry:
        return self._packs[number]

    def number_of(self, pack: PackEntry) -> int:
        """It is put behind the others when it is asked for first."""
        with self._lock:
            if pack.id not in self._added:
                self._added[pack.id] = len(self._packs)
                self._packs.append(pack)
            return self._added[pack.id]
