"""What the file systems say."""

import os
from pathlib import Path

from mmsconsole.operations.estimate import Disk


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists and that we may see."""
    while not os.path.exists(folder) and folder != folder.parent:  # noqa: PTH110 - never raises
        folder = folder.parent
    return folder


def disk_of(folder: Path) -> Disk:
    """Of a folder that need not exist yet."""
    found = existing(folder)
    status = os.statvfs(found)
    return Disk(found.stat().st_dev, folder, status.f_bavail * status.f_frsize)
