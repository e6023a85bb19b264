"""An object that is made before it is stored: in memory, or where it is large in a file."""

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from mmsconsole.durable import disk_errors

MEMORY_BYTES = 8 << 20
"""A larger one waits in a temporary file without a name until it is stored."""
PART_BYTES = 1 << 20


class Spool:
    """Written once; may then be gone through several times, as a storage that retries does."""

    def __init__(self, what: str) -> None:
        """`what` names it in errors."""
        self._where = f"temporary file of {what}"
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115

    def write(self, data: bytes | bytearray) -> None:
        with disk_errors(self._where):
            self._file.write(data)

    def __iter__(self) -> Iterator[bytes]:
        with disk_errors(self._where):
            self._file.seek(0)
            while part := self._file.read(PART_BYTES):
                yield part

    def pieces(self, lengths: Iterable[int]) -> Iterator[bytes]:
        """From its beginning on, pieces of these lengths."""
        with disk_errors(self._where):
            self._file.seek(0)
            for length in lengths:
                yield self._file.read(length)

    def close(self) -> None:
        self._file.close()
