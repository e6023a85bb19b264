"""The disks that heads and stores of this engine lie on."""

import os
from collections.abc import Iterator
from pathlib import Path

from mmsconsole.metadata.engines import SPACE_HEADS, SPACE_STORE, Space
from mmsconsole.restore.room import existing
from mmsconsole.settings import Settings


def spaces_of(settings: Settings) -> tuple[Space, ...]:
    """Those that can be looked at. May hang with a file system that does."""
    return tuple(_spaces(settings))


def _spaces(settings: Settings) -> Iterator[Space]:
    for folder in settings.head_folders:
        yield from _space(SPACE_HEADS, str(folder), folder)
    for name, folder in settings.store_folders.items():
        yield from _space(SPACE_STORE, name, folder)


def _space(kind: str, name: str, folder: Path) -> Iterator[Space]:
    try:
        status = os.statvfs(existing(folder))
    except OSError:
        return  # then nothing is known of it, and that is shown
    unit = status.f_frsize
    yield Space(kind, name, status.f_bavail * unit, status.f_blocks * unit)
