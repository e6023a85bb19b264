"""A snapshot's files from its blocks, every block verified before it is written.

plan      the manifest's blocks in windows; within one, those that lie beside each other in
          a pack become one read of a few MB
work      threads read, decompress, verify and write blocks to their places; whoever writes
          a file's last block syncs and closes it
settle    folders synced; when anything fails, what was made is taken away again
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.stores.block import BLOCK_BYTES, unpacked
from mmsconsole.stores.compression import Zstd
from mmsconsole.stores.log_start import START_BYTES, LogStart
from mmsconsole.stores.manifest import NO_PACK, FileEntry
from mmsconsole.stores.manifest_reader import ManifestReader
from mmsconsole.stores.outfiles import OutFile, OutFolder
from mmsconsole.stores.threads import in_order
from mmsconsole.task import Task

PHASE = "materialising"

READ_BLOCKS = 16
READ_BYTES = READ_BLOCKS * BLOCK_BYTES
"""Blocks, and bytes of a pack, that are read at one time."""

GAP_BYTES = 64 << 10
"""Bytes that nobody needs are read along, if they are fewer than this."""

WINDOW_BLOCKS = 2048
WINDOW_FILES = 64
"""Blocks that are sorted together, and files that are begun together: so both stay few."""


class Wanted(NamedTuple):
    """A block: where it lies, and where it belongs."""

    pack: int
    offset: int
    stored_bytes: int
    hash: bytes
    raw_bytes: int
    file: OutFile
    position: int
    """In the file, in bytes."""

    @property
    def end(self) -> int:
        return self.offset + self.stored_bytes


class Read(NamedTuple):
    """One stretch of one pack, and what to do with it."""

    pack: int
    start: int
    end: int
    blocks: list[Wanted]


def coalesced(blocks: Iterable[Wanted]) -> Iterator[Read]:
    """Blocks in order of their places, in as few reads as the limits above allow. Pure."""
    read: Read | None = None
    for block in blocks:
        if read is not None and _fits(read, block):
            read.blocks.append(block)
            read = read._replace(end=max(read.end, block.end))
            continue
        if read is not None:
            yield read
        read = Read(block.pack, block.offset, block.end, [block])
    if read is not None:
        yield read


def _fits(read: Read, block: Wanted) -> bool:
    return (
        block.pack == read.pack
        and block.offset <= read.end + GAP_BYTES
        and block.end - read.start <= READ_BYTES
        and len(read.blocks) < READ_BLOCKS
    )


def runs(blocks: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """Blocks that follow one another in one file, together. Pure."""
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


class Materialising:
    def __init__(self, storage: Storage, manifest: ManifestReader, folder: OutFolder) -> None:
        self._storage = storage
        self._manifest = manifest
        self._folder = folder
        self._zstd = Zstd(checksum=False)
        self._holes = 0

    def run(self, threads: int, task: Task) -> None:
        done, total = 0, self._manifest.bytes
        task.report(PHASE, 0, total)
        with closing(in_order(self._work, self._reads(), threads, ahead=threads * 2)) as results:
            for written in results:
                task.check()
                done += written
                task.report(PHASE, done + self._holes, total)
        self._begin_log()
        self._folder.sync()
        task.report(PHASE, total, total)

    def _begin_log(self) -> None:
        start = LogStart.in_header(self._manifest.header, self._manifest.key)
        if start is not None:
            file = self._folder.make(FileEntry(start.path, START_BYTES, 0, 0, 0, 0))
            file.write([start.data], 0)
            self._folder.settle(file, 1)

    def _reads(self) -> Iterator[Read]:
        for window in self._windows():
            yield from coalesced(sorted(window, key=attrgetter("pack", "offset")))

    def _windows(self) -> Iterator[list[Wanted]]:
        window: list[Wanted] = []
        files = 0
        for entry in self._manifest.files():
            file = self._folder.make(entry)
            files += 1
            if not entry.blocks:
                self._folder.settle(file, 0)
            for first in range(0, entry.blocks, WINDOW_BLOCKS):
                window += self._wanted(file, entry, first)
                if len(window) >= WINDOW_BLOCKS or files >= WINDOW_FILES:
                    yield window
                    window, files = [], 0
        yield window

    def _wanted(self, file: OutFile, entry: FileEntry, first: int) -> list[Wanted]:
        """Of the file's blocks from `first` on, those that are not holes."""
        count = min(WINDOW_BLOCKS, entry.blocks - first)
        wanted, holes = [], 0
        for number, record in enumerate(self._manifest.records(entry.first + first, count), first):
            position = number * BLOCK_BYTES
            raw_bytes = min(BLOCK_BYTES, entry.size - position)
            if record.pack == NO_PACK:
                holes += 1
                self._holes += raw_bytes
                continue
            wanted.append(
                Wanted(
                    record.pack, record.offset, record.stored_bytes, record.hash,
                    raw_bytes, file, position,
                )
            )  # fmt: skip
        if holes:
            self._folder.settle(file, holes)
        return wanted

    # In the threads:

    def _work(self, read: Read) -> int:
        key = self._manifest.packs[read.pack].key
        data = memoryview(self._storage.get_range(key, read.start, read.end - read.start))
        for run in runs(read.blocks):
            raw = [self._raw(block, data, read.start, key) for block in run]
            run[0].file.write(raw, run[0].position)
            self._folder.settle(run[0].file, len(run))
        return sum(block.raw_bytes for block in read.blocks)

    def _raw(self, block: Wanted, data: memoryview, start: int, key: str) -> Buffer:
        stored = data[block.offset - start : block.end - start]
        return unpacked(stored, block.raw_bytes, block.hash, key, self._zstd)


def materialise(
    storage: Storage, manifest: ManifestReader, target: Path, threads: int, task: Task
) -> None:
    with OutFolder(target) as folder:
        Materialising(storage, manifest, folder).run(threads, task)
