"""The folders of ours in which files are made that then go elsewhere.

    ROOT/RESTORE_ID/.mmsconsole-restore/…     as in the folder of a restore: see target.py

A restore into a folder makes its files there, and has none.
"""

import logging
import os
import re
import shutil
from collections.abc import Container
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.durable import disk_errors, make_folders
from mmsconsole.errors import MmsError, StorageError
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.mongod.process import sweep_orphans
from mmsconsole.restore.target import WORK, is_claimed, is_claimed_by_any
from mmsconsole.settings import Settings

log = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{12}")


def staging_of(settings: Settings, restore: Restore) -> Path:
    """Where its files are made: the target itself, where that is a folder."""
    if restore.where.kind is TargetKind.FOLDER:
        return Path(restore.where.path)
    return Path(restore.staging) if restore.staging else settings.restores_folder / restore.id


def make_root(settings: Settings) -> None:
    """Raises StorageError, DiskFull."""
    root = settings.restores_folder
    with disk_errors(str(root)):
        make_folders(root)


def remove_staging(folder: Path, clock: Clock) -> None:
    """End the mongods on it, and remove it. Raises StorageError, also where something else lies
    there: the path may come from a record that somebody else wrote.
    """
    with disk_errors(str(folder)):
        if not os.path.lexists(folder):
            return
        if not is_staging(folder):
            raise StorageError("holds something else than a restore's files", where=str(folder))
        sweep_orphans([folder], clock)
        shutil.rmtree(folder)


def sweep(settings: Settings, clock: Clock, used: Container[str]) -> None:
    """Remove the folders of restores that are not `used` any more; what people put beside them
    stays. What can not be removed is told of.
    """
    root = settings.restores_folder
    try:
        with disk_errors(str(root)):
            found = [entry for entry in root.iterdir() if is_staging(entry)]
    except StorageError as error:
        if root.exists():
            log.warning("the folder for restores can not be read: %s", error)
        return
    for folder in found:
        if folder.name in used:
            continue
        try:
            remove_staging(folder, clock)
        except MmsError as error:
            log.warning("the files of a restore could not be removed: %s", error)


def is_staging(folder: Path) -> bool:
    """Whether nothing but the work of the restore that it is named after lies in it.

    It may have been made a moment before a crash, and hold nothing, or no claim yet.
    """
    if not _ID.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
        return False
    names = [entry.name for entry in folder.iterdir()]
    if names != [WORK]:
        return not names
    return is_claimed(folder, folder.name) or not is_claimed_by_any(folder)
