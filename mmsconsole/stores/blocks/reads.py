"""Blocks that are wanted, and the stretches of packs that are read for them. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mmsconsole.stores.blocks.block import BLOCK_BYTES_MAX
from mmsconsole.stores.blocks.outfiles import OutFile

READ_BYTES = BLOCK_BYTES_MAX
"""Of a pack that are read at one time."""

RAW_BYTES = 2 * READ_BYTES
"""Of what they are unpacked to: a head's blocks mostly become half as large again, seldom twice.
With fewer a store over the network is asked more often than its bytes need."""

PORTION_BYTES = 1 << 20
"""Of a read that are unpacked before they are handed on: while they are in the processor's cache,
and in memory that is used again. With all of it the kernel gave and took pages each time: 1.9 s of
processor for a gigabyte in the place of 0.4."""

GAP_BYTES = 64 << 10
"""Bytes that nobody needs are read along, if they are fewer than this."""


class Wanted(NamedTuple):
    """A block: where it lies, and where it belongs."""

    pack: int
    offset: int
    stored_bytes: int
    hash: bytes
    raw_bytes: int
    file: OutFile | None
    """None: whoever wants it keeps it by its position."""
    position: int
    """In the file, in bytes."""
    number: int = 0
    """Of the block in its pack."""

    @property
    def end(self) -> int:
        return self.offset + self.stored_bytes


class Read(NamedTuple):
    """One stretch of one pack, and what to do with it."""

    pack: int
    start: int
    end: int
    raw_bytes: int
    blocks: list[Wanted]


def coalesced(blocks: Iterable[Wanted]) -> Iterator[Read]:
    """Blocks in order of their places, in as few reads as the limits above allow."""
    read: Read | None = None
    for block in blocks:
        if read is not None and _fits(read, block):
            read.blocks.append(block)
            raw_bytes = read.raw_bytes + block.raw_bytes
            read = read._replace(end=max(read.end, block.end), raw_bytes=raw_bytes)
            continue
        if read is not None:
            yield read
        read = Read(block.pack, block.offset, block.end, block.raw_bytes, [block])
    if read is not None:
        yield read


def _fits(read: Read, block: Wanted) -> bool:
    return (
        block.pack == read.pack
        and block.offset <= read.end + GAP_BYTES
        and block.end - read.start <= READ_BYTES
        and read.raw_bytes + block.raw_bytes <= RAW_BYTES
    )


def runs(blocks: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """Blocks that follow one another in one file, together."""
    run: list[Wanted] = []
    for block in blocks:
        if run and not _follows(run[-1], block):
            yield run
            run = []
        run.append(block)
    if run:
        yield run


def _follows(before: Wanted, block: Wanted) -> bool:
    return block.file is before.file and block.position == before.position + before.raw_bytes


def portions(blocks: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """In their order, so many at one time as have PORTION_BYTES raw; at least one."""
    portion: list[Wanted] = []
    raw_bytes = 0
    for block in blocks:
        if portion and raw_bytes + block.raw_bytes > PORTION_BYTES:
            yield portion
            portion, raw_bytes = [], 0
        portion.append(block)
        raw_bytes += block.raw_bytes
    if portion:
        yield portion
