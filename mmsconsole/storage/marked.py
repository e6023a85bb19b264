"""A folder that knows itself again.

A disk that is not mounted looks like an empty folder: what would be written would land below its
mount point, and everything that was there would seem to be lost. So a store that is a folder has
a file with an id inside, made when the first object is put; what was noted of it elsewhere is
compared at every call. Its name is no object's.
"""

import re
import secrets
import shlex
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

from mmsconsole.durable import disk_errors, make_folders, write_file
from mmsconsole.errors import ObjectMissing, StorageUnreachable
from mmsconsole.storage.base import Buffer, Storage, StoredObject
from mmsconsole.storage.forwarding import Forwarding
from mmsconsole.storage.local import LocalStorage

MARK_FILE = ".mmsconsole-store"
_MARK = re.compile(r"[0-9a-f]{32}")
_READ_BYTES = 100


class Memory(Protocol):
    """What is known elsewhere of one store."""

    def mark(self) -> str:
        """Empty: none."""
        ...

    def note_first(self, mark: str) -> str:
        """Unless there is one; returns the one that there is then."""
        ...

    def note(self, mark: str) -> None: ...

    def known_keys(self) -> Sequence[str]:
        """Names of some objects that should be there; none: nothing is known to have been put."""
        ...


Memories = Callable[[str], Memory]
"""By the store's name."""


class Finding(Enum):
    SAME = "it is the store"
    UNNOTED = "it has a mark, and nothing stands against it"
    UNMARKED = "it has none, and nothing stands against one"
    AWAY = "the folder is not the store that it was"
    ANOTHER = "the folder is another store"


def judged(found: str, noted: str, known: bool, there: bool) -> Finding:
    """`found`: the folder's mark, `noted`: that in memory, empty: none; `known`: objects are known
    that should be there, `there`: one of them is. Pure.
    """
    if found:
        if found == noted:
            return Finding.SAME
        return Finding.ANOTHER if noted and known and not there else Finding.UNNOTED
    if there or not (known or noted):
        return Finding.UNMARKED
    return Finding.AWAY


class MarkedFolder(Forwarding):
    """Wraps a folder and implements Storage.

    Everything raises StorageUnreachable while the folder is not the store that it was.
    """

    def __init__(self, folder: LocalStorage, memory: Memory) -> None:
        self._folder = folder
        self._memory = memory
        self._file = folder.root / MARK_FILE
        self._noted = ""
        self._lock = threading.Lock()

    @property
    def _inner(self) -> Storage:
        self._recognise()
        return self._folder

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        if self._recognise() is Finding.UNMARKED:
            self._make_mark()
        return self._folder.put(key, parts)

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        yield from self._inner.list(prefix, after)
        self._recognise()  # a disk that went meanwhile must not look as if this were all

    def _recognise(self) -> Finding:
        """Raises StorageUnreachable, StorageError, MetadataError."""
        found = self._mark()
        if found and found == self._noted:
            return Finding.SAME
        with self._lock:
            return self._compared()

    def _compared(self) -> Finding:
        noted = self._memory.mark()  # first: a mark is made before it is noted
        found = self._mark()
        known = self._memory.known_keys() if found != noted or not found else ()
        there = any(map(self._has, known))
        finding = judged(found, noted, bool(known), there)
        if finding in (Finding.AWAY, Finding.ANOTHER):
            raise refusal(finding, self._folder.root, noted)
        if finding is Finding.UNNOTED:
            self._memory.note(found)
        self._noted = found
        return finding

    def _make_mark(self) -> None:
        """The file, then the note: a crash between them leaves a folder that is known by both."""
        with self._lock:
            mark = self._mark()
            if not mark:
                mark = self._memory.mark() or secrets.token_hex(16)
                self._write(mark)
            noted = self._memory.note_first(mark)
            if noted != mark:  # another process was a moment earlier
                self._write(noted)
            self._noted = noted

    def _write(self, mark: str) -> None:
        with disk_errors(str(self._file)):
            make_folders(self._folder.root)
        write_file(self._file, [f"{mark}\n".encode()])

    def _mark(self) -> str:
        return mark_in(self._folder.root)

    def _has(self, key: str) -> bool:
        try:
            self._folder.size(key)
        except ObjectMissing:
            return False
        return True


def mark_in(root: Path) -> str:
    """Empty: there is none. Raises StorageError, StorageUnreachable."""
    path = root / MARK_FILE
    with disk_errors(str(path)):
        try:
            with path.open("rb") as file:
                text = file.read(_READ_BYTES).decode("ascii", "replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""
    if not _MARK.fullmatch(text):
        hint = f"if the folder is the store, remove {path}: it is made anew"
        raise StorageUnreachable("the store's mark is damaged", where=str(path), hint=hint)
    return text


def refusal(finding: Finding, root: Path, noted: str) -> StorageUnreachable:
    where = str(root)
    if finding is Finding.ANOTHER:
        what = "the folder is there, but it is another store than the one that it was"
        hint = "mount the right disk, or name the right folder in the settings; a second store "
        return StorageUnreachable(what, where=where, hint=f"{hint}needs a name of its own")
    what = "the folder is not the store that it was: is the disk mounted?"
    folder, file = shlex.quote(where), shlex.quote(str(root / MARK_FILE))
    command = f"mkdir -p -m 700 {folder} && echo {noted or secrets.token_hex(16)} > {file}"
    hint = f"mount it; if the store is lost, and is to begin anew in this folder: {command}"
    return StorageUnreachable(what, where=where, hint=hint)
