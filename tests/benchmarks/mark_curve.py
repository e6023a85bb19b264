"""What it costs to learn which blocks of a pool are needed, against the length of its history.

    python -m tests.benchmarks.mark_curve [BLOCKS] [SNAPSHOTS]

Simulated: manifests of which there is only the end, in memory. Each snapshot lets go of a block in
two of a hundred packs and brings a pack of its own.
"""

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.manifest import PackEntry, PackUse, Trailer, packs_digest
from mmsconsole.stores.blocks.used_packs import encoded
from mmsconsole.stores.framing import MANIFEST, frame
from mmsconsole.stores.groom.uses import KnownUses
from mmsconsole.task import Task

PACK_BLOCKS = 128
HEADER = {"block_bytes": BLOCK_BYTES, "group": "default"}


class Ends:
    """A storage of manifests' ends; of Storage it has what a mark asks for."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def add(self, key: str, uses: list[PackUse]) -> bytes:
        """A manifest without files. Returns all of it."""
        start, table = frame(MANIFEST, HEADER), encoded(uses)
        at = (len(start),) * 3
        trailer = Trailer(*at, 0, 0, 0, len(uses), packs_digest(key, table), bytes(32))
        self.objects[key] = start + table + trailer.encoded()
        return self.objects[key]

    def size(self, key: str) -> int:
        return len(self.objects[key])

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self.objects[key][offset : offset + length]


@dataclass(frozen=True, slots=True)
class Point:
    snapshots: int
    first_seconds: float
    """By who has read no manifest yet."""
    again_seconds: float
    """By who has read all of them."""
    next_seconds: float
    """By who has read all of them but the last one."""
    used: int
    """Blocks."""


def curve(blocks: int, snapshots: int, points: int) -> Iterator[Point]:
    ends, widths = Ends(), {}
    living = {name(number): (1 << PACK_BLOCKS) - 1 for number in range(blocks // PACK_BLOCKS)}
    chance = random.Random(1)
    for number in range(1, snapshots + 1):
        for pack in chance.sample(sorted(living), max(1, len(living) // 50)):
            living[pack] &= ~(1 << chance.randrange(PACK_BLOCKS))
        living[name(-number)] = (1 << PACK_BLOCKS) - 1
        widths.update(dict.fromkeys(living, PACK_BLOCKS))
        ends.add(f"m{number}", [PackUse(entry(pack), bits) for pack, bits in living.items()])
        if number % (snapshots // points) == 0:
            yield measured(ends, widths)


def measured(ends: Ends, widths: dict[str, int]) -> Point:
    keys, known, behind = list(ends.objects), KnownUses(), KnownUses()
    behind.together(ends, keys[:-1], widths, Task())  # type: ignore[arg-type]
    times = []
    for uses in (known, known, behind):
        begun = time.perf_counter()
        found = uses.together(ends, keys, widths, Task())  # type: ignore[arg-type]
        times.append(time.perf_counter() - begun)
    return Point(len(keys), *times, used=sum(bits.bit_count() for bits in found.values()))


def name(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()[:32]


def entry(pack: str) -> PackEntry:
    return PackEntry(pack, f"packs/default/{pack[:2]}/{pack}.pack", 32 << 20, "0" * 64)


def main() -> None:
    blocks, snapshots = [*map(int, sys.argv[1:]), *(1_000_000, 100)[len(sys.argv) - 1 :]]
    print(f"{blocks:,} blocks\nsnapshots  first s  again s  one more s  used blocks")
    for point in curve(blocks, snapshots, points=4):
        print(
            f"{point.snapshots:9}  {point.first_seconds:7.3f}  {point.again_seconds:7.3f}  "
            f"{point.next_seconds:10.3f}  {point.used:11,}"
        )


if __name__ == "__main__":
    main()
