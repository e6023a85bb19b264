"""gzip, as mongodump --gzip has it: an archive is one stream, and so is each file of a folder."""

import zlib
from collections.abc import Callable

LEVEL = 1
"""mongodump's own takes three times as long for a tenth less."""
_GZIP_WINDOW = 31


class Gzip:
    """Bytes in, one gzip stream out. zlib works without the GIL."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._stream = zlib.compressobj(LEVEL, wbits=_GZIP_WINDOW)

    def write(self, data: bytes) -> None:
        self._write(self._stream.compress(data))

    def finish(self) -> None:
        self._write(self._stream.flush())
