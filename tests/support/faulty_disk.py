"""A disk and a metadata database that fail, or end with the process, at the n-th change.

What a program changes is counted as one sequence: what it asks of the operating system below a
folder (make, write, fsync, rename, unlink …) and what it writes into the metadata database. So
"every n" is every place where a power cut, a full disk or a kill may come between two changes,
or into the middle of one.
"""

import errno
import os
import threading
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect

FOLDER_CALLS = ("mkdir", "rmdir", "unlink", "rename")
FILE_CALLS = ("write", "pwrite", "pwritev", "fsync", "ftruncate")
METADATA_CALLS = (
    "insert_one", "insert_many", "update_one", "update_many", "replace_one", "bulk_write",
    "find_one_and_update", "find_one_and_replace", "delete_one", "delete_many",
)  # fmt: skip


class Fault(Enum):
    NO_SPACE = "no space"
    IO_ERROR = "input/output error"
    SHORT_WRITE = "a short write"
    """A write takes half of its bytes, and says so: the rest has to be written again."""
    HALF_THEN_FULL = "a short write, then no space"
    LOST_ANSWER = "a lost answer"
    """The metadata database does what it is asked, and the connection ends before it says so."""
    KILL = "kill"
    """The process ends in the middle of the change: half a write is there, nothing follows."""


SHORT = (Fault.SHORT_WRITE, Fault.HALF_THEN_FULL)
NAME, WRITE, SYNC, METADATA = "name", "write", "sync", "metadata"
MEETS = {
    Fault.NO_SPACE: (NAME, WRITE, SYNC),
    Fault.IO_ERROR: (NAME, WRITE, SYNC, METADATA),
    Fault.SHORT_WRITE: (WRITE,),
    Fault.HALF_THEN_FULL: (WRITE,),
    Fault.LOST_ANSWER: (METADATA,),
    Fault.KILL: (NAME, WRITE, SYNC, METADATA),
}
"""Which kinds of changes a fault can strike: only they are counted."""


class Killed(BaseException):
    """Instead of the end of the process. Nobody may handle it."""


class FaultyDisk:
    """Counts changes from 1 once it is armed; the n-th fails. One at a time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.changes = 0
        self.dead = False
        self._folder = folder.resolve()
        self._fault: Fault | None = None
        self._at = 0
        self._lock = threading.Lock()
        for name in FOLDER_CALLS:
            monkeypatch.setattr(os, name, self._folder_call(getattr(os, name)))
        for name in FILE_CALLS:
            monkeypatch.setattr(os, name, self._file_call(name, getattr(os, name)))
        monkeypatch.setattr(os, "open", self._open(os.open))
        for name in METADATA_CALLS:
            monkeypatch.setattr(Collection, name, self._metadata_call(getattr(Collection, name)))

    def arm(self, fault: Fault, nth: int) -> None:
        self.changes, self._at, self._fault, self.dead = 0, nth, fault, False

    def heal(self) -> None:
        """No faults are left."""
        self._fault, self.dead = None, False

    # -- the calls

    def _folder_call(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(path: Any, *more: Any, **options: Any) -> Any:
            if self._is_below(path, options.get("dir_fd")):
                self._fail(self._counted(NAME))
            return call(path, *more, **options)

        return called

    def _open(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(path: Any, flags: int, *more: Any, **options: Any) -> int:
            if flags & os.O_CREAT and self._is_below(path, options.get("dir_fd")):
                self._fail(self._counted(NAME))
            return int(call(path, flags, *more, **options))

        return called

    def _file_call(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(descriptor: int, *more: Any) -> Any:
            if not self._is_below(f"/proc/self/fd/{descriptor}", None):
                return call(descriptor, *more)
            if name in ("write", "pwrite", "pwritev"):
                return self._write(lambda data: call(descriptor, data, *more[1:]), more[0])
            self._fail(self._counted(SYNC))
            # A sync itself shows nothing here, and takes most of the time.
            return None if name == "fsync" else call(descriptor, *more)

        return called

    def _write(self, write: Callable[[Any], int], data: Any) -> int:
        struck = self._counted(WRITE)
        if struck in SHORT:
            if struck is Fault.HALF_THEN_FULL:
                self._at, self._fault = self.changes + 1, Fault.NO_SPACE
            return write(half(data))
        if struck is Fault.KILL:
            write(half(data))
        self._fail(struck)
        return write(data)

    def _metadata_call(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(collection: Any, *more: Any, **options: Any) -> Any:
            struck = self._counted(METADATA)
            if struck is Fault.KILL:
                raise Killed
            if struck in (Fault.NO_SPACE, Fault.IO_ERROR):
                raise AutoReconnect("as it was told")
            answer = call(collection, *more, **options)
            if struck is Fault.LOST_ANSWER:
                raise AutoReconnect("as it was told")
            return answer

        return called

    # -- the fault

    def _counted(self, kind: str) -> Fault | None:
        """What happens to the change that comes now."""
        with self._lock:
            if self.dead:
                raise Killed
            if self._fault is None or kind not in MEETS[self._fault]:
                return None
            self.changes += 1
            if self.changes != self._at:
                return None
            self.dead = self._fault is Fault.KILL
            return self._fault

    def _fail(self, struck: Fault | None) -> None:
        if struck is Fault.KILL:
            raise Killed
        if struck is Fault.NO_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if struck is Fault.IO_ERROR:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _is_below(self, path: Any, folder: int | None) -> bool:
        found = Path(path)
        if folder is not None:
            found = Path(f"/proc/self/fd/{folder}").readlink() / found
        if found.is_relative_to("/proc/self/fd"):
            found = found.readlink()
        return found.absolute().is_relative_to(self._folder)


def half(data: Any) -> Any:
    if isinstance(data, list):
        return half_of_parts(data)
    view = memoryview(data)
    return view[: max(1, len(view) // 2)]


def half_of_parts(parts: Sequence[Any]) -> list[Any]:
    return [b"".join(bytes(part) for part in parts)[: max(1, sum(map(len, parts)) // 2)]]
