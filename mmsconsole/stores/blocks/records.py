"""Many block records at one time, column by column: a head may have millions of them."""

import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from mmsconsole.rawbson import Buffer
from mmsconsole.stores.blocks.block import HASH_BYTES
from mmsconsole.stores.blocks.manifest import NO_PACK, BlockRecord

WORD_BYTES = 4
RECORD_BYTES = HASH_BYTES + 4 * WORD_BYTES
"""Of one record: the hash, and a word in each of the columns."""

Column: TypeAlias = "array[int]"


class Records(NamedTuple):
    """Some block records, in order."""

    hashes: bytes
    """HASH_BYTES of each."""
    packs: Column
    """What the numbers stand for is told by whoever holds the records."""
    offsets: Column
    stored_bytes: Column
    numbers: Column

    @property
    def length(self) -> int:
        return len(self.packs)

    def hash(self, at: int) -> bytes:
        return self.hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]

    def part(self, first: int, end: int) -> "Records":
        columns = (column[first:end] for column in self[1:])
        return Records(self.hashes[first * HASH_BYTES : end * HASH_BYTES], *columns)

    def one_by_one(self) -> Iterator[BlockRecord]:
        hashes = (self.hash(at) for at in range(self.length))
        return map(BlockRecord._make, zip(hashes, *self[1:], strict=True))

    def encoded(self) -> bytes:
        """One column after another, little-endian."""
        columns = (_little_endian(array("I", column)).tobytes() for column in self[1:])
        return b"".join([self.hashes, *columns])


def decoded_records(data: Buffer, count: int) -> Records:
    """`data` has exactly so many."""
    words = array("I")
    words.frombytes(memoryview(data)[count * HASH_BYTES :])
    words = _little_endian(words)
    columns = (words[at * count : (at + 1) * count] for at in range(4))
    return Records(bytes(memoryview(data)[: count * HASH_BYTES]), *columns)


def together(parts: Sequence[Records]) -> Records:
    if len(parts) == 1:
        return parts[0]
    columns = [array("I") for _ in range(4)]
    for part in parts:
        for column, more in zip(columns, part[1:], strict=True):
            column.extend(more)
    return Records(b"".join(part.hashes for part in parts), *columns)


def _little_endian(words: Column) -> Column:
    """To the machine's order, or back from it."""
    if sys.byteorder == "big":
        words.byteswap()
    return words


_GROWTH = 256
"""Rather many at one time: a pack's blocks are mostly met in their order."""


class PackNumbers:
    """The packs of a new manifest, numbered in the order in which they are first asked for."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        """In order."""
        self._numbers: dict[str, int] = {}

    def of(self, pack: str) -> int:
        """NO_PACK for the pack of ZERO, which is none."""
        if not pack:
            return NO_PACK
        number = self._numbers.setdefault(pack, len(self.ids))
        if number == len(self.ids):
            self.ids.append(pack)
        return number


class UsedBlocks:
    """Which blocks of which packs are referred to. Takes a byte for each block of these packs."""

    def __init__(self) -> None:
        self._flags: dict[int, bytearray] = {}

    def add(self, pack: int, number: int) -> None:
        flags = self._flags.setdefault(pack, bytearray())
        if number >= len(flags):
            flags.extend(bytes(number + _GROWTH - len(flags)))
        flags[number] = 1

    def add_all(self, records: Records) -> None:
        """Those of many records; holes are none."""
        flags = self._flags
        for pack, number in zip(records.packs, records.numbers, strict=True):
            try:
                flags[pack][number] = 1
            except (KeyError, IndexError):  # rare: a hole, a new pack, or one known less far
                if pack != NO_PACK:
                    self.add(pack, number)

    def bits(self, pack: int) -> int:
        """Bit n is the pack's block n."""
        digits = bytes(self._flags.get(pack, b"\0"))[::-1].translate(_DIGITS)
        return int(digits, 2)


_DIGITS = bytes.maketrans(b"\0\1", b"01")
