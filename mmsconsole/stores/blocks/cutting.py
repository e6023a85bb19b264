"""A head's files into blocks: what must be read is read once, hashed, and compressed if new.

plan      the files in order; those untouched since the previous snapshot are not read
work      threads take a few MB each: read, hash, compare with the previous snapshot at the
          same place, look the rest up in the index, compress what is nowhere
gather    in order: new blocks into packs, every block's record into the manifest
"""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from mmsconsole.durable import disk_errors
from mmsconsole.errors import StorageError
from mmsconsole.stores.blocks.block import ZERO, Place, hash_of, packed, zero_hash
from mmsconsole.stores.blocks.index import BlockIndex
from mmsconsole.stores.blocks.manifest_writer import ManifestWriter
from mmsconsole.stores.blocks.packing import Packing
from mmsconsole.stores.blocks.planning import UNIT_BYTES, Piece, Plan, Source, is_same_file
from mmsconsole.stores.blocks.previous import Known
from mmsconsole.stores.blocks.records import PackNumbers
from mmsconsole.stores.compression import Zstd
from mmsconsole.task import Task
from mmsconsole.threads import in_order

PHASE = "cutting blocks"


class Seen(NamedTuple):
    """A block's hash; `raw` is valid until the thread's next unit."""

    hash: bytes
    raw: memoryview
    place: Place | None


class Block(NamedTuple):
    """What became of a block: its place if it is stored, else the bytes to store."""

    hash: bytes
    raw_bytes: int
    place: Place | None
    stored: bytes


class Worked(NamedTuple):
    """What became of a piece: its blocks, if it was read; else it is as it was."""

    piece: Piece
    blocks: list[Block]


class Cutting:
    def __init__(
        self, source: Source, index: BlockIndex, packing: Packing, numbers: PackNumbers, zstd: Zstd
    ) -> None:
        self.bytes = 0
        """Of the blocks so far."""
        self.changed: set[str] = set()
        """Files that hold other bytes than before, although their times say that they do not."""
        self._source = source
        self._index = index
        self._packing = packing
        self._numbers = numbers
        self._zstd = zstd
        self._zeros = zero_hash(source.block_bytes)
        self._local = threading.local()

    def run(self, plan: Plan, manifest: ManifestWriter, threads: int, task: Task) -> None:
        """Every block is in a pack, on its way or stored, and in the manifest on return."""
        task.report(PHASE, 0, plan.total_bytes)
        with closing(in_order(self._work, plan.units(), threads, ahead=threads * 2)) as results:
            for unit in results:
                task.check()
                for piece, blocks in unit:
                    self._gather(piece, blocks, manifest)
                    self.bytes += piece.raw_bytes
                task.report(PHASE, self.bytes, plan.total_bytes)

    def _gather(self, piece: Piece, blocks: list[Block], manifest: ManifestWriter) -> None:
        if piece.offset == 0:
            manifest.begin(piece.file)
        if piece.records:
            manifest.add_records(piece.records)
        for block in blocks:
            place = block.place or self._packing.place_of(block.hash)
            if place is None:
                place = self._packing.add(block.hash, block.stored, block.raw_bytes)
            manifest.add_record(block.hash, self._numbers.of(place.pack), *place[1:])

    # In the threads:

    def _work(self, unit: list[Piece]) -> list[Worked]:
        seen = [self._seen(piece, raw) for piece, raw in self._read(unit)]
        unknown = {s.hash for some in seen for s in some if self._is_unknown(s)}
        stored = self._index.places(unknown) if unknown else {}
        return [
            Worked(piece, [self._block(s, stored.get(s.hash)) for s in some])
            for piece, some in zip(unit, seen, strict=True)
        ]

    def _read(self, unit: list[Piece]) -> Iterator[tuple[Piece, memoryview]]:
        """With nothing for those that need not be read."""
        at = 0
        for piece in unit:
            if piece.records:
                yield piece, memoryview(b"")
                continue
            raw = self._buffer[at : at + piece.raw_bytes]
            read_piece(self._source.root, piece, raw)
            yield piece, raw
            at += piece.raw_bytes

    def _seen(self, piece: Piece, raw: memoryview) -> list[Seen]:
        size = self._source.block_bytes
        blocks = (raw[at : at + size] for at in range(0, len(raw), size))
        return [self._one(piece, *each) for each in zip_longest(blocks, piece.before)]

    def _one(self, piece: Piece, raw: memoryview, known: Known | None) -> Seen:
        hash_ = hash_of(raw)
        same = known if known is not None and known.hash == hash_ else None
        if piece.trusted and same is None:
            self.changed.add(piece.file.path)
        if hash_ == self._zeros:
            return Seen(hash_, raw, ZERO)
        return Seen(hash_, raw, same.place if same else None)

    def _is_unknown(self, seen: Seen) -> bool:
        return seen.place is None and self._packing.place_of(seen.hash) is None

    def _block(self, seen: Seen, stored: Place | None) -> Block:
        place = seen.place or self._packing.place_of(seen.hash) or stored
        data = b"" if place else packed(seen.raw, self._zstd)
        return Block(seen.hash, len(seen.raw), place, data)

    @property
    def _buffer(self) -> memoryview:
        """Room for what a unit reads; the thread's own."""
        found: memoryview | None = getattr(self._local, "buffer", None)
        if found is None:
            found = self._local.buffer = memoryview(bytearray(UNIT_BYTES))
        return found


def read_piece(root: Path, piece: Piece, into: memoryview) -> None:
    """Raises StorageError where the file is not what it was when the cut was planned."""
    path = root / piece.file.path
    with disk_errors(piece.file.path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            at, offset = 0, piece.offset
            while at < len(into) and (got := os.preadv(descriptor, [into[at:]], offset + at)):
                at += got
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    if at < len(into) or not is_same_file(piece.file, found):
        raise StorageError("has changed while it was cut", where=piece.file.path)
