"""Reading a manifest: nothing of it is believed before it has been checked."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.rawbson import int32_at
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import is_block_size
from mmsconsole.stores.blocks.manifest import (
    NO_PACK,
    PAGE_BYTES_MAX,
    PAGE_REF,
    TRAILER_BYTES,
    BlockRecord,
    FileEntry,
    PackEntry,
    PackUse,
    PageRef,
    Trailer,
    entry_of,
    packs_digest,
)
from mmsconsole.stores.blocks.packs import BLOCKS_MAX
from mmsconsole.stores.blocks.page_reader import PageReader
from mmsconsole.stores.blocks.records import Records, together
from mmsconsole.stores.blocks.used_packs import UsedPacks
from mmsconsole.stores.blocks.used_packs import decoded as decoded_uses
from mmsconsole.stores.framing import (
    MANIFEST,
    PREFIX_BYTES,
    Header,
    content_start,
    decoded,
    unframe,
)
from mmsconsole.stores.objects import is_plain_id
from mmsconsole.stores.verified import VerifiedObject
from mmsconsole.task import Task

_DOCUMENT_BYTES_MAX = 1 << 16


def read_uses(storage: Storage, key: str) -> UsedPacks:
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
    """Empty: it is a page."""
    offset: int
    """In the file, in bytes."""
    raw_bytes: int


class ManifestReader:
    """A manifest that is whole: its sha256, its paths and its counts are right. The pages are read
    when they are asked for. For one thread.
    """

    def __init__(
        self, storage: Storage, source: VerifiedObject, header: Header, trailer: Trailer
    ) -> None:
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
        self._storage = storage
        self._used = _uses(table, trailer, self.key)
        self.pages = self._page_refs()
        """In order."""
        counts = (page.records for page in self.pages)
        self._firsts = list(accumulate(counts, initial=0))

    @classmethod
    def open(cls, storage: Storage, key: str, sha256: str, task: Task) -> "ManifestReader":
        """Raises ObjectMissing, ObjectCorrupt."""
        source = VerifiedObject.open(storage, key, sha256, task)
        start = content_start(source.read(0, min(PREFIX_BYTES, source.size)), MANIFEST, key)
        header = unframe(source.read(0, start), MANIFEST, key).header
        end = source.size - TRAILER_BYTES
        trailer = Trailer.decoded(source.read(end, TRAILER_BYTES), end, key)
        group, known = header.get("group"), is_block_size(header.get("block_bytes"))
        known = known and isinstance(group, str) and is_plain_id(group)
        if trailer.pages_at != start or not known:
            raise ObjectCorrupt("is laid out in an unknown way", where=key)
        manifest = cls(storage, source, header, trailer)
        manifest._check_files(task)
        return manifest

    @cached_property
    def packs(self) -> list[PackEntry]:
        """By number. One for some hundred blocks."""
        return self._used.entries(self.header["group"])

    @cached_property
    def uses(self) -> list[PackUse]:
        return [PackUse(*each) for each in zip(self.packs, self._used.bits(), strict=True)]

    @cached_property
    def _reader(self) -> PageReader:
        return PageReader(self._storage, self.key, self.block_bytes, self.packs, self.pages)

    @property
    def stored_bytes(self) -> int:
        return self._source.size

    @property
    def wrong_pages(self) -> set[bytes]:
        """Hashes of the pages that could not be read so far."""
        return self._reader.wrong

    def files(self) -> Iterator[FileEntry]:
        """In order of their paths."""
        trailer = self._trailer
        at, end = trailer.files_at, trailer.packs_at
        for _ in range(trailer.files):
            prefix = self._source.read(at, min(4, end - at))
            length = int32_at(prefix.ljust(4, b"\0"), 0)
            if not 0 < length <= min(_DOCUMENT_BYTES_MAX, end - at):
                raise ObjectCorrupt("is cut off inside of a list", where=self.key)
            document = decoded(self._source.read(at, length), self.key)
            yield entry_of(document, FileEntry, self.key)
            at += length
        if at != end:
            raise ObjectCorrupt("has more in a list than it counts", where=self.key)

    def some(self, first: int, count: int) -> Records:
        """Some block records, each of which points into a pack of the table; at most as many as
        there are. Raises ObjectMissing or ObjectCorrupt where a page can not be read.
        """
        return together([self._part(*part) for part in self._parts(first, count)])

    def records(self, first: int, count: int) -> Iterator[BlockRecord]:
        """The same records, one by one; page by page."""
        for part in self._parts(first, count):
            yield from self._part(*part).one_by_one()

    def blocks(self, task: Task, *, passing_over: bool = False) -> Iterator[PlacedBlock]:
        """Every block of every file, but for holes. `passing_over`: pages that can not be read."""
        for file in self.files():
            for page, first, end in self._parts(file.first, file.blocks(self.block_bytes)):
                task.check()
                try:
                    records = self._part(page, first, end)
                except (ObjectMissing, ObjectCorrupt):
                    if not passing_over:
                        raise
                    continue
                yield from self._placed(file, self._firsts[page] + first - file.first, records)

    def page_blocks(self) -> Iterator[PlacedBlock]:
        """The pages, as the blocks that they are."""
        for page in self.pages:
            record = BlockRecord(page.hash, page.pack, page.offset, page.stored_bytes, page.number)
            yield PlacedBlock(record, self.packs[page.pack].id, "", 0, page.raw_bytes)

    def _placed(self, file: FileEntry, number: int, records: Records) -> Iterator[PlacedBlock]:
        """`number`: of the first of these blocks in the file."""
        for at, record in enumerate(records.one_by_one(), number):
            if record.pack != NO_PACK:
                offset = at * self.block_bytes
                raw_bytes = min(self.block_bytes, file.size - offset)
                yield PlacedBlock(record, self.packs[record.pack].id, file.path, offset, raw_bytes)

    def _parts(self, first: int, count: int) -> Iterator[tuple[int, int, int]]:
        """(page, from, to) of these records."""
        end = first + count
        assert 0 <= first <= end <= self._trailer.blocks
        page = bisect_right(self._firsts, first) - 1
        while first < end:
            begin, until = self._firsts[page], min(end, self._firsts[page + 1])
            yield page, first - begin, until - begin
            first, page = until, page + 1

    def _part(self, page: int, first: int, end: int) -> Records:
        return self._reader.records(page).part(first, end)

    def _page_refs(self) -> list[PageRef]:
        trailer = self._trailer
        data = self._source.read(trailer.pages_at, trailer.files_at - trailer.pages_at)
        refs = [PageRef(*values) for values in PAGE_REF.iter_unpack(data)]
        if not all(map(self._fits, refs)):
            raise ObjectCorrupt("places a page where none can be", where=self.key)
        if sum(ref.records for ref in refs) != trailer.blocks:
            raise ObjectCorrupt("has another number of blocks than its pages", where=self.key)
        return refs

    def _fits(self, page: PageRef) -> bool:
        return (
            page.pack < len(self._used.sizes)
            and 0 < page.stored_bytes <= page.raw_bytes <= PAGE_BYTES_MAX
            and page.offset + page.stored_bytes <= self._used.sizes[page.pack]
            and page.number < BLOCKS_MAX
            and page.records > 0
        )

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


def _uses(table: bytes, trailer: Trailer, key: str) -> UsedPacks:
    if packs_digest(key, table) != trailer.packs_digest:
        raise ObjectCorrupt("its list of packs differs from its sha256", where=key)
    return decoded_uses(table, trailer.packs, key)
