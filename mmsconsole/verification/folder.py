"""The throw-away folder that snapshots are restored into, to be verified.

Everything in it is ours, and of no use to anybody once its verification has ended, however that
was: so whoever comes next begins by removing what is there.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.durable import disk_errors, make_folders
from mmsconsole.errors import MmsError, NoRoom
from mmsconsole.mongod.process import sweep_orphans

log = logging.getLogger(__name__)

MEGABYTE = 1 << 20
SPARE_BYTES = 256 * MEGABYTE
"""Must stay free on the disk."""


@contextmanager
def empty_folder(root: Path, clock: Clock) -> Iterator[Path]:
    """A path below `root` where nothing is; whatever comes to be there is removed at the end."""
    clear(root, clock)
    with disk_errors(str(root)):
        make_folders(root)
        root.chmod(0o700)
    try:
        yield root / "data"
    finally:
        try:
            clear(root, clock)
        except MmsError as error:  # the next one, or the next start, removes it
            log.warning("what was restored to be verified could not be removed: %s", error)


def clear(root: Path, clock: Clock) -> None:
    """End the mongods below it, and remove it. Raises StorageError."""
    if root.exists():
        sweep_orphans([root], clock)
        with disk_errors(str(root)):
            shutil.rmtree(root)


def check_room(root: Path, needed: int) -> None:
    """Raises NoRoom, StorageError."""
    there = next(folder for folder in [root, *root.parents] if folder.exists())
    with disk_errors(str(there)):
        free = shutil.disk_usage(there).free
    if needed + SPARE_BYTES > free:
        raise NoRoom(
            f"the verification is put off: it needs {needed // MEGABYTE:,} MB, "
            f"{SPARE_BYTES // MEGABYTE} MB must stay free, and the disk has "
            f"{free // MEGABYTE:,} MB",
            where=str(root), hint="free some space, or name a folder: [verification] folder",
        )  # fmt: skip
