"""Writing a manifest as a stream, beside the cutting, and storing it at the end."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, NamedTuple

import bson

from mmsconsole.durable import disk_errors
from mmsconsole.storage.base import Storage
from mmsconsole.stores.framing import MANIFEST, Header, frame
from mmsconsole.stores.manifest import RECORD, FileEntry, PackEntry, Trailer, entry_document

_MEMORY_BYTES = 8 << 20
"""A larger manifest waits in a temporary file until it is stored (a head above 40 GB)."""

_PART_BYTES = 1 << 20


class StoredManifest(NamedTuple):
    key: str
    sha256: str
    stored_bytes: int


class ManifestWriter:
    """Collects records and files in their order; a context manager."""

    def __init__(self, header: Header) -> None:
        self._spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115
        self._sha256 = hashlib.sha256()
        self._files = bytearray()
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

    def add_record(self, hash_: bytes, pack: int, offset: int, stored_bytes: int) -> None:
        self._write(RECORD.pack(hash_, pack, offset, stored_bytes))
        self.blocks += 1

    def store(self, storage: Storage, key: str, packs: Iterable[PackEntry]) -> StoredManifest:
        """Durable on return. Raises DiskFull, StorageError."""
        files_at = self._end
        self._write(self._files)
        packs_at, count = self._end, 0
        for entry in packs:
            self._write(bson.encode(entry_document(entry)))
            count += 1
        parts = (self._records_at, files_at, packs_at, self.blocks, self.files, count)
        self._write(Trailer(*parts, self._sha256.digest()).encoded())
        stored_bytes = storage.put(key, _Parts(self._spool))
        return StoredManifest(key, self._sha256.hexdigest(), stored_bytes)

    def _write(self, data: bytes | bytearray) -> None:
        with disk_errors("temporary file of a manifest"):
            self._spool.write(data)
        self._sha256.update(data)
        self._end += len(data)


class _Parts:
    """What the spool holds; may be gone through several times, as a storage that retries does."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool

    def __iter__(self) -> Iterator[bytes]:
        self._spool.seek(0)
        while part := self._spool.read(_PART_BYTES):
            yield part
