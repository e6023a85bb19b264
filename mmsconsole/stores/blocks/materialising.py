"""A snapshot's files from its blocks, every block verified before it is written.

plan      the manifest's blocks in windows; within one, those that lie beside each other in
          a pack become one read of a few MB
work      threads read, decompress, verify and write blocks to their places (fetching.py);
          whoever writes a file's last block syncs and closes it
settle    folders synced; when anything fails, what was made is taken away again
"""

from collections.abc import Iterator
from contextlib import closing
from operator import attrgetter
from pathlib import Path

from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.fetching import Fetching
from mmsconsole.stores.blocks.log_start import START_BYTES, LogStart
from mmsconsole.stores.blocks.manifest import NO_PACK, FileEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.moved_packs import PackTable
from mmsconsole.stores.blocks.outfiles import OutFile, OutFolder
from mmsconsole.stores.blocks.reads import Read, Wanted, coalesced, runs
from mmsconsole.task import Task
from mmsconsole.threads import in_order

PHASE = "materialising"

WINDOW_BYTES = 512 << 20
WINDOW_FILES = 64
"""Of blocks that are sorted together, and files that are begun together: so both stay few."""


class Materialising:
    def __init__(self, storage: Storage, manifest: ManifestReader, folder: OutFolder) -> None:
        self._manifest = manifest
        self._folder = folder
        self._holes = 0
        self._fetching = Fetching(storage, PackTable(manifest.packs))

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
            file = self._folder.make(FileEntry(start.path, START_BYTES, 0, 0, 0, 0), 1)
            file.write([start.data], 0)
            self._folder.settle(file, 1)

    def _reads(self) -> Iterator[Read]:
        for window in self._windows():
            yield from coalesced(sorted(window, key=attrgetter("pack", "offset")))

    def _windows(self) -> Iterator[list[Wanted]]:
        window: list[Wanted] = []
        files = 0
        most = WINDOW_BYTES // self._manifest.block_bytes
        for entry in self._manifest.files():
            blocks = entry.blocks(self._manifest.block_bytes)
            file = self._folder.make(entry, blocks)
            files += 1
            if not blocks:
                self._folder.settle(file, 0)
            for first in range(0, blocks, most):
                window += self._wanted(file, entry, first, min(most, blocks - first))
                if len(window) >= most or files >= WINDOW_FILES:
                    yield window
                    window, files = [], 0
        yield window

    def _wanted(self, file: OutFile, entry: FileEntry, first: int, count: int) -> list[Wanted]:
        """Of `count` blocks of the file from `first` on, those that are not holes."""
        block_bytes = self._manifest.block_bytes
        wanted, holes = [], 0
        for number, record in enumerate(self._manifest.records(entry.first + first, count), first):
            position = number * block_bytes
            raw_bytes = min(block_bytes, entry.size - position)
            if record.pack == NO_PACK:
                holes += 1
                self._holes += raw_bytes
                continue
            wanted.append(
                Wanted(
                    record.pack, record.offset, record.stored_bytes, record.hash,
                    raw_bytes, file, position, record.number,
                )
            )  # fmt: skip
        if holes:
            self._folder.settle(file, holes)
        return wanted

    # In the threads:

    def _work(self, read: Read) -> int:
        for blocks, raw in self._fetching.blocks(read):
            at = 0
            for run in runs(blocks):
                file = run[0].file
                assert file is not None  # as _wanted() made it
                file.write(raw[at : at + len(run)], run[0].position)
                self._folder.settle(file, len(run))
                at += len(run)
        return sum(block.raw_bytes for block in read.blocks)


def materialise(
    storage: Storage, manifest: ManifestReader, target: Path, threads: int, task: Task
) -> None:
    with OutFolder(target) as folder:
        Materialising(storage, manifest, folder).run(threads, task)
