"""Many block records at one time, column by column: a head may have millions of them."""

import sys
from array import array
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from mmsconsole.rawbson import Buffer
from mmsconsole.stores.blocks.manifest import NO_PACK, RECORD

_WORDS = RECORD.size // 4
"""A record is so many u32, the first eight of which are the hash."""

Column: TypeAlias = "array[int]"


class Columns(NamedTuple):
    """Of each record, in order."""

    packs: Column
    offsets: Column
    stored_bytes: Column
    numbers: Column


def columns_of(records: Buffer) -> Columns:
    words = _words(records)
    return Columns(*(words[column::_WORDS] for column in range(8, _WORDS)))


def with_columns(records: Buffer, columns: Columns) -> bytes:
    """The same records with other places."""
    words = _words(records)
    for column, values in enumerate(columns, 8):
        words[column::_WORDS] = values
    return _little_endian(words).tobytes()


def _words(records: Buffer) -> Column:
    words = array("I")
    words.frombytes(records)
    return _little_endian(words)


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
        self._numbers: dict[str, int] = {}

    def of(self, pack: str) -> int:
        """NO_PACK for the pack of ZERO, which is none."""
        return self._numbers.setdefault(pack, len(self._numbers)) if pack else NO_PACK

    def __iter__(self) -> Iterator[str]:
        """Their ids, in order."""
        return iter(self._numbers)


class UsedBlocks:
    """Which blocks of which packs are referred to. Takes a byte for each block of these packs."""

    def __init__(self) -> None:
        self._flags: dict[int, bytearray] = {}

    def add(self, pack: int, number: int) -> None:
        flags = self._flags.setdefault(pack, bytearray())
        if number >= len(flags):
            flags.extend(bytes(number + _GROWTH - len(flags)))
        flags[number] = 1

    def add_all(self, columns: Columns) -> None:
        """Those of many records; holes are none."""
        flags = self._flags
        for pack, number in zip(columns.packs, columns.numbers, strict=True):
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
