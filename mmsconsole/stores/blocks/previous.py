"""The previous snapshot of the same head, gone through beside the files that are being cut."""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from mmsconsole.stores.blocks.block import HASH_BYTES, ZERO, Place
from mmsconsole.stores.blocks.index import BlockIndex, KnownPacks
from mmsconsole.stores.blocks.manifest import NO_PACK, RECORD, BlockRecord, FileEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.records import Columns, PackNumbers, columns_of, with_columns


class Known(NamedTuple):
    """A block of the previous snapshot."""

    hash: bytes
    place: Place | None
    """None where its pack must not be referred to any more."""


class Previous:
    """Asked for files in the order of their paths, once each."""

    def __init__(
        self, manifest: ManifestReader | None, packs: KnownPacks, index: BlockIndex,
        numbers: PackNumbers,
    ) -> None:  # fmt: skip
        """Without a manifest it knows nothing."""
        self._manifest = manifest
        self._packs = packs
        self._index = index
        self._numbers = numbers
        self._files: Iterator[FileEntry] = manifest.files() if manifest else iter(())
        self._next = next(self._files, None)

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
        return [self._known(each) for each in self._manifest.records(file.first + position, count)]

    def records(self, file: FileEntry, position: int, count: int) -> bytes | None:
        """Some blocks of a file that it had then, as records of the new manifest.

        Blocks whose pack must not be referred to any more are looked up anew. None where one of
        them is not stored elsewhere: then the file must be read.
        """
        assert self._manifest is not None
        data = self._manifest.record_bytes(file.first + position, count)
        columns = columns_of(data)
        numbers, stale = {NO_PACK: NO_PACK}, set()
        for number in set(columns.packs) - {NO_PACK}:
            pack = self._manifest.packs[number].id
            if self._packs.usable(pack):
                numbers[number] = self._numbers.of(pack)
            else:
                stale.add(number)
        rows = [row for row, number in enumerate(columns.packs) if number in stale] if stale else []
        packs = array("I", (numbers.get(number, NO_PACK) for number in columns.packs))
        columns = columns._replace(packs=packs)
        if not self._look_up(data, columns, rows):
            return None
        return with_columns(data, columns)

    def _look_up(self, data: bytes, columns: Columns, rows: list[int]) -> bool:
        """Put the places into those rows where their blocks lie now; False if one lies nowhere."""
        starts = (row * RECORD.size for row in rows)
        hashes = [data[start : start + HASH_BYTES] for start in starts]
        places = self._index.places(set(hashes)) if hashes else {}
        if any(hash_ not in places for hash_ in hashes):
            return False
        for row, hash_ in zip(rows, hashes, strict=True):
            place = places[hash_]
            columns.packs[row] = self._numbers.of(place.pack)
            columns.offsets[row] = place.offset
            columns.stored_bytes[row] = place.stored_bytes
            columns.numbers[row] = place.number
        return True

    def _known(self, record: BlockRecord) -> Known:
        assert self._manifest is not None
        if record.pack == NO_PACK:
            return Known(record.hash, ZERO)
        pack = self._manifest.packs[record.pack].id
        if not self._packs.usable(pack):
            return Known(record.hash, None)
        place = Place(pack, record.offset, record.stored_bytes, record.number)
        return Known(record.hash, place)
