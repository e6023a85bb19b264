"""A snapshot's files as a stream, straight from its blocks: no file is written.

window    some MB of what was asked for, in its order; the blocks that it needs become as few
          reads as they can
work      threads read, decompress and verify the blocks of a window and put its bytes together
order     windows come out in order; a few are made ahead, so memory is bounded

Every byte that comes out was verified. An error ends the stream: it never goes on behind a hole.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from operator import attrgetter
from typing import NamedTuple

from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.fetching import Fetching
from mmsconsole.stores.blocks.log_start import START_BYTES, LogStart
from mmsconsole.stores.blocks.manifest import NO_PACK, FileEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.moved_packs import PackTable
from mmsconsole.stores.blocks.pieces import FileRange, Piece, StreamedFile, windows
from mmsconsole.stores.blocks.reads import Wanted, coalesced
from mmsconsole.task import Task
from mmsconsole.threads import in_order

WINDOW_BYTES = 4 << 20
AHEAD = 8
"""Windows that are begun and not yet taken: with their compressed bytes some 64 MB."""

SECOND_NS = 1_000_000_000


class Slot(NamedTuple):
    """A part of a window: bytes as they are, or a part of one of its blocks."""

    data: bytes
    block: int
    """Which of the window's wanted blocks; -1: `data`."""
    start: int = 0
    end: int = 0


class Window(NamedTuple):
    slots: list[Slot]
    wanted: list[Wanted]


class SnapshotStream:
    """One snapshot's. read() may be called again, also from another thread, but one at a time."""

    def __init__(self, storage: Storage, manifest: ManifestReader, threads: int) -> None:
        self._manifest = manifest
        self._threads = threads
        self._fetching = Fetching(storage, PackTable(manifest.packs))
        self._entries = list(manifest.files())
        self._log = LogStart.in_header(manifest.header, manifest.key)
        self.files = [_streamed(entry) for entry in self._entries]
        if self._log is not None:
            newest = max((file.mtime for file in self.files), default=0)
            self.files.append(StreamedFile(self._log.path, START_BYTES, newest))
        self._zeros = bytes(manifest.block_bytes)

    def read(self, pieces: Iterable[Piece], task: Task) -> Generator[bytes, None, None]:
        """Their bytes in order, a few MB at a time. Whoever takes them must close it.

        Raises ObjectMissing, ObjectCorrupt, StorageError, Cancelled.
        """
        planned = map(self._window, windows(pieces, WINDOW_BYTES))
        with closing(in_order(self._work, planned, self._threads, AHEAD)) as made:
            for data in made:
                task.check()
                yield data

    def _window(self, pieces: list[Piece]) -> Window:
        window = Window([], [])
        for piece in pieces:
            if isinstance(piece, bytes):
                window.slots.append(Slot(piece, -1))
            elif piece.file == len(self._entries):
                window.slots.append(Slot(self._log_bytes(piece), -1))
            else:
                self._add(window, self._entries[piece.file], piece)
        return window

    def _log_bytes(self, piece: FileRange) -> bytes:
        assert self._log is not None
        return self._log.data.ljust(START_BYTES, b"\0")[piece.start : piece.end]

    def _add(self, window: Window, entry: FileEntry, piece: FileRange) -> None:
        """The blocks that a range of a file touches."""
        size = self._manifest.block_bytes
        first, last = piece.start // size, (piece.end - 1) // size
        records = self._manifest.records(entry.first + first, last - first + 1)
        for number, record in enumerate(records, first):
            at = number * size
            raw_bytes = min(size, entry.size - at)
            start, end = max(0, piece.start - at), min(raw_bytes, piece.end - at)
            if record.pack == NO_PACK:
                window.slots.append(Slot(self._zeros[: end - start], -1))
                continue
            window.slots.append(Slot(b"", len(window.wanted), start, end))
            window.wanted.append(
                Wanted(
                    record.pack, record.offset, record.stored_bytes, record.hash,
                    raw_bytes, None, len(window.wanted), record.number,
                )
            )  # fmt: skip

    # In the threads:

    def _work(self, window: Window) -> bytes:
        raws: dict[int, Buffer] = {}
        by_place = sorted(window.wanted, key=attrgetter("pack", "offset"))
        for read in coalesced(by_place):
            for blocks, found in self._fetching.blocks(read):
                for block, raw in zip(blocks, found, strict=True):
                    raws[block.position] = raw
        return b"".join(_slot_bytes(window.slots, raws))


def _slot_bytes(slots: list[Slot], raws: dict[int, Buffer]) -> Iterator[Buffer]:
    for slot in slots:
        if slot.block < 0:
            yield slot.data
        else:
            yield memoryview(raws[slot.block])[slot.start : slot.end]


def _streamed(entry: FileEntry) -> StreamedFile:
    return StreamedFile(entry.path, entry.size, entry.mtime_ns // SECOND_NS)
