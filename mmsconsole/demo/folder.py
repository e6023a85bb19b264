"""The one folder that the demo writes to."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.durable import disk_errors
from mmsconsole.errors import TargetNotEmpty, UsageError

PATH_BYTES_MAX = 70
"""Sockets lie a few folders below, and their paths may have 107 bytes at most."""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    root: Path

    @property
    def source(self) -> Path:
        """The replica set that is backed up."""
        return self.root / "source"

    @property
    def home(self) -> Path:
        """MMSCONSOLE_HOME of the demo's engine."""
        return self.root / "home"

    @property
    def restored(self) -> Path:
        return self.root / "restored"

    @property
    def downloaded(self) -> Path:
        return self.root / "downloaded.tar"

    @property
    def engine_log(self) -> Path:
        return self.root / "engine.log"

    def clear(self) -> None:
        shutil.rmtree(self.root)


@contextmanager
def open_folder(named: Path | None, *, keep: bool) -> Iterator[DemoFolder]:
    """A fresh folder, readable by its owner alone; one that was named stays afterwards.

    Raises TargetNotEmpty, or UsageError when its path is too long for sockets.
    """
    folder = DemoFolder(_fresh() if named is None else _named(named))
    try:
        yield folder
    finally:
        if named is None and not keep:
            folder.clear()


def _fresh() -> Path:
    root = Path(tempfile.mkdtemp(prefix="mms-demo-"))
    if _too_long(root):
        root.rmdir()
        root = Path(tempfile.mkdtemp(prefix="mms-demo-", dir="/tmp"))
    return root


def _named(folder: Path) -> Path:
    root = folder.expanduser().absolute()
    if _too_long(root):
        raise UsageError(
            f"the path has more than {PATH_BYTES_MAX} bytes, too long for sockets below it",
            where=str(root),
            hint="name a folder with a shorter path",
        )
    with disk_errors(str(root)):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise TargetNotEmpty("the folder is not empty", where=str(root))
    return root


def _too_long(root: Path) -> bool:
    return len(str(root).encode()) > PATH_BYTES_MAX
