"""The previous snapshot of the same head, gone through beside the files that are being cut."""

from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.stores.blocks.block import ZERO, Place
from mmsconsole.stores.blocks.index import BlockIndex, KnownPacks
from mmsconsole.stores.blocks.manifest import NO_PACK, BlockRecord, FileEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.records import PackNumbers, Records


class Known(NamedTuple):
    """A block of the previous snapshot."""

    hash: bytes
    place: Place | None
    """None where its pack must not be referred to any more."""


class Previous:
    """Asked for files in the order of their paths, once each. Of a file whose block records can
    not be read it knows nothing: then the file is read.
    """

    def __init__(
        self, manifest: ManifestReader | None, packs: KnownPacks, index: BlockIndex,
        numbers: PackNumbers,
    ) -> None:  # fmt: skip
        """Without a manifest it knows nothing."""
        self.lost: list[str] = []
        """What did not let a page of block records be read: keys of packs, mostly."""
        self._manifest = manifest
        self._packs = packs
        self._index = index
        self._numbers = numbers
        self._pages = {page.hash: page for page in manifest.pages} if manifest else {}
        self._files: Iterator[FileEntry] = manifest.files() if manifest else iter(())
        self._next = next(self._files, None)

    @property
    def wrong_pages(self) -> set[bytes]:
        """Hashes of those that could not be read: they must not be referred to again."""
        return self._manifest.wrong_pages if self._manifest else set()

    def page(self, hash_: bytes) -> Place | None:
        """Where a page lies that the snapshot has, if it may be referred to."""
        page = self._pages.get(hash_)
        if self._manifest is None or page is None or hash_ in self.wrong_pages:
            return None
        return self._place(page.pack, page.offset, page.stored_bytes, page.number)

    def file(self, path: str) -> FileEntry | None:
        sought = path.encode()
        while self._next is not None and self._next.path.encode() < sought:
            self._next = next(self._files, None)
        return self._next if self._next is not None and self._next.path == path else None

    def blocks(self, file: FileEntry | None, position: int, count: int) -> list[Known]:
        """Some blocks of a file that it had then; fewer where the file ends before."""
        if self._manifest is None or file is None:
            return []
        count = min(count, file.blocks(self._manifest.block_bytes) - position)
        if count <= 0:  # it has grown since
            return []
        found = self._found(file, position, count)
        return [self._known(each) for each in found.one_by_one()] if found else []

    def records(self, file: FileEntry, position: int, count: int) -> Records | None:
        """Some blocks of a file that it had then, as records of the new manifest.

        Blocks whose pack must not be referred to any more are looked up anew. None where one of
        them is not stored elsewhere: then the file must be read.
        """
        assert self._manifest is not None
        found = self._found(file, position, count)
        if found is None:
            return None
        numbers, stale = {NO_PACK: NO_PACK}, set()
        for number in set(found.packs) - {NO_PACK}:
            pack = self._manifest.packs[number].id
            if self._packs.usable(pack):
                numbers[number] = self._numbers.of(pack)
            else:
                stale.add(number)
        rows = [row for row, number in enumerate(found.packs) if number in stale] if stale else []
        packs = array("I", (numbers.get(number, NO_PACK) for number in found.packs))
        records = found._replace(packs=packs)
        return records if self._look_up(records, rows) else None

    def _found(self, file: FileEntry, position: int, count: int) -> Records | None:
        assert self._manifest is not None
        try:
            return self._manifest.some(file.first + position, count)
        except (ObjectMissing, ObjectCorrupt) as error:
            if error.where not in self.lost:
                self.lost.append(error.where)
            return None

    def _look_up(self, records: Records, rows: Sequence[int]) -> bool:
        """Put the places into those rows where their blocks lie now; False if one lies nowhere."""
        hashes = [records.hash(row) for row in rows]
        places = self._index.places(set(hashes)) if hashes else {}
        if any(hash_ not in places for hash_ in hashes):
            return False
        for row, hash_ in zip(rows, hashes, strict=True):
            place = places[hash_]
            records.packs[row] = self._numbers.of(place.pack)
            records.offsets[row] = place.offset
            records.stored_bytes[row] = place.stored_bytes
            records.numbers[row] = place.number
        return True

    def _known(self, record: BlockRecord) -> Known:
        if record.pack == NO_PACK:
            return Known(record.hash, ZERO)
        return Known(record.hash, self._place(*record[1:]))

    def _place(self, pack: int, offset: int, stored_bytes: int, number: int) -> Place | None:
        assert self._manifest is not None
        id_ = self._manifest.packs[pack].id
        return Place(id_, offset, stored_bytes, number) if self._packs.usable(id_) else None
