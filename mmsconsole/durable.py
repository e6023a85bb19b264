"""Writing files so that they are wholly there after a power cut, or not at all."""

import errno
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmsconsole.errors import DiskFull, StorageError

TEMPORARY = ".tmp-"
"""Files with this prefix are writes that never ended; whoever owns the folder sweeps them."""

NO_ROOM = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "no space left in the quota",
    errno.EFBIG: "the limit for the size of a file is reached",
}
"""The operating system's errors for a write that found no room."""


WRITEBACK_BYTES = 8 << 20
"""After so many written the disk is told to begin: the fsync at the end then finds little to do."""


@contextmanager
def disk_errors(where: str) -> Iterator[None]:
    """Map the operating system's word for a failed write to ours."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFull(NO_ROOM[error.errno], where=where) from error
        raise StorageError(error.strerror or str(error), where=where) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path, mode: int = 0o700) -> None:
    """Create a folder and its parents, each name synced into its parent."""
    if folder.is_dir():
        return
    make_folders(folder.parent, mode)
    with suppress(FileExistsError):
        folder.mkdir(mode=mode)
    sync_folder(folder.parent)


def write_file(
    path: Path, parts: Iterable[bytes | bytearray | memoryview], mode: int = 0o600
) -> int:
    """Write `parts` to `path`, replacing what was there; returns the bytes written.

    Written beside, fsynced, renamed, and the folder fsynced: at any moment `path` is the old
    file or the new one. Nothing is left beside it when writing fails.
    """
    writer = f"{os.getpid()}.{threading.get_native_id()}"
    temporary = path.with_name(f"{TEMPORARY}{path.name}.{writer}")
    written = 0
    with disk_errors(str(path)):
        try:
            how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            descriptor = os.open(temporary, how, mode)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                begun = 0
                for part in parts:
                    written += write_all(file.fileno(), part)
                    if written - begun >= WRITEBACK_BYTES:
                        begin_writeback(file.fileno(), begun, written - begun)
                        begun = written
                os.fsync(file.fileno())
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    return written


def begin_writeback(descriptor: int, offset: int, length: int) -> None:
    """The disk begins to write what lies there, and nobody waits for it. Not durable yet.

    Linux starts writing dirty pages when it is told that nobody needs them in memory.
    """
    os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> int:
    """os.write until every byte has been taken: it may take fewer."""
    view = memoryview(data).cast("B")
    total = len(view)
    while view:
        view = view[os.write(descriptor, view) :]
    return total
