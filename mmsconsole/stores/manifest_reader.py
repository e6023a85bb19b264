"""Reading a manifest as a stream: nothing of it is believed before it has been checked."""

from collections.abc import Iterator

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.rawbson import int32_at
from mmsconsole.storage.base import Storage
from mmsconsole.stores.block import BLOCK_BYTES, ZERO_HASH
from mmsconsole.stores.framing import (
    MANIFEST,
    PREFIX_BYTES,
    Header,
    content_start,
    decoded,
    unframe,
)
from mmsconsole.stores.manifest import (
    NO_PACK,
    RECORD,
    TRAILER_BYTES,
    BlockRecord,
    FileEntry,
    PackEntry,
    Trailer,
    entry_of,
)
from mmsconsole.stores.verified import VerifiedObject
from mmsconsole.task import Task

_DOCUMENT_BYTES_MAX = 1 << 16


class ManifestReader:
    """A manifest that is whole: its sha256, its paths and its counts are right."""

    def __init__(self, source: VerifiedObject, header: Header, trailer: Trailer) -> None:
        self.key = source.key
        self.header = header
        self.files_count = trailer.files
        self.bytes = 0
        """Of all files together."""
        self._source = source
        self._trailer = trailer
        self.packs = [entry_of(d, PackEntry, self.key) for d in self._pack_documents()]
        """By number. The table is small: one entry for some hundred blocks."""

    @classmethod
    def open(cls, storage: Storage, key: str, sha256: str, task: Task) -> "ManifestReader":
        """Raises ObjectMissing, ObjectCorrupt."""
        source = VerifiedObject.open(storage, key, sha256, task)
        start = content_start(source.read(0, min(PREFIX_BYTES, source.size)), MANIFEST, key)
        header = unframe(source.read(0, start), MANIFEST, key).header
        end = source.size - TRAILER_BYTES
        trailer = Trailer.decoded(source.read(end, TRAILER_BYTES), end, key)
        if trailer.records_at != start or header.get("block_bytes") != BLOCK_BYTES:
            raise ObjectCorrupt("is laid out in an unknown way", where=key)
        manifest = cls(source, header, trailer)
        manifest._check_files(task)
        return manifest

    def files(self) -> Iterator[FileEntry]:
        """In order of their paths."""
        trailer = self._trailer
        for document in self._documents(trailer.files_at, trailer.packs_at, trailer.files):
            yield entry_of(document, FileEntry, self.key)

    def record_bytes(self, first: int, count: int) -> bytes:
        """Some block records as they stand; at most as many as there are."""
        assert 0 <= first <= first + count <= self._trailer.blocks
        at = self._trailer.records_at + first * RECORD.size
        return self._source.read(at, count * RECORD.size)

    def records(self, first: int, count: int) -> Iterator[BlockRecord]:
        """Some block records, each of which points into a pack of the table."""
        for values in RECORD.iter_unpack(self.record_bytes(first, count)):
            record = BlockRecord(*values)
            self._check_record(record)
            yield record

    def _check_record(self, record: BlockRecord) -> None:
        if record.pack == NO_PACK:
            fits = record.hash == ZERO_HASH  # and so a whole block
        else:
            fits = (
                record.pack < len(self.packs)
                and 0 < record.stored_bytes <= BLOCK_BYTES
                and record.offset + record.stored_bytes <= self.packs[record.pack].bytes
            )
        if not fits:
            raise ObjectCorrupt("places a block where none can be", where=self.key)

    def _check_files(self, task: Task) -> None:
        before, blocks = "", 0
        for entry in self.files():
            task.check()
            if entry.path.encode() <= before.encode() or entry.first != blocks:
                raise ObjectCorrupt(f"lists {entry.path!r} out of order", where=self.key)
            before, blocks = entry.path, blocks + entry.blocks
            self.bytes += entry.size
        if blocks != self._trailer.blocks:
            raise ObjectCorrupt("has another number of blocks than its files", where=self.key)

    def _pack_documents(self) -> Iterator[Header]:
        trailer = self._trailer
        end = self._source.size - TRAILER_BYTES
        return self._documents(trailer.packs_at, end, trailer.packs)

    def _documents(self, at: int, end: int, count: int) -> Iterator[Header]:
        for _ in range(count):
            length = int32_at(self._source.read(at, min(4, end - at)).ljust(4, b"\0"), 0)
            if not 0 < length <= min(_DOCUMENT_BYTES_MAX, end - at):
                raise ObjectCorrupt("is cut off inside of a list", where=self.key)
            yield decoded(self._source.read(at, length), self.key)
            at += length
        if at != end:
            raise ObjectCorrupt("has more in a list than it counts", where=self.key)
