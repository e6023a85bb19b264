"""Writing a manifest: collected beside the cutting, and stored at the end."""

import hashlib
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

import bson

from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest import (
    NO_PACK,
    PAGE_REF,
    FileEntry,
    PackEntry,
    PackUse,
    Trailer,
    entry_document,
    packs_digest,
)
from mmsconsole.stores.blocks.page_writer import PageWriter
from mmsconsole.stores.blocks.records import Records, UsedBlocks
from mmsconsole.stores.blocks.used_packs import encoded
from mmsconsole.stores.framing import MANIFEST, Header, frame
from mmsconsole.stores.objects import sha256_hex


class StoredManifest(NamedTuple):
    key: str
    sha256: str
    stored_bytes: int


class ManifestWriter:
    """Collects files and the records of their blocks, in order; a context manager."""

    def __init__(self, header: Header, pages: PageWriter) -> None:
        self.pages = pages
        self.files = 0
        self._block_bytes = header["block_bytes"]
        self._start = frame(MANIFEST, header)
        self._files = bytearray()
        self._used = UsedBlocks()

    def __enter__(self) -> "ManifestWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pages.close()

    def add_file(self, entry: FileEntry) -> None:
        """Maybe long before the records of its blocks."""
        self._files += bson.encode(entry_document(entry))
        self.files += 1

    def begin(self, entry: FileEntry) -> None:
        """The records that follow are those of this file."""
        self.pages.begin(entry.path, entry.blocks(self._block_bytes))

    def add_record(
        self, hash_: bytes, pack: int, offset: int, stored_bytes: int, number: int
    ) -> None:
        self.pages.add(hash_, pack, offset, stored_bytes, number)
        if pack != NO_PACK:
            self._used.add(pack, number)

    def add_records(self, records: Records) -> None:
        """Many, with the pack numbers of this manifest."""
        self.pages.add_all(records)
        self._used.add_all(records)

    def store(self, storage: Storage, key: str, packs: Iterable[PackEntry]) -> StoredManifest:
        """All pages are stored. `packs` by their numbers; they are asked for when all numbers are
        given. Durable on return. Raises DiskFull, StorageError.
        """
        refs = list(self.pages.refs())
        for ref in refs:
            self._used.add(ref.pack, ref.number)
        uses = [PackUse(entry, self._used.bits(number)) for number, entry in enumerate(packs)]
        pages, table = b"".join(PAGE_REF.pack(*ref) for ref in refs), encoded(uses)
        files_at = len(self._start) + len(pages)
        places = (len(self._start), files_at, files_at + len(self._files))
        counts = (self.pages.blocks, len(refs), self.files, len(uses))
        parts: list[bytes | bytearray] = [self._start, pages, self._files, table]
        digest = hashlib.sha256(b"".join(parts)).digest()
        parts.append(Trailer(*places, *counts, packs_digest(key, table), digest).encoded())
        return StoredManifest(key, sha256_hex(parts), storage.put(key, parts))
