"""Writing a manifest as a stream, beside the cutting, and storing it at the end."""

import hashlib
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

import bson

from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest import (
    NO_PACK,
    RECORD,
    FileEntry,
    PackEntry,
    PackUse,
    Trailer,
    entry_document,
    packs_digest,
    use_document,
)
from mmsconsole.stores.blocks.records import UsedBlocks, columns_of
from mmsconsole.stores.framing import MANIFEST, Header, frame
from mmsconsole.stores.spooled import Spool


class StoredManifest(NamedTuple):
    key: str
    sha256: str
    stored_bytes: int


class ManifestWriter:
    """Collects records and files in their order; a context manager."""

    def __init__(self, header: Header) -> None:
        self._spool = Spool("a manifest")
        self._sha256 = hashlib.sha256()
        self._files = bytearray()
        self._used = UsedBlocks()
        self._end = 0
        self.files = 0
        self.blocks = 0
        self._write(frame(MANIFEST, header))
        self._records_at = self._end

    def __enter__(self) -> "ManifestWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spool.close()

    def add_file(self, entry: FileEntry) -> None:
        self._files += bson.encode(entry_document(entry))
        self.files += 1

    def add_record(
        self, hash_: bytes, pack: int, offset: int, stored_bytes: int, number: int
    ) -> None:
        self._write(RECORD.pack(hash_, pack, offset, stored_bytes, number))
        self.blocks += 1
        if pack != NO_PACK:
            self._used.add(pack, number)

    def add_records(self, records: bytes) -> None:
        """Many, as they stand in a manifest."""
        self._write(records)
        self.blocks += len(records) // RECORD.size
        self._used.add_all(columns_of(records))

    def store(self, storage: Storage, key: str, packs: Iterable[PackEntry]) -> StoredManifest:
        """`packs` by their numbers. Durable on return. Raises DiskFull, StorageError."""
        uses = [PackUse(entry, self._used.bits(number)) for number, entry in enumerate(packs)]
        files_at = self._end
        self._write(self._files)
        packs_at = self._end
        table = b"".join(bson.encode(use_document(use)) for use in uses)
        self._write(table)
        parts = (self._records_at, files_at, packs_at, self.blocks, self.files, len(uses))
        trailer = Trailer(*parts, packs_digest(key, table), self._sha256.digest())
        self._write(trailer.encoded())
        stored_bytes = storage.put(key, self._spool)
        return StoredManifest(key, self._sha256.hexdigest(), stored_bytes)

    def _write(self, data: bytes | bytearray) -> None:
        self._spool.write(data)
        self._sha256.update(data)
        self._end += len(data)
