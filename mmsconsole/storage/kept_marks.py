"""The marks of stores that are folders, in files of the home too.

The metadata knows them, but only an engine that runs can be asked: who looks at a host before one
is started reads these.
"""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mmsconsole.durable import disk_errors, make_folders, write_file
from mmsconsole.errors import StorageError
from mmsconsole.storage.marked import Finding, Memories, Memory, judged, mark_in, refusal

log = logging.getLogger(__name__)


class KeptMemory:
    """Wraps a memory and implements storage.marked.Memory; its mark is written down when it is
    asked for or changes.
    """

    def __init__(self, memory: Memory, file: Path) -> None:
        self._memory = memory
        self._file = file

    def mark(self) -> str:
        return self._kept(self._memory.mark())

    def note_first(self, mark: str) -> str:
        return self._kept(self._memory.note_first(mark))

    def note(self, mark: str) -> None:
        self._memory.note(mark)
        self._kept(mark)

    def known_keys(self) -> Sequence[str]:
        return self._memory.known_keys()

    def _kept(self, mark: str) -> str:
        """The store works without the file: that it can not be written ends nothing."""
        try:
            if mark and kept_mark(self._file) != mark:
                with disk_errors(str(self._file)):
                    make_folders(self._file.parent)
                write_file(self._file, [f"{mark}\n".encode()])
        except StorageError as error:
            log.warning("the mark of a store is not written down: %s", error)
        return mark


def kept_beside(memories: Memories, folder: Path) -> Memories:
    """The same memories, each with a file in the folder, called like the store."""
    return partial(_kept_memory, memories, folder)


def _kept_memory(memories: Memories, folder: Path, store: str) -> Memory:
    return KeptMemory(memories(store), folder / store)


def kept_mark(file: Path) -> str:
    """Empty: none was written down. Raises StorageError."""
    with disk_errors(str(file)):
        try:
            return file.read_text("ascii", "replace").strip()
        except FileNotFoundError:
            return ""


def check_known(root: Path, file: Path) -> None:
    """Raises StorageUnreachable where the folder `root` is not the store whose mark was written
    down; what no mark is known of is taken as it is.
    """
    noted = kept_mark(file)
    if noted:
        finding = judged(mark_in(root), noted, known=True, there=False)
        if finding is not Finding.SAME:
            raise refusal(finding, root, noted)
