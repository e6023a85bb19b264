"""Block records into pages, so that what has not changed makes the same pages again.

A large file has pages of its own. Small files share one; where it begins is told by the path of
its first file, not by how much came before: so a file that grows, comes or goes changes the page
that it is in, and no other one.
"""

from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mmsconsole.stores.blocks.block import Place, hash_of
from mmsconsole.stores.blocks.manifest import PageRef
from mmsconsole.stores.blocks.pages import encoded_page
from mmsconsole.stores.blocks.records import PackNumbers, Records
from mmsconsole.stores.spooled import Spool

PAGE_RECORDS = 1024
"""At most."""
LARGE_BLOCKS = 64
SHARED_FILES = 64
"""So many small files share a page, on average; at most 256."""


class _Written(NamedTuple):
    hash: bytes
    raw_bytes: int
    records: int


class PageWriter:
    """Pages that are not stored yet wait in a temporary file."""

    def __init__(
        self, numbers: PackNumbers, stored: Callable[[bytes], Place | None] = lambda _: None
    ) -> None:
        """`stored`: where a page of that hash lies, if it may be referred to again."""
        self.blocks = 0
        self._numbers = numbers
        self._stored = stored
        self._spool = Spool("block records")
        self._pages: list[_Written] = []
        self._places: dict[bytes, Place] = {}
        self._new: dict[bytes, int] = {}
        """Bytes of those that wait, in order."""
        self._after_large = False
        self._hashes = bytearray()
        self._columns = [array("I") for _ in range(4)]

    def begin(self, path: str, blocks: int) -> None:
        """The records that follow are those of this file."""
        if not blocks:
            return
        large = blocks >= LARGE_BLOCKS
        marked = hash_of(path.encode())[0] % SHARED_FILES == 0
        if large or self._after_large or marked or self._filled + blocks > PAGE_RECORDS:
            self.end()
        self._after_large = large

    def add(self, hash_: bytes, *values: int) -> None:
        """`values`: number of the pack, offset, stored bytes, number of the block."""
        self._hashes += hash_
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)
        if self._filled == PAGE_RECORDS:
            self.end()

    def add_all(self, records: Records) -> None:
        at = 0
        while at < records.length:
            part = records.part(at, at + PAGE_RECORDS - self._filled)
            self._hashes += part.hashes
            for column, more in zip(self._columns, part[1:], strict=True):
                column.extend(more)
            at += part.length
            if self._filled == PAGE_RECORDS:
                self.end()

    def end(self) -> None:
        """What comes next is in another page."""
        if not self._filled:
            return
        records = Records(bytes(self._hashes), *self._columns)
        self._hashes, self._columns = bytearray(), [array("I") for _ in range(4)]
        raw = encoded_page(records, self._numbers.ids)
        hash_ = hash_of(raw)
        self.blocks += records.length
        self._pages.append(_Written(hash_, len(raw), records.length))
        if hash_ in self._places or hash_ in self._new:
            return
        place = self._stored(hash_)
        if place is None:
            self._spool.write(raw)
            self._new[hash_] = len(raw)
        else:
            self._places[hash_] = place

    def waiting(self) -> list[bytes]:
        """Hashes of the pages that are to be stored, each once."""
        self.end()
        return list(self._new)

    def store(self, place: Callable[[bytes, bytes], Place]) -> None:
        """`place` is given the hash and the bytes of each that waits, and tells where it lies."""
        hashes = self.waiting()
        pieces = self._spool.pieces(self._new.values())
        self._places.update(
            (hash_, place(hash_, raw)) for hash_, raw in zip(hashes, pieces, strict=True)
        )
        self._new.clear()

    def refs(self) -> Iterator[PageRef]:
        """Of all, in order; all are stored."""
        for page in self._pages:
            place = self._places[page.hash]
            yield PageRef(
                page.hash, self._numbers.of(place.pack), place.offset, place.stored_bytes,
                place.number, page.raw_bytes, page.records,
            )  # fmt: skip

    def close(self) -> None:
        self._spool.close()

    @property
    def _filled(self) -> int:
        return len(self._columns[0])
