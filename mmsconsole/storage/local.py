"""Objects as files below one folder of this machine."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmsconsole.durable import TEMPORARY, disk_errors, make_folders, sync_folder, write_file
from mmsconsole.errors import ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.storage.base import Buffer, StoredObject
from mmsconsole.storage.keys import check_key, is_key_part


class LocalStorage:
    """A key is the file's path below `root`. Any number of threads and processes may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        path = self._path(key)
        with disk_errors(key):
            make_folders(path.parent)
        return write_file(path, parts)

    def get(self, key: str) -> bytes:
        with _reading(key):
            return self._path(key).read_bytes()

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        path = self._path(key)
        with _reading(key), path.open("rb", buffering=0) as file:
            data = os.pread(file.fileno(), length, offset)
            while len(data) < length:
                more = os.pread(file.fileno(), length - len(data), offset + len(data))
                if not more:
                    raise ObjectCorrupt(f"ends before byte {offset + length}", where=key)
                data += more
            return data

    def size(self, key: str) -> int:
        with _reading(key):
            return self._path(key).stat().st_size

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        folder = self._path(prefix.rstrip("/")) if prefix else self.root
        with disk_errors(prefix):
            yield from self._below(folder, after)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with disk_errors(key):
            if path.exists():
                path.unlink(missing_ok=True)
                sync_folder(path.parent)

    def free_bytes(self) -> int | None:
        with disk_errors(str(self.root)):
            make_folders(self.root)
            return shutil.disk_usage(self.root).free

    def sweep(self) -> int:
        """Remove what writes that died have left; only while nobody writes. Returns how many."""
        swept = 0
        with disk_errors(str(self.root)):
            for folder, _, names in os.walk(self.root):
                for name in names:
                    if name.startswith(TEMPORARY):
                        Path(folder, name).unlink(missing_ok=True)
                        swept += 1
        return swept

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _below(self, folder: Path, after: str) -> Iterator[StoredObject]:
        for entry in _entries(folder):
            path = Path(entry.path)
            key = path.relative_to(self.root).as_posix()
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(path, after)
            elif key > after and entry.is_file(follow_symlinks=False):
                # It may have been deleted since the folder was read.
                with suppress(FileNotFoundError):
                    size = entry.stat(follow_symlinks=False).st_size
                    yield StoredObject(key, size)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What may be an object or a folder of objects, in the order of whole keys."""
    try:
        with os.scandir(folder) as entries:
            named = [entry for entry in entries if is_key_part(entry.name)]
    except FileNotFoundError:
        return []
    return sorted(named, key=lambda e: f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name)


@contextmanager
def _reading(key: str) -> Iterator[None]:
    try:
        with disk_errors(key):
            yield
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise ObjectMissing("is not in the storage", where=key) from error
        raise
