"""The format of a manifest's table of packs: column by column, since there may be many thousands.

ids       the bytes of each id (16)
sizes     bytes of the whole object (u64)
digests   sha256 of the whole object (32)
widths    bytes of its bitmap (u16)
bitmaps   the blocks that the snapshot uses: bit n % 8 of byte n // 8 is the pack's block n; bytes
          of zeros at its end are left out
"""

import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.stores.blocks.manifest import SIZE_MAX, PackEntry, PackUse
from mmsconsole.stores.blocks.packs import BLOCKS_MAX, pack_key

ID_BYTES = 16
_SHA256_BYTES = 32
_FIXED_BYTES = ID_BYTES + 8 + _SHA256_BYTES + 2
"""Of one pack, without its bitmap."""


class UsedPacks(NamedTuple):
    """By their numbers."""

    ids: list[str]
    sizes: Sequence[int]
    digests: bytes
    bitmaps: list[bytes]

    def entries(self, group: str) -> list[PackEntry]:
        """`group`: of the snapshot."""
        digests = self.digests.hex()
        return [
            PackEntry(
                id_, pack_key(group, id_), size,
                digests[2 * _SHA256_BYTES * number : 2 * _SHA256_BYTES * (number + 1)],
            )
            for number, (id_, size) in enumerate(zip(self.ids, self.sizes, strict=True))
        ]  # fmt: skip

    def bits(self) -> Iterator[int]:
        return (int.from_bytes(bitmap, "little") for bitmap in self.bitmaps)

    def by_id(self) -> dict[str, int]:
        return dict(zip(self.ids, self.bits(), strict=True))


def encoded(uses: Sequence[PackUse]) -> bytes:
    sizes = array("Q", (use.entry.bytes for use in uses))
    bitmaps = [use.used.to_bytes(-(-use.used.bit_length() // 8), "little") for use in uses]
    widths = array("H", map(len, bitmaps))
    ids = b"".join(bytes.fromhex(use.entry.id) for use in uses)
    digests = b"".join(bytes.fromhex(use.entry.sha256) for use in uses)
    assert (len(ids), len(digests)) == (ID_BYTES * len(uses), _SHA256_BYTES * len(uses))
    parts = (ids, _little_endian(sizes).tobytes(), digests, _little_endian(widths).tobytes())
    return b"".join([*parts, *bitmaps])


def decoded(data: bytes, count: int, key: str) -> UsedPacks:
    """`key` names the manifest in errors. Raises ObjectCorrupt."""
    if len(data) < count * _FIXED_BYTES:
        raise ObjectCorrupt("is cut off inside of its list of packs", where=key)
    sizes_at = count * ID_BYTES
    digests_at = sizes_at + count * 8
    widths_at = digests_at + count * _SHA256_BYTES
    bitmaps_at = widths_at + count * 2
    hexed = data[:sizes_at].hex()
    ids = [hexed[at : at + 2 * ID_BYTES] for at in range(0, len(hexed), 2 * ID_BYTES)]
    sizes = _column("Q", data[sizes_at:digests_at])
    widths = _column("H", data[widths_at:bitmaps_at])
    ends = list(accumulate(widths, initial=bitmaps_at))
    fits = max(widths, default=0) * 8 <= BLOCKS_MAX and max(sizes, default=0) <= SIZE_MAX
    if ends[-1] != len(data) or not fits or len(set(ids)) != count:
        raise ObjectCorrupt("lists packs in a way that can not be", where=key)
    bitmaps = [data[start:end] for start, end in pairwise(ends)]
    return UsedPacks(ids, sizes, data[digests_at:widths_at], bitmaps)


def _column(kind: str, data: bytes) -> "array[int]":
    column: array[int] = array(kind)
    column.frombytes(data)
    return _little_endian(column)


def _little_endian(column: "array[int]") -> "array[int]":
    """To the machine's order, or back from it."""
    if sys.byteorder == "big":
        column.byteswap()
    return column
