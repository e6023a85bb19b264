"""Whether what is about to be stored fits the disks. Pure.

The factors are measured (433 MB and 1193 MB of BSON, snappy heads, zstd level 1): slices take
0.42 of the source's data, the blocks of a first snapshot 0.71 of it; a head is about as large
on disk as the source's files, with some slack of a fresh build.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.errors import NoRoom

MB = 1024 * 1024
SPARE_BYTES = 256 * MB
"""Must stay free on every disk that is written to."""

HEAD_FACTOR = 1.2
SLICES_FACTOR = 0.45
BLOCKS_FACTOR = 0.75


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


def backup_needs(files_bytes: int, data_bytes: int, head: Path, storage: Path | None) -> list[Need]:
    """Of an initial sync and its first snapshot. Slices go when the head is built, so the
    storage holds the larger of slices and blocks, not both. None: it is no folder."""
    blocks = int(max(SLICES_FACTOR, BLOCKS_FACTOR) * data_bytes)
    needs = [Need("the head", head, int(HEAD_FACTOR * files_bytes))]
    return [*needs, Need("the storage", storage, blocks)] if storage else needs


def restore_needs(snapshot_bytes: int, oplog_bytes: int, target: Path) -> list[Need]:
    """Oplog that is replayed can at most add its own size to the files."""
    return [Need("the restore", target, snapshot_bytes + oplog_bytes)]


def check_room(needs: Sequence[Need], disks: Iterable[Disk]) -> None:
    """`disks` are those under the needs' folders, in the same order. Raises NoRoom."""
    by_device: dict[int, tuple[Disk, list[Need]]] = {}
    for need, disk in zip(needs, disks, strict=True):
        by_device.setdefault(disk.device, (disk, []))[1].append(need)
    for disk, wanted in by_device.values():
        _check_disk(disk, wanted)


def _check_disk(disk: Disk, wanted: list[Need]) -> None:
    total = sum(need.bytes for need in wanted) + SPARE_BYTES
    if total <= disk.free_bytes:
        return
    parts = " and ".join(f"{need.what} needs {megabytes(need.bytes)}" for need in wanted)
    raise NoRoom(
        f"{parts}, {megabytes(SPARE_BYTES)} must stay free, "
        f"and the disk has {megabytes(disk.free_bytes)}",
        where=str(disk.folder),
    )


def megabytes(count: int) -> str:
    return f"{count / MB:,.0f} MB"
