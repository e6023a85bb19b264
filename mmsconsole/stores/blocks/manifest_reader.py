"""Reading a manifest as a stream: nothing of it is believed before it has been checked."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.rawbson import int32_at
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import HASH_BYTES, is_block_size, zero_hash
from mmsconsole.stores.blocks.manifest import (
    NO_PACK,
    RECORD,
    TRAILER_BYTES,
    BlockRecord,
    FileEntry,
    PackUse,
    Trailer,
    entry_of,
    packs_digest,
    use_of,
)
from mmsconsole.stores.blocks.packs import BLOCKS_MAX
from mmsconsole.stores.blocks.records import columns_of
from mmsconsole.stores.framing import (
    MANIFEST,
    PREFIX_BYTES,
    Header,
    content_start,
    decoded,
    unframe,
)
from mmsconsole.stores.verified import VerifiedObject
from mmsconsole.task import Task

_DOCUMENT_BYTES_MAX = 1 << 16
_PAGE_RECORDS = 4096


def read_uses(storage: Storage, key: str) -> list[PackUse]:
    """Which blocks the snapshot of this manifest uses, by the manifest's end alone.

    Raises ObjectMissing; ObjectCorrupt where it does not fit the digest of the packs.
    """
    end = storage.size(key) - TRAILER_BYTES
    if end < PREFIX_BYTES:
        raise ObjectCorrupt("too short to be a manifest", where=key)
    trailer = Trailer.decoded(storage.get_range(key, end, TRAILER_BYTES), end, key)
    table = storage.get_range(key, trailer.packs_at, end - trailer.packs_at)
    return _uses(table, trailer, key)


class PlacedBlock(NamedTuple):
    record: BlockRecord
    pack: str
    """Its id."""
    path: str
    offset: int
    """In the file, in bytes."""
    raw_bytes: int


class ManifestReader:
    """A manifest that is whole: its sha256, its paths and its counts are right."""

    def __init__(self, source: VerifiedObject, header: Header, trailer: Trailer) -> None:
        self.key = source.key
        self.header = header
        self.block_bytes = int(header["block_bytes"])
        self.files_count = trailer.files
        self.bytes = 0
        """Of all files together."""
        self._source = source
        self._trailer = trailer
        end = source.size - TRAILER_BYTES
        table = source.read(trailer.packs_at, end - trailer.packs_at)
        self.uses = _uses(table, trailer, self.key)
        """By number. The table is small: one entry for some hundred blocks."""
        self.packs = [use.entry for use in self.uses]
        self._ends = [pack.bytes for pack in self.packs]

    @classmethod
    def open(cls, storage: Storage, key: str, sha256: str, task: Task) -> "ManifestReader":
        """Raises ObjectMissing, ObjectCorrupt."""
        source = VerifiedObject.open(storage, key, sha256, task)
        start = content_start(source.read(0, min(PREFIX_BYTES, source.size)), MANIFEST, key)
        header = unframe(source.read(0, start), MANIFEST, key).header
        end = source.size - TRAILER_BYTES
        trailer = Trailer.decoded(source.read(end, TRAILER_BYTES), end, key)
        if trailer.records_at != start or not is_block_size(header.get("block_bytes")):
            raise ObjectCorrupt("is laid out in an unknown way", where=key)
        manifest = cls(source, header, trailer)
        manifest._check_files(task)
        return manifest

    def files(self) -> Iterator[FileEntry]:
        """In order of their paths."""
        trailer = self._trailer
        documents = _documents(
            self._source.read, trailer.files_at, trailer.packs_at, trailer.files, self.key
        )
        for document in documents:
            yield entry_of(document, FileEntry, self.key)

    def record_bytes(self, first: int, count: int) -> bytes:
        """Some block records as they stand, each of which points into a pack of the table; at
        most as many as there are. Raises ObjectCorrupt.
        """
        assert 0 <= first <= first + count <= self._trailer.blocks
        at = self._trailer.records_at + first * RECORD.size
        data = self._source.read(at, count * RECORD.size)
        self._check_records(data)
        return data

    def records(self, first: int, count: int) -> Iterator[BlockRecord]:
        """The same records, one by one."""
        return map(BlockRecord._make, RECORD.iter_unpack(self.record_bytes(first, count)))

    def blocks(self, task: Task) -> Iterator[PlacedBlock]:
        """Every block of every file, but for holes."""
        for file in self.files():
            count = file.blocks(self.block_bytes)
            for first in range(0, count, _PAGE_RECORDS):
                task.check()
                some = self.records(file.first + first, min(_PAGE_RECORDS, count - first))
                for number, record in enumerate(some, first):
                    if record.pack != NO_PACK:
                        offset = number * self.block_bytes
                        raw_bytes = min(self.block_bytes, file.size - offset)
                        pack = self.packs[record.pack].id
                        yield PlacedBlock(record, pack, file.path, offset, raw_bytes)

    def _check_records(self, data: bytes) -> None:
        zeros, ends = zero_hash(self.block_bytes), self._ends
        places = zip(*columns_of(data), strict=True)
        for at, (pack, offset, stored_bytes, number) in enumerate(places):
            if pack == NO_PACK:
                start = at * RECORD.size
                fits = data[start : start + HASH_BYTES] == zeros  # and so a whole block
            else:
                fits = (
                    pack < len(ends)
                    and 0 < stored_bytes <= self.block_bytes
                    and offset + stored_bytes <= ends[pack]
                    and number < BLOCKS_MAX
                )
            if not fits:
                raise ObjectCorrupt("places a block where none can be", where=self.key)

    def _check_files(self, task: Task) -> None:
        before, blocks = "", 0
        for entry in self.files():
            task.check()
            if entry.path.encode() <= before.encode() or entry.first != blocks:
                raise ObjectCorrupt(f"lists {entry.path!r} out of order", where=self.key)
            before, blocks = entry.path, blocks + entry.blocks(self.block_bytes)
            self.bytes += entry.size
        if blocks != self._trailer.blocks:
            raise ObjectCorrupt("has another number of blocks than its files", where=self.key)


def _uses(table: bytes, trailer: Trailer, key: str) -> list[PackUse]:
    if packs_digest(key, table) != trailer.packs_digest:
        raise ObjectCorrupt("its list of packs differs from its sha256", where=key)

    def read(at: int, length: int) -> bytes:
        return table[at : at + length]

    return [use_of(each, key) for each in _documents(read, 0, len(table), trailer.packs, key)]


def _documents(
    read: Callable[[int, int], bytes], at: int, end: int, count: int, key: str
) -> Iterator[Header]:
    for _ in range(count):
        length = int32_at(read(at, min(4, end - at)).ljust(4, b"\0"), 0)
        if not 0 < length <= min(_DOCUMENT_BYTES_MAX, end - at):
            raise ObjectCorrupt("is cut off inside of a list", where=key)
        yield decoded(read(at, length), key)
        at += length
    if at != end:
        raise ObjectCorrupt("has more in a list than it counts", where=key)
