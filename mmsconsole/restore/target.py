"""The folder that a restore fills: claimed by a marker, so that only what is ours is removed.

The folder must be empty or absent when a restore begins. The marker is the first thing written
and the last thing removed; after a crash it proves that everything beside it is ours.
"""

import shutil
from pathlib import Path

from mmsconsole.durable import disk_errors, make_folders, sync_folder, write_file
from mmsconsole.errors import TargetNotEmpty

MARKER = ".mmsconsole-restore"
_MADE = "made"


def check_empty(target: Path) -> None:
    """Raises TargetNotEmpty, also where the path is a file."""
    if not target.exists():
        return
    if not target.is_dir():
        raise TargetNotEmpty("this is a file, not a folder", where=str(target))
    if any(target.iterdir()):
        raise TargetNotEmpty("the folder is not empty", where=str(target))


def claim(target: Path, restore_id: str) -> None:
    """Make the folder ours; what an earlier attempt of the same restore left is removed."""
    with disk_errors(str(target)):
        owner, made = _marker(target)
        if owner == restore_id:
            _clear(target)
        else:
            check_empty(target)
            made = not target.exists()
            make_folders(target)
        write_file(target / MARKER, [f"{restore_id} {_MADE if made else ''}".encode()])


def finish(target: Path) -> None:
    """The restored files are whole: let go of the folder."""
    with disk_errors(str(target)):
        (target / MARKER).unlink(missing_ok=True)
        sync_folder(target)


def abandon(target: Path, restore_id: str) -> None:
    """Remove what this restore wrote, and the folder too if this restore made it."""
    owner, made = _marker(target)
    if owner != restore_id:
        return
    with disk_errors(str(target)):
        _clear(target)
        (target / MARKER).unlink(missing_ok=True)
        if made:
            target.rmdir()


def _marker(target: Path) -> tuple[str, bool]:
    """(id of the restore that claimed the folder, whether it made the folder)."""
    try:
        owner, _, made = (target / MARKER).read_text(encoding="ascii").partition(" ")
    except (FileNotFoundError, NotADirectoryError):
        return "", False
    return owner, made == _MADE


def _clear(target: Path) -> None:
    for entry in target.iterdir():
        if entry.name == MARKER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
