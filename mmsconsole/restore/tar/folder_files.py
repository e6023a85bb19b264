"""The files of a folder as a stream, any ranges of them; nobody writes to the folder meanwhile."""

import os
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path

from mmsconsole.durable import disk_errors
from mmsconsole.errors import StorageError
from mmsconsole.stores.blocks.pieces import FileRange, Piece, StreamedFile, windows
from mmsconsole.task import Task
from mmsconsole.threads import in_order

WINDOW_BYTES = 4 << 20
THREADS, AHEAD = 2, 4


class FolderFiles:
    """Plain files at any depth, in order of their paths; no links."""

    def __init__(self, root: Path) -> None:
        """Raises StorageError where the folder can not be read."""
        self._root = root
        with disk_errors(str(root)):
            self.files = sorted(_files(root, root))

    def read(self, pieces: Iterable[Piece], task: Task) -> Generator[bytes, None, None]:
        """Their bytes in order, a few MB at a time. Whoever takes them must close it.

        Raises StorageError where a file is not what it was; Cancelled.
        """
        cut = windows(pieces, WINDOW_BYTES)
        with closing(in_order(self._work, cut, THREADS, AHEAD)) as made:
            for data in made:
                task.check()
                yield data

    def _work(self, window: list[Piece]) -> bytes:
        return b"".join(map(self._bytes, window))

    def _bytes(self, piece: Piece) -> bytes:
        return piece if isinstance(piece, bytes) else self._of_file(piece)

    def _of_file(self, piece: FileRange) -> bytes:
        file, length = self.files[piece.file], piece.end - piece.start
        path = self._root / file.path
        with disk_errors(str(path)):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                found = os.fstat(descriptor)
                data = os.pread(descriptor, length, piece.start)
            finally:
                os.close(descriptor)
        if (found.st_size, int(found.st_mtime)) != (file.bytes, file.mtime) or len(data) != length:
            raise StorageError("has changed since it was made", where=str(path))
        return data


def _files(folder: Path, root: Path) -> Iterable[StreamedFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from _files(path, root)
            elif entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                relative = path.relative_to(root).as_posix()
                yield StreamedFile(relative, found.st_size, int(found.st_mtime))
