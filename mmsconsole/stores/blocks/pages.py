"""The format of a page: some block records of a manifest, stored as a block of the pool.

u32              number of records
u32              number of packs
ids              of the packs (16 bytes each), as they are first met in the records
hashes           sha256 of the raw bytes (32 each)
packs            number of the pack in this page (u32 each); NO_PACK for a hole
offsets          in the pack (u32 each)
stored bytes     (u32 each)
numbers          of the block in its pack (u32 each)

Nothing in it depends on the manifest: where blocks have not changed, nor moved, the page has the
same bytes, and so the same name. So a snapshot stores the pages that changed, and no others.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.blocks.manifest import NO_PACK
from mmsconsole.stores.blocks.records import (
    RECORD_BYTES,
    Column,
    Records,
    decoded_records,
)
from mmsconsole.stores.blocks.used_packs import ID_BYTES

_counts = struct.Struct("<II")


class Page(NamedTuple):
    ids: list[str]
    """Of packs."""
    records: Records
    """Their packs are numbers in `ids`, or NO_PACK; whether they are is not checked here."""


def encoded_page(records: Records, ids: Sequence[str]) -> bytes:
    """`ids`: of packs, by the numbers that the records have."""
    met = [number for number in dict.fromkeys(records.packs) if number != NO_PACK]
    local = {number: at for at, number in enumerate(met)} | {NO_PACK: NO_PACK}
    packs: Column = records.packs[:0]
    packs.extend(map(local.__getitem__, records.packs))
    names = b"".join(bytes.fromhex(ids[number]) for number in met)
    return b"".join(
        [_counts.pack(records.length, len(met)), names, records._replace(packs=packs).encoded()]
    )


def decoded_page(raw: Buffer, count: int, key: str) -> Page:
    """`count`: how many records it has; `key` names the manifest. Raises ObjectCorrupt."""
    view = memoryview(raw)
    if len(view) < _counts.size:
        raise ObjectCorrupt("has a page that is too short", where=key)
    records, packs = _counts.unpack_from(view)
    start = _counts.size + packs * ID_BYTES
    if records != count or start + count * RECORD_BYTES != len(view):
        raise ObjectCorrupt("has a page of another size than it says", where=key)
    names = view[_counts.size : start].hex()
    ids = [names[at : at + 2 * ID_BYTES] for at in range(0, len(names), 2 * ID_BYTES)]
    return Page(ids, decoded_records(view[start:], count))
