"""A file without a name for what does not fit into memory: it ends with its process."""

import os
import tempfile
from pathlib import Path
from typing import IO

from mmsconsole.durable import disk_errors, write_all


class FileSpool:
    """Implements oplog.transactions.Spool in `folder`, which is the head's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._end = 0

    def put(self, data: bytes) -> int:
        """Raises DiskFull, StorageError."""
        with disk_errors(str(self._folder)):
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
            place = self._end
            self._file.seek(place)
            self._end += write_all(self._file.fileno(), data)
        return place

    def get(self, place: int, length: int) -> bytes:
        assert self._file is not None  # a place came from put()
        with disk_errors(str(self._folder)):
            return os.pread(self._file.fileno(), length, place)

    def clear(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._end = None, 0
