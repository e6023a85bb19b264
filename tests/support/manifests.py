"""Manifests made by hand: of any files, pages and packs, also of such as can not be."""

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import bson

from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import BLOCK_BYTES, Place, hash_of
from mmsconsole.stores.blocks.manifest import (
    PAGE_REF,
    FileEntry,
    PackEntry,
    PackUse,
    PageRef,
    Trailer,
    entry_document,
    packs_digest,
)
from mmsconsole.stores.blocks.manifest_writer import ManifestWriter, StoredManifest
from mmsconsole.stores.blocks.packs import PackBuilder
from mmsconsole.stores.blocks.page_writer import PageWriter
from mmsconsole.stores.blocks.records import PackNumbers, Records
from mmsconsole.stores.blocks.used_packs import encoded
from mmsconsole.stores.framing import MANIFEST, Header, frame
from mmsconsole.stores.objects import sha256_hex

Record = tuple[bytes, int, int, int, int]
"""hash, number of the pack in the manifest, offset, stored bytes, number of the block"""

GROUP = "default"
RECORDS_MAX = 1 << 30
PAGES = "9a" * 16
"""Id of the pack that holds the pages."""


def id_of(number: int) -> str:
    """Of a pack."""
    return f"{number:032x}"


def entry_of_pack(id_: str, size: int = 1000) -> PackEntry:
    return PackEntry(id_, f"packs/{GROUP}/{id_[:2]}/{id_}.pack", size, "00" * 32)


def columns_of(values: Sequence[Record]) -> Records:
    return Records(
        b"".join(each[0] for each in values),
        *(array("I", (each[at] for each in values)) for at in range(1, 5)),
    )


def put_pack(storage: Storage, pack: PackBuilder) -> PackEntry:
    parts = pack.parts()
    return PackEntry(pack.id, pack.key, storage.put(pack.key, parts), sha256_hex(parts))


def written(
    storage: Storage, key: str, header: Header, files: Iterable[FileEntry],
    records: Iterable[Record], packs: Sequence[PackEntry] = (),
) -> StoredManifest:  # fmt: skip
    """By the writer, with its pages in a pack of their own."""
    numbers = PackNumbers()
    for pack in packs:
        numbers.of(pack.id)
    builder = PackBuilder(GROUP, PAGES)
    with ManifestWriter(header, PageWriter(numbers)) as writer:
        left = iter(records)
        for entry in files:
            writer.add_file(entry)
            writer.begin(entry)
            for record in islice(left, min(entry.blocks(BLOCK_BYTES), RECORDS_MAX)):
                writer.add_record(*record)
        for record in left:
            writer.add_record(*record)
        writer.pages.store(lambda hash_, raw: _placed(builder, hash_, raw))
        pages = [put_pack(storage, builder)] if builder.places else []
        return writer.store(storage, key, [*packs, *pages])


def _placed(builder: PackBuilder, hash_: bytes, raw: bytes) -> Place:
    at = builder.add(hash_, raw, len(raw))
    return Place(at.pack, at.offset, at.stored_bytes, at.number)


class RawPage(NamedTuple):
    raw: bytes
    records: int
    """That the manifest says to be in it."""


def made(
    storage: Storage, key: str, header: Header, files: Sequence[FileEntry],
    pages: Sequence[RawPage], packs: Sequence[PackEntry] = (),
    **lies: int,
) -> StoredManifest:  # fmt: skip
    """Of these very pages. `lies`: what every reference to a page says otherwise."""
    builder = PackBuilder(GROUP, PAGES)
    refs = []
    for page in pages:
        place = builder.add(hash_of(page.raw), page.raw, len(page.raw))
        ref = PageRef(
            place.hash, len(packs), place.offset, place.stored_bytes, place.number,
            place.raw_bytes, page.records,
        )  # fmt: skip
        refs.append(PAGE_REF.pack(*ref._replace(**lies)))  # type: ignore[arg-type]
    held = [*packs, put_pack(storage, builder)]
    table = encoded([PackUse(pack, 1) for pack in held])
    start, listed = frame(MANIFEST, header), b"".join(refs)
    documents = b"".join(bson.encode(entry_document(entry)) for entry in files)
    files_at = len(start) + len(listed)
    blocks = sum(lies.get("records", page.records) for page in pages)
    before = b"".join([start, listed, documents, table])
    trailer = Trailer(
        len(start), files_at, files_at + len(documents), blocks, len(refs), len(files), len(held),
        packs_digest(key, table), hashlib.sha256(before).digest(),
    )  # fmt: skip
    parts = [before, trailer.encoded()]
    return StoredManifest(key, sha256_hex(parts), storage.put(key, parts))
