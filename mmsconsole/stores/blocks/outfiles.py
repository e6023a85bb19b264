"""The files that a materialising makes, and taking them away again when it fails."""

import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from types import TracebackType

from mmsconsole.durable import disk_errors, sync_folder
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.blocks.manifest import FileEntry

FILE_MODE, FOLDER_MODE = 0o600, 0o700


OPEN_MAX = 256
"""Files that may wait to be synced: descriptors are few."""


class OutFile:
    """A file that is being written, by several threads at once."""

    def __init__(self, path: Path, blocks: int) -> None:
        """Raises OSError where the path is taken."""
        self.path = path
        self._left = blocks
        self._lock = threading.Lock()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, FILE_MODE)

    def resize(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)

    def write(self, parts: list[Buffer], offset: int) -> None:
        """The parts one after another, from `offset` on."""
        length = sum(len(part) for part in parts)
        with disk_errors(str(self.path)):
            written = os.pwritev(self._descriptor, parts, offset)
            if written < length:
                self._write_rest(b"".join(parts)[written:], offset + written)
            # Starts writing it to the disk, so that the sync at the end finds little to do.
            os.posix_fadvise(self._descriptor, offset, length, os.POSIX_FADV_DONTNEED)

    def _write_rest(self, data: bytes, offset: int) -> None:
        while data:
            written = os.pwrite(self._descriptor, data, offset)
            data, offset = data[written:], offset + written

    def settle(self, blocks: int) -> bool:
        """That many more blocks are written, or are holes; True when those were the last."""
        with self._lock:
            self._left -= blocks
            return self._left == 0

    def sync(self) -> None:
        """Its bytes survive a power cut on return."""
        with disk_errors(str(self.path)):
            os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class OutFolder:
    """The target, and what was made in it. A context manager: an error takes all of it away."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._folders: dict[Path, None] = {}
        """Those that were made, parents first."""
        self._files: list[Path] = []
        self._open: set[OutFile] = set()
        # One thread, so that files which are done meanwhile share a commit of the file system.
        self._syncer = ThreadPoolExecutor(1, thread_name_prefix="sync")
        self._syncing: deque[Future[None]] = deque()

    def __enter__(self) -> "OutFolder":
        missing = [self._target, *self._target.parents]
        missing = list(takewhile(lambda folder: not folder.is_dir(), missing))
        with disk_errors(str(self._target)):
            for folder in reversed(missing):
                self._make_folder(folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._syncer.shutdown(wait=True, cancel_futures=True)
        if error is not None:
            self._take_away()

    def make(self, entry: FileEntry, blocks: int) -> OutFile:
        """A new file of so many blocks.

        Raises StorageError where there is one already, or what a sync raised.
        """
        self._wait(OPEN_MAX)
        path = self._target / entry.path
        with disk_errors(str(path)):
            self._make_parents(path.parent)
            file = OutFile(path, blocks)
            self._open.add(file)
            self._files.append(path)
            file.resize(entry.size)
        return file

    def settle(self, file: OutFile, blocks: int) -> None:
        """That many more blocks of it are written; a whole file is synced. From any thread."""
        if file.settle(blocks):
            self._syncing.append(self._syncer.submit(self._finish, file))

    def sync(self) -> None:
        """Every file and every name survives a power cut on return."""
        self._wait(0)
        assert not self._open
        parents = (folder.parent for folder in self._folders)
        with disk_errors(str(self._target)):
            for folder in {self._target, *self._folders, *parents}:
                sync_folder(folder)

    def _finish(self, file: OutFile) -> None:
        file.sync()
        self._open.discard(file)
        file.close()

    def _wait(self, waiting_max: int) -> None:
        while len(self._syncing) > waiting_max:
            self._syncing.popleft().result()

    def _make_parents(self, folder: Path) -> None:
        """Below the target every folder is made here, so none is a link to elsewhere."""
        if folder != self._target and folder not in self._folders:
            self._make_parents(folder.parent)
            self._make_folder(folder)

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(FOLDER_MODE)
        self._folders[folder] = None

    def _take_away(self) -> None:
        # The error that led here is the one to tell; what can not be removed stays visible.
        for file in list(self._open):
            with suppress(OSError):
                file.close()
        for path in reversed(self._files):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        for folder in reversed(list(self._folders)):
            with suppress(OSError):
                folder.rmdir()
