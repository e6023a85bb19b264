"""The file of a recording: JSON lines in one zstd stream.

The first line tells what it is, the others are answers:

    {"recording": 1, "version": "0.1.0", "at": "2026-11-20T10:00:00+00:00"}
    {"s": 2.031, "q": KEY, "a": ANSWER}      seconds since then; "e": ERROR in place of an answer

Each line is flushed: a console that is killed leaves all that it was shown.
"""

import json
import os
from pathlib import Path
from typing import Any

import zstandard

from mmsconsole.durable import disk_errors
from mmsconsole.errors import AlreadyExists, NoRoom
from mmsconsole.rate import MEGABYTE

FORMAT = 1
LEVEL = 3


class RecordingFile:
    """A new file, readable by its owner alone; from one thread at a time.

    Raises AlreadyExists, DiskFull, StorageError.
    """

    def __init__(self, path: Path, mb_max: float) -> None:
        self.path = path
        self._bytes_max = int(mb_max * MEGABYTE)
        if path.exists() or path.is_symlink():
            raise AlreadyExists("is there already", where=str(path), hint="name a new file")
        with disk_errors(str(path)):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._stream = zstandard.ZstdCompressor(level=LEVEL).stream_writer(self._file)

    def write(self, line: dict[str, Any]) -> None:
        """Raises NoRoom once the file is as large as it may be, DiskFull, StorageError."""
        if self._file.tell() >= self._bytes_max:
            what = f"the recording has reached {self._bytes_max / MEGABYTE:.0f} MB"
            raise NoRoom(what, where=str(self.path), hint="allow more: --record-mb")
        with disk_errors(str(self.path)):
            self._stream.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            self._stream.flush()
            self._file.flush()

    def close(self) -> None:
        """Raises DiskFull, StorageError."""
        with disk_errors(str(self.path)), self._file:
            self._stream.flush(zstandard.FLUSH_FRAME)
