"""One file, with its sha256 beside it, that appears whole or not at all.

    FOLDER/.tmp-RESTORE_ID.part     what is being written
    FOLDER/.tmp-RESTORE_ID.sha256   its digest, once it is whole; until the restore is done
    FOLDER/NAME, FOLDER/NAME.sha256

So it can be told after a crash whether NAME is ours: somebody else may have put a file there.
"""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from mmsconsole.durable import (
    TEMPORARY,
    WRITEBACK_BYTES,
    begin_writeback,
    disk_errors,
    sync_folder,
    write_all,
    write_file,
)
from mmsconsole.errors import AlreadyExists, Refused

CHECKSUM = ".sha256"
NAME_BYTES_MAX = 255 - len(CHECKSUM)
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
"""How file systems say that they have no hard links."""
ANOTHER_NAME = "name another file, or move that one away"


class Sink:
    """Takes bytes for a file, and counts and hashes them; the disk writes meanwhile."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.bytes = 0
        self._begun = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        written = write_all(self._file.fileno(), data)
        self.bytes += written
        if self.bytes - self._begun >= WRITEBACK_BYTES:
            begin_writeback(self._file.fileno(), self._begun, self.bytes - self._begun)
            self._begun = self.bytes
        return written

    def flush(self) -> None:
        """Nothing is held back."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class OneFile:
    def __init__(self, path: Path, restore_id: str) -> None:
        self._path = path
        self._checksum = path.with_name(path.name + CHECKSUM)
        self._part = path.with_name(f"{TEMPORARY}{restore_id}.part")
        self._mark = path.with_name(f"{TEMPORARY}{restore_id}{CHECKSUM}")

    def check(self) -> None:
        """Raises AlreadyExists, Refused."""
        if not self._path.name or len(os.fsencode(self._path.name)) > NAME_BYTES_MAX:
            what = f"the name of a file has 1 to {NAME_BYTES_MAX} bytes"
            raise Refused(what, where=str(self._path))
        if not self._path.parent.is_dir():
            what = f"there is no folder {self._path.parent}"
            raise Refused(what, where=str(self._path), hint="make it first")
        with disk_errors(str(self._path)):
            for path in (self._path, self._checksum):
                if os.path.lexists(path) and not self._is_ours():
                    raise AlreadyExists("there is such a file", where=str(path), hint=ANOTHER_NAME)

    def write(self, fill: Callable[[Sink], None]) -> tuple[int, str]:
        """Have it filled, and put it in its place; what was done before a crash is not done again.

        Returns its size and sha256 in hex. Raises AlreadyExists, DiskFull, StorageError, and what
        `fill` raises.
        """
        with disk_errors(str(self._path)):
            if not self._is_ours() and not self._is_written():
                sha256 = self._write_part(fill)
                write_file(self._mark, [sha256.encode()])
            self._place()
            sha256 = self._mark.read_text()
            line = f"{sha256}  {self._path.name}\n"
            write_file(self._checksum, [os.fsencode(line)])
            return self._path.stat().st_size, sha256

    def _write_part(self, fill: Callable[[Sink], None]) -> str:
        how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        descriptor = os.open(self._part, how, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            sink = Sink(file)
            fill(sink)
            os.fsync(file.fileno())
        return sink.sha256

    def _place(self) -> None:
        if self._is_ours():
            self._part.unlink(missing_ok=True)
            return
        _check_absent(self._checksum)
        try:
            os.link(self._part, self._path)  # refuses to replace, where rename would
        except FileExistsError:
            _check_absent(self._path)
            raise
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            _check_absent(self._path)
            self._part.rename(self._path)
        self._part.unlink(missing_ok=True)
        sync_folder(self._path.parent)

    def _is_ours(self) -> bool:
        """Whether the file in its place is what this restore wrote."""
        if not (self._mark.exists() and os.path.lexists(self._path)):
            return False
        return not self._part.exists() or self._part.samefile(self._path)

    def _is_written(self) -> bool:
        return self._mark.exists() and self._part.exists()

    def release(self) -> None:
        """It stays; nothing tells any more that it was ours."""
        with disk_errors(str(self._path)):
            self._mark.unlink(missing_ok=True)

    def abandon(self) -> None:
        """What was written goes; the mark goes before the part: without one, but with a mark,
        somebody else's file was taken for ours after a crash in between.
        """
        with disk_errors(str(self._path)):
            if self._is_ours():
                self._checksum.unlink(missing_ok=True)
                self._path.unlink(missing_ok=True)
            self._mark.unlink(missing_ok=True)
            self._part.unlink(missing_ok=True)
            self._sweep()

    def _sweep(self) -> None:
        """Small writes of ours that never ended."""
        if self._path.parent.is_dir():
            begun = tuple(f"{TEMPORARY}{one.name}." for one in (self._mark, self._checksum))
            for entry in list(self._path.parent.iterdir()):
                if entry.name.startswith(begun):
                    entry.unlink()


def _check_absent(path: Path) -> None:
    """It was, when the restore was asked for: that may be hours ago."""
    if os.path.lexists(path):
        what = "somebody has put a file there"
        raise AlreadyExists(what, where=str(path), hint=ANOTHER_NAME)
