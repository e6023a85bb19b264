"""What a cut has to read: the files in order, in pieces that a thread takes at one time."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmsconsole.durable import disk_errors
from mmsconsole.errors import StorageError, UsageError
from mmsconsole.stores.blocks.block import BLOCK_BYTES_MAX
from mmsconsole.stores.blocks.manifest import FileEntry
from mmsconsole.stores.blocks.paths import is_plain_path
from mmsconsole.stores.blocks.previous import Known, Previous
from mmsconsole.stores.blocks.records import Records

UNIT_BYTES = BLOCK_BYTES_MAX
UNIT_PIECES = 64
"""What a thread reads at one time: a whole number of blocks, or some small files."""

UNTOUCHED_BLOCKS = 2048
"""Blocks that need no reading are passed on by this many."""

SETTLING_NS = 2_000_000_000
"""A file changed less than this before its snapshot may change once more within one tick of
its times: they are not trusted the next time."""


class Piece(NamedTuple):
    """Some blocks of one file."""

    file: FileEntry
    offset: int
    """In the file, in bytes."""
    raw_bytes: int
    before: list[Known]
    """The previous snapshot's blocks at the same place."""
    trusted: bool = False
    """The times of the file say that it still holds `before`; it is read nevertheless."""
    records: Records | None = None
    """The blocks as they stand in a manifest: the file need not be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is cut."""

    root: Path
    files: Sequence[str]
    """In order of their paths, each once."""
    taken_ns: int
    """When the snapshot was begun, by the wall clock: no later than any file was looked at."""
    block_bytes: int
    full_read: bool
    """Read every file, whatever its times say."""

    @classmethod
    def of(
        cls, root: Path, files: Sequence[str], taken_ns: int, block_bytes: int, *, full_read: bool
    ) -> "Source":
        """Raises UsageError where a path does not lie below `root`."""
        for path in files:
            if not is_plain_path(path):
                raise UsageError(f"{path!r} does not lie below the head's folder")
        in_order = sorted(set(files), key=str.encode)
        return cls(root, in_order, taken_ns, block_bytes, full_read)

    def total_bytes(self) -> int:
        with disk_errors(str(self.root)):
            return sum((self.root / path).lstat().st_size for path in self.files)

    def entry(self, path: str, first: int) -> FileEntry:
        """Raises StorageError for what is not there or not a plain file."""
        with disk_errors(path):
            found = (self.root / path).lstat()
        if not stat.S_ISREG(found.st_mode):
            raise StorageError("is not a plain file", where=path)
        changed_ns = max(found.st_mtime_ns, found.st_ctime_ns)
        settled = changed_ns < self.taken_ns - SETTLING_NS
        ctime_ns = found.st_ctime_ns if settled else 0
        return FileEntry(path, found.st_size, found.st_ino, found.st_mtime_ns, ctime_ns, first)


def is_untouched(before: FileEntry | None, now: FileEntry) -> bool:
    """Whether nothing can have written to the file since."""
    return (
        before is not None
        and before.ctime_ns != 0
        and (before.size, before.inode, before.mtime_ns, before.ctime_ns)
        == (now.size, now.inode, now.mtime_ns, now.ctime_ns)
    )


def is_same_file(entry: FileEntry, found: os.stat_result) -> bool:
    """Whether the file that was read is still the one that was planned."""
    return (entry.size, entry.inode, entry.mtime_ns) == (
        found.st_size, found.st_ino, found.st_mtime_ns
    )  # fmt: skip


class Plan:
    """Goes through the files once."""

    def __init__(
        self, source: Source, previous: Previous, on_file: Callable[[FileEntry], None]
    ) -> None:
        """`on_file` is told of every file before its first piece."""
        self.total_bytes = source.total_bytes()
        self._source = source
        self._previous = previous
        self._on_file = on_file

    def units(self) -> Iterator[list[Piece]]:
        """Pieces in order, together where they are small."""
        unit: list[Piece] = []
        raw_bytes = 0
        for piece in self._pieces():
            full = raw_bytes + piece.raw_bytes > UNIT_BYTES or len(unit) == UNIT_PIECES
            if unit and full:
                yield unit
                unit, raw_bytes = [], 0
            unit.append(piece)
            raw_bytes += piece.raw_bytes
        if unit:
            yield unit

    def _pieces(self) -> Iterator[Piece]:
        first = 0
        for path in self._source.files:
            file = self._source.entry(path, first)
            first += file.blocks(self._source.block_bytes)
            self._on_file(file)
            yield from self._pieces_of(file)

    def _pieces_of(self, file: FileEntry) -> Iterator[Piece]:
        before = self._previous.file(file.path)
        untouched = is_untouched(before, file)
        blocks = file.blocks(self._source.block_bytes)
        for position in range(0, blocks, UNTOUCHED_BLOCKS):
            count = min(UNTOUCHED_BLOCKS, blocks - position)
            if before is not None and untouched and not self._source.full_read:
                records = self._previous.records(before, position, count)
                if records is not None:
                    yield self._piece(file, position, count)._replace(records=records)
                    continue
            for piece in self._read(file, before, position, count):
                yield piece._replace(trusted=untouched and bool(piece.before))

    def _read(
        self, file: FileEntry, before: FileEntry | None, position: int, count: int
    ) -> Iterator[Piece]:
        unit = UNIT_BYTES // self._source.block_bytes
        for at in range(position, position + count, unit):
            some = min(unit, position + count - at)
            known = self._previous.blocks(before, at, some)
            yield self._piece(file, at, some)._replace(before=known)

    def _piece(self, file: FileEntry, position: int, blocks: int) -> Piece:
        offset = position * self._source.block_bytes
        return Piece(file, offset, min(blocks * self._source.block_bytes, file.size - offset), [])
