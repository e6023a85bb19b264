"""Which files of a head belong to a snapshot."""

from collections.abc import Iterator
from pathlib import Path

from mmsconsole.durable import TEMPORARY

SKIPPED_FILES = frozenset({"mongod.lock", "WiredTiger.lock"})
SKIPPED_FOLDERS = frozenset({"journal", "diagnostic.data", "_tmp"})
"""mongod starts on a copy without these (measured on 6.0.5); without any other it may not."""


def snapshot_files(dbpath: Path) -> list[str]:
    """Paths relative to `dbpath`, in order."""
    return sorted(str(path.relative_to(dbpath)) for path in _files(dbpath))


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name not in SKIPPED_FOLDERS:
                yield from _files(entry)
        elif entry.name not in SKIPPED_FILES and not entry.name.startswith(TEMPORARY):
            yield entry
