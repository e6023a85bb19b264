"""The tar archive of some files: any range of its bytes, or all of it compressed."""

import hashlib
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Protocol

import zstandard

from mmsconsole.restore.tar.layout import Layout
from mmsconsole.stores.blocks.pieces import Piece, StreamedFile
from mmsconsole.task import Task

SUFFIXES = {"": ".tar", "gzip": ".tar.gz", "zstd": ".tar.zst"}
"""Of names, by compression."""
ZSTD_LEVEL, GZIP_LEVEL = 3, 6
GZIP_WINDOW = 31
"""zlib's word for a gzip header, without name or time."""


class Files(Protocol):
    """What can be read in ranges: SnapshotStream, FolderFiles."""

    @property
    def files(self) -> Sequence[StreamedFile]: ...

    def read(self, pieces: Iterable[Piece], task: Task) -> Generator[bytes, None, None]: ...


class Archive:
    def __init__(self, files: Files) -> None:
        self._files = files
        self._layout = Layout(files.files)
        self.bytes = self._layout.bytes
        """Uncompressed."""

    def read(self, start: int, end: int, task: Task) -> Generator[bytes, None, None]:
        """The bytes from `start` to `end`, exclusive. Whoever takes them must close it."""
        return self._files.read(self._layout.pieces(start, end), task)

    def compressed(self, kind: str, task: Task) -> Generator[bytes, None, None]:
        """All of it, by gzip or zstd, always the same bytes. Whoever takes it must close it."""
        with closing(self.read(0, self.bytes, task)) as plain:
            yield from filter(None, _zstd(plain) if kind == "zstd" else _gzip(plain))

    def digest(self, seed: str) -> str:
        """Of what the archive is made of; `seed` tells of the bytes in the files. In hex."""
        digest = hashlib.sha256(seed.encode())
        for file in self._layout.files:
            digest.update(f"\0{file.path}\0{file.bytes}\0{file.mtime}".encode())
        return digest.hexdigest()


def _zstd(plain: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj()
    for data in plain:
        yield compressor.compress(data)
    yield compressor.flush()


def _gzip(plain: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(GZIP_LEVEL, wbits=GZIP_WINDOW)
    for data in plain:
        yield compressor.compress(data)
    yield compressor.flush()
