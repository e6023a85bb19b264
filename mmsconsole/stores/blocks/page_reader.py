"""Reading the pages of a manifest: some at a time, ahead; nothing is believed before a check."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from operator import attrgetter

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import zero_hash
from mmsconsole.stores.blocks.fetching import Fetching
from mmsconsole.stores.blocks.manifest import NO_PACK, PackEntry, PageRef
from mmsconsole.stores.blocks.moved_packs import PackTable
from mmsconsole.stores.blocks.packs import BLOCKS_MAX
from mmsconsole.stores.blocks.pages import Page, decoded_page
from mmsconsole.stores.blocks.reads import Read, Wanted, coalesced
from mmsconsole.stores.blocks.records import Column, Records
from mmsconsole.threads import in_order

AHEAD_PAGES = 32
AHEAD_BYTES = 4 << 20
"""Read together, and held."""
THREADS = 4
"""Pages that have lived long lie in many packs."""


class PageReader:
    """Of one manifest; for one thread."""

    def __init__(
        self, storage: Storage, key: str, block_bytes: int,
        packs: Sequence[PackEntry], pages: Sequence[PageRef],
    ) -> None:  # fmt: skip
        self.wrong: set[bytes] = set()
        """Hashes of the pages that could not be read."""
        self._key = key
        self._block_bytes = block_bytes
        self._pages = pages
        self._numbers = {pack.id: number for number, pack in enumerate(packs)}
        self._ends = [pack.bytes for pack in packs]
        self._fetching = Fetching(storage, PackTable(packs))
        self._held: dict[int, Buffer] = {}
        self._decoded: tuple[int, Records] | None = None

    def records(self, page: int) -> Records:
        """Those of a page, each of which points into a pack of the manifest.

        Raises ObjectMissing or ObjectCorrupt naming the pack, and the manifest whose records
        can not be read; ObjectCorrupt naming the manifest, where what they say can not be.
        """
        if self._decoded is None or self._decoded[0] != page:
            ref = self._pages[page]
            try:
                found = decoded_page(self._raw(page), ref.records, self._key)
                self._decoded = page, self._checked(found)
            except (ObjectMissing, ObjectCorrupt):
                self.wrong.add(ref.hash)
                raise
        return self._decoded[1]

    def _raw(self, page: int) -> Buffer:
        if page not in self._held:
            self._held = {}
            self._held = self._together(self._ahead(page)) or self._alone(page)
        return self._held[page]

    def _ahead(self, page: int) -> list[int]:
        """This page and those behind it, as many as are held together."""
        ahead, left = [page], AHEAD_BYTES - self._pages[page].raw_bytes
        for number in range(page + 1, min(page + AHEAD_PAGES, len(self._pages))):
            left -= self._pages[number].raw_bytes
            if left < 0:
                break
            ahead.append(number)
        return ahead

    def _together(self, pages: Sequence[int]) -> dict[int, Buffer]:
        """None where one of them is wrong, which is maybe not the one that is needed."""
        if len(pages) == 1:
            return {}
        try:
            return self._fetched(pages)
        except (ObjectMissing, ObjectCorrupt):
            return {}

    def _alone(self, page: int) -> dict[int, Buffer]:
        try:
            return self._fetched([page])
        except (ObjectMissing, ObjectCorrupt) as error:
            what = f"{error.what}: it holds block records of {self._key}"
            raise type(error)(what, where=error.where) from error

    def _fetched(self, numbers: Sequence[int]) -> dict[int, Buffer]:
        wanted = sorted(
            (self._wanted(number) for number in numbers), key=attrgetter("pack", "offset")
        )
        reads = list(coalesced(wanted))
        threads = min(THREADS, len(reads))
        with closing(in_order(self._read, reads, threads, ahead=2 * threads)) as results:
            return {number: raw for found in results for number, raw in found}

    def _read(self, read: Read) -> list[tuple[int, Buffer]]:
        """In a thread."""
        return [
            (block.position, raw)
            for blocks, raws in self._fetching.blocks(read)
            for block, raw in zip(blocks, raws, strict=True)
        ]

    def _wanted(self, number: int) -> Wanted:
        """Its position is the page's number."""
        page = self._pages[number]
        return Wanted(
            page.pack, page.offset, page.stored_bytes, page.hash, page.raw_bytes, None, number,
            page.number,
        )  # fmt: skip

    def _checked(self, page: Page) -> Records:
        """With the manifest's numbers of the packs."""
        known = [self._numbers.get(id_, NO_PACK) for id_ in page.ids]
        if NO_PACK in known or not all(self._fit(page.records, known)):
            raise ObjectCorrupt("places a block where none can be", where=self._key)
        numbers = dict(enumerate(known)) | {NO_PACK: NO_PACK}
        packs: Column = page.records.packs[:0]
        packs.extend(map(numbers.__getitem__, page.records.packs))
        return page.records._replace(packs=packs)

    def _fit(self, records: Records, known: Sequence[int]) -> Iterator[bool]:
        """`known`: the numbers of the page's packs."""
        ends, size = [self._ends[number] for number in known], self._block_bytes
        count, zeros = len(ends), zero_hash(size)
        places = zip(*records[1:], strict=True)
        for at, (pack, offset, stored_bytes, number) in enumerate(places):
            if pack < count:
                yield (
                    0 < stored_bytes <= size
                    and offset + stored_bytes <= ends[pack]
                    and number < BLOCKS_MAX
                )
            else:
                yield pack == NO_PACK and records.hash(at) == zeros  # and so a whole block
