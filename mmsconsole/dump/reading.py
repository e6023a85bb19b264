"""Bytes of a dump from a file that may be compressed, document by document."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsconsole.dump.documents import TERMINATOR, check_size, run_of, size_at
from mmsconsole.dump.prelude import GZIP_MAGIC
from mmsconsole.durable import disk_errors
from mmsconsole.errors import DumpDamaged

CHUNK_BYTES = 4 << 20
_LENGTH_BYTES = 4
Read = Callable[[int], bytes]


@contextmanager
def opened(path: Path) -> Iterator[Read]:
    """What gives the file's bytes, uncompressed; b"" at its end. What it raises: DumpDamaged,
    StorageError. Compressed is what begins like gzip, whatever the file is called.
    """
    where = str(path)
    with disk_errors(where), path.open("rb", buffering=0) as file:
        compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        plain = gzip.GzipFile(fileobj=file) if compressed else file

        def read(count: int) -> bytes:
            try:
                return plain.read(count) or b""
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise DumpDamaged("its gzip stream is damaged or cut off", where=where) from error

        yield read


class Input:
    """Bytes that are taken from the front."""

    def __init__(self, read: Read, where: str) -> None:
        self._read = read
        self._where = where
        self.data = b""
        self.at = 0

    def has(self, count: int) -> bool:
        """Whether so many are there, read now if need be."""
        while len(self.data) - self.at < count:
            more = self._read(CHUNK_BYTES)
            if not more:
                return False
            self.data, self.at = self.data[self.at :] + more, 0
        return True

    def take(self, count: int) -> bytes:
        if not self.has(count):
            raise DumpDamaged("it ends in the middle: it was cut off", where=self._where)
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def document(self) -> bytes | None:
        """None: a terminator was in its place."""
        size = size_at(self.take(_LENGTH_BYTES), 0)
        if size == TERMINATOR:
            return None
        check_size(size, self._where)
        self.at -= _LENGTH_BYTES
        return self.take(size)

    def run(self) -> tuple[bytes, int]:
        """Whole documents up to a terminator, as many as are at hand; b"": the terminator, which
        is taken."""
        size = size_at(self.take(_LENGTH_BYTES), 0)
        if size == TERMINATOR:
            return b"", 0
        check_size(size, self._where)
        self.at -= _LENGTH_BYTES
        if not self.has(size):
            raise DumpDamaged("it ends in the middle of a document", where=self._where)
        run = run_of(self.data, self.at, self._where)
        data, self.at = self.data[self.at : run.end], run.end
        return data, run.count


def runs(read: Read, where: str) -> Iterator[tuple[bytes, int]]:
    """The documents of a .bson file and how many, in pieces. Raises DumpDamaged."""
    source = Input(read, where)
    while source.has(1):
        data, count = source.run()
        if not data:
            raise DumpDamaged("a document of -1 bytes", where=where)
        yield data, count
