"""Whether what is about to be written fits the disks. Pure, but for disk_of()."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.errors import NoRoom

MB = 1024 * 1024
SPARE_BYTES = 256 * MB
"""Must stay free on every disk that is written to."""


@dataclass(frozen=True, slots=True)
class Need:
    what: str
    folder: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system under a folder."""

    device: int
    folder: Path
    free_bytes: int


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


def check_room(
    needs: Sequence[Need], disks: Iterable[Disk], spare_bytes: int = SPARE_BYTES
) -> None:
    """`disks` are those under the needs' folders, in the same order. Raises NoRoom."""
    by_device: dict[int, tuple[Disk, list[Need]]] = {}
    for need, disk in zip(needs, disks, strict=True):
        by_device.setdefault(disk.device, (disk, []))[1].append(need)
    for disk, wanted in by_device.values():
        _check_disk(disk, wanted, spare_bytes)


def _check_disk(disk: Disk, wanted: list[Need], spare_bytes: int) -> None:
    total = sum(need.bytes for need in wanted) + spare_bytes
    if total <= disk.free_bytes:
        return
    parts = " and ".join(f"{need.what} needs {megabytes(need.bytes)}" for need in wanted)
    spare = f"{megabytes(spare_bytes)} must stay free, " if spare_bytes else ""
    raise NoRoom(
        f"{parts}, {spare}and the disk has {megabytes(disk.free_bytes)}",
        where=str(disk.folder),
    )


def megabytes(count: int) -> str:
    return f"{count / MB:,.0f} MB"
