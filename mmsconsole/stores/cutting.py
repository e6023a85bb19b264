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
from mmsconsole.stores.block import BLOCK_BYTES, ZERO, ZERO_HASH, Place, hash_of, packed
from mmsconsole.stores.compression import Zstd
from mmsconsole.stores.index import BlockIndex
from mmsconsole.stores.manifest import NO_PACK
from mmsconsole.stores.manifest_writer import ManifestWriter
from mmsconsole.stores.packing import Packing
from mmsconsole.stores.planning import UNIT_BLOCKS, Piece, Plan, is_same_file
from mmsconsole.stores.threads import in_order
from mmsconsole.task import Task

PHASE = "cutting blocks"


class Seen(NamedTuple):
    """A block's hash; `raw` is valid until the thread's next unit."""

    hash: bytes
    raw_bytes: int
    raw: memoryview
    place: Place | None


class Block(NamedTuple):
    """What became of a block: its place if it is stored, else the bytes to store."""

    hash: bytes
    raw_bytes: int
    place: Place | None
    stored: bytes


class Cutting:
    def __init__(self, root: Path, index: BlockIndex, packing: Packing) -> None:
        self.numbers: dict[str, int] = {}
        """Ids of the packs in the order of their first use; their numbers in the manifest."""
        self.bytes = 0
        """Of the blocks so far."""
        self._root = root
        self._index = index
        self._packing = packing
        self._zstd = Zstd(checksum=False)
        self._local = threading.local()

    def run(self, plan: Plan, manifest: ManifestWriter, threads: int, task: Task) -> None:
        """Every block is in a pack, on its way or stored, and in the manifest on return."""
        task.report(PHASE, 0, plan.total_bytes)
        with closing(in_order(self._work, plan.units(), threads, ahead=threads * 2)) as results:
            for blocks in results:
                task.check()
                for block in blocks:
                    self._gather(block, manifest)
                task.report(PHASE, self.bytes, plan.total_bytes)

    def _gather(self, block: Block, manifest: ManifestWriter) -> None:
        place = block.place or self._packing.place_of(block.hash)
        if place is None:
            place = self._packing.add(block.hash, block.stored, block.raw_bytes)
        number = NO_PACK
        if place != ZERO:
            number = self.numbers.setdefault(place.pack, len(self.numbers))
        manifest.add_record(block.hash, number, place.offset, place.stored_bytes)
        self.bytes += block.raw_bytes

    # In the threads:

    def _work(self, unit: list[Piece]) -> list[Block]:
        seen = list(self._seen(unit))
        unknown = {s.hash for s in seen if s.place is None and not self._on_the_way(s.hash)}
        stored = self._index.places(unknown) if unknown else {}
        return [self._block(s, stored.get(s.hash)) for s in seen]

    def _seen(self, unit: list[Piece]) -> Iterator[Seen]:
        at = 0
        for piece in unit:
            if piece.untouched:
                yield from _as_before(piece)
                continue
            raw = self._buffer[at : at + piece.raw_bytes]
            at += piece.raw_bytes
            read_piece(self._root, piece, raw)
            yield from _hashed(piece, raw)

    def _block(self, seen: Seen, stored: Place | None) -> Block:
        place = seen.place or self._on_the_way(seen.hash) or stored
        data = b"" if place else packed(seen.raw, self._zstd)
        return Block(seen.hash, seen.raw_bytes, place, data)

    def _on_the_way(self, hash_: bytes) -> Place | None:
        return self._packing.place_of(hash_)

    @property
    def _buffer(self) -> memoryview:
        """Room for what a unit reads; the thread's own."""
        found: memoryview | None = getattr(self._local, "buffer", None)
        if found is None:
            found = self._local.buffer = memoryview(bytearray(UNIT_BLOCKS * BLOCK_BYTES))
        return found


def read_piece(root: Path, piece: Piece, into: memoryview) -> None:
    """Raises StorageError where the file is not what it was when the cut was planned."""
    path = root / piece.file.path
    with disk_errors(piece.file.path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            at, offset = 0, piece.position * BLOCK_BYTES
            while at < len(into) and (got := os.preadv(descriptor, [into[at:]], offset + at)):
                at += got
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    if at < len(into) or not is_same_file(piece.file, found):
        raise StorageError("has changed while it was cut", where=piece.file.path)


def _hashed(piece: Piece, raw: memoryview) -> Iterator[Seen]:
    blocks = (raw[at : at + BLOCK_BYTES] for at in range(0, len(raw), BLOCK_BYTES))
    for block, known in zip_longest(blocks, piece.before):
        hash_ = hash_of(block)
        place = known.place if known is not None and known.hash == hash_ else None
        yield Seen(hash_, len(block), block, ZERO if hash_ == ZERO_HASH else place)


def _as_before(piece: Piece) -> Iterator[Seen]:
    left = piece.raw_bytes
    for known in piece.before:
        raw_bytes = min(left, BLOCK_BYTES)
        yield Seen(known.hash, raw_bytes, memoryview(b""), known.place)
        left -= raw_bytes
