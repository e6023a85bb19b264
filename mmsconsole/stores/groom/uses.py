"""Which blocks snapshots use, and where those lie now.

Of a manifest only its end is read, and that once: what it uses is kept as one number whose bits
are the blocks of the pool. So those of a hundred snapshots are brought together in milliseconds,
and a pool of a million blocks takes an eighth of a megabyte for each snapshot.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.bits import numbers_in
from mmsconsole.stores.blocks.manifest_reader import read_uses
from mmsconsole.stores.blocks.moved import MovedBlocks
from mmsconsole.stores.blocks.packs import BLOCKS_MAX
from mmsconsole.stores.blocks.used_packs import UsedPacks
from mmsconsole.task import Task

CACHE_BYTES_MAX = 256 << 20

Uses = Mapping[str, int]
"""By the id of the pack: bit n is its block n."""


@dataclass(frozen=True, slots=True)
class Followed:
    living: dict[str, int]
    """What is used, by the packs that hold it now."""
    reached: frozenset[str]
    """These packs, and those that the way to them leads through."""


def followed(uses: Uses, moved: Callable[[str], MovedBlocks]) -> Followed:
    """`moved`: where the blocks of a pack have gone; those that are not in it lie in it still."""
    living: dict[str, int] = {}
    seen: dict[str, int] = {}
    waiting = dict(uses)
    while waiting:
        pack, bits = waiting.popitem()
        new = bits & ~seen.get(pack, 0)
        seen[pack] = seen.get(pack, 0) | bits
        blocks = moved(pack)
        gone = [number for number in numbers_in(new) if number in blocks] if blocks else []
        for number in gone:
            there = blocks[number]
            waiting[there.pack.id] = waiting.get(there.pack.id, 0) | 1 << there.number
            new ^= 1 << number
        if new:
            living[pack] = living.get(pack, 0) | new
    return Followed(living, frozenset(seen))


class KnownUses:
    """What manifests use. They never change, so it is kept as long as they are asked for."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        """By the key of the manifest."""
        self._begins: dict[str, int] = {}
        """By the id of the pack: at which byte its bits begin in these numbers."""
        self._widths: dict[str, int] = {}
        """In bytes."""
        self._end = 0

    def together(
        self, storage: Storage, manifests: Iterable[str], blocks: Mapping[str, int], task: Task
    ) -> dict[str, int]:
        """What the snapshots of these manifests use. `blocks`: how many each pack has,
        as far as that is known.

        Raises ObjectMissing or ObjectCorrupt naming a manifest that can not be read: what it
        uses is then not known, and so it is not known what nobody uses.
        """
        union = 0
        for key in manifests:
            task.check()
            if key not in self._of:
                self._of[key] = self._number_of(read_uses(storage, key), blocks, key)
            union |= self._of[key]
        return self._by_pack(union)

    def keep(self, manifests: Iterable[str]) -> None:
        """Nobody will ask for any other one again."""
        kept = {key: self._of[key] for key in manifests if key in self._of}
        if len(kept) * 2 < len(self._of) or len(kept) * self._end > CACHE_BYTES_MAX:
            # Begun anew: most of the packs that are known here may be gone too.
            kept, self._begins, self._widths, self._end = {}, {}, {}, 0
        self._of = kept

    def _number_of(self, uses: UsedPacks, blocks: Mapping[str, int], key: str) -> int:
        for pack in uses.ids:
            if pack not in self._begins:
                self._make_room(pack, blocks.get(pack) or BLOCKS_MAX)
        bits = bytearray(self._end)
        for pack, used in zip(uses.ids, uses.bitmaps, strict=True):
            begin, width = self._begins[pack], len(used)
            if width > self._widths[pack]:
                raise ObjectCorrupt(f"uses blocks that {pack} has not", where=key)
            bits[begin : begin + width] = used
        return int.from_bytes(bits, "little")

    def _make_room(self, pack: str, blocks: int) -> None:
        self._begins[pack], self._widths[pack] = self._end, -(-blocks // 8)
        self._end += self._widths[pack]

    def _by_pack(self, union: int) -> dict[str, int]:
        data = union.to_bytes(self._end, "little")
        found = {
            pack: int.from_bytes(data[begin : begin + self._widths[pack]], "little")
            for pack, begin in self._begins.items()
        }
        return {pack: bits for pack, bits in found.items() if bits}
