"""What a cut costs by what was touched, for heads of any size; and memory, which must stay flat.

    python -m tests.benchmarks.store_curve [GIGABYTES ...]        default: 0.5 1
    python -m tests.benchmarks.store_curve 2 5 10 20              some minutes, 2.5 times the disk

The head is a hundred generated files of equal size, without holes. Per size:

    first       nothing is stored yet; beside sha256 and zstd of all files in one thread
    the disk    as many bytes as that stored, in files of 32 MB, each fsynced, by one thread or two,
                whichever is faster; beside the same
    0, 1, ...   that many files of the hundred are touched (1 % of their blocks changed); beside
                sha256 of all files in one thread, which a cut that knows nothing must do
    all read    nothing changed, but every file is read: the weekly full read

The file system is asked to write everything out before each, and the page cache is what it is: the
larger heads do not fit into it, as in life.
"""

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mmsconsole.clock import SystemClock
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.task import Task
from tests.benchmarks.store_files import (
    PAGE_BYTES,
    hash_all,
    hash_and_pack_all,
    seconds_of_disk,
    spending,
    table,
    write_pages,
)
from tests.support.metadata import empty, private_metadata, settings_of
from tests.support.snapshots import completed, deployment_record, files_below, snapshot_record

FILES = 100
TOUCHED = (0, 1, 10, 100)
CHANGED_SHARE = 0.01
GB = 1_000_000_000


@dataclass(frozen=True)
class Row:
    gigabytes: float
    what: str
    seconds: float
    plain_seconds: float
    stored_mb: float
    memory_mb: float

    def cells(self) -> list[object]:
        return [
            f"{self.gigabytes:g}", self.what, f"{self.seconds:.2f}", f"{self.plain_seconds:.2f}",
            f"{self.seconds / self.plain_seconds:.2f}", f"{self.stored_mb:.1f}",
            f"{self.memory_mb:.0f}",
        ]  # fmt: skip


HEAD = ["GB", "what", "s", "plain s", "ratio", "stored MB", "memory +MB"]


class Curve:
    """Of one size."""

    def __init__(self, folder: Path, metadata: Metadata, gigabytes: float) -> None:
        self._gigabytes = gigabytes
        self._folder = folder
        self._chance = random.Random(1)
        self._root = folder / "head"
        self._root.mkdir(parents=True)
        pages = int(gigabytes * GB / FILES) // PAGE_BYTES
        self._files = [self._root / f"collection-{number}.wt" for number in range(FILES)]
        for path in self._files:
            write_pages(path, pages, self._chance)
        empty(metadata)
        metadata.deployments.add(deployment_record())
        pool = metadata.pools.ensure("default", "default")
        self._store = Blockstore(LocalStorage(folder / "storage"), metadata, pool)
        self._previous: Snapshot | None = None
        self._number = 0

    def rows(self) -> Iterator[Row]:
        os.sync()
        with spending() as plain:
            hash_and_pack_all(self._files)
        first = self._cut("first", plain.seconds)
        yield first
        disk_seconds = seconds_of_disk(self._folder / "disk", int(first.stored_mb * 1e6))
        yield replace(first, what="the disk", seconds=disk_seconds, memory_mb=0.0)
        with spending() as plain:
            hash_all(self._files)
        for touched in TOUCHED:
            for path in self._files[:touched]:
                self._change(path)
            yield self._cut(f"{touched} touched", plain.seconds)
        yield self._cut("all read", plain.seconds, full_read=True)

    def _cut(self, what: str, plain_seconds: float, *, full_read: bool = False) -> Row:
        os.sync()
        self._number += 1
        # Later than the files have settled, so that they are trusted when they are untouched.
        at = datetime.now(UTC) + timedelta(seconds=10)
        record = snapshot_record(f"s{self._number}", at)
        with spending() as spent:
            made = self._store.cut(
                record, self._root, files_below(self._root), self._previous, Task(),
                full_read=full_read,
            )  # fmt: skip
        self._previous = completed(record, made)
        stored_mb = made.new_bytes / 1e6
        return Row(
            self._gigabytes, what, spent.seconds, plain_seconds, stored_mb, spent.memory_mb
        )  # fmt: skip

    def _change(self, path: Path) -> None:
        """One page in one of a hundred of its blocks."""
        blocks = path.stat().st_size // BLOCK_BYTES
        with path.open("r+b") as file:
            for block in self._chance.sample(range(blocks), max(1, int(blocks * CHANGED_SHARE))):
                file.seek(block * BLOCK_BYTES)
                file.write(self._chance.randbytes(PAGE_BYTES))


def main(*gigabytes: float) -> None:
    folder = Path(tempfile.mkdtemp(prefix="mms-", dir="/tmp"))
    binary = find_binaries([], os.environ)[-1]
    rows: list[Row] = []
    try:
        with private_metadata(settings_of(folder / "home"), binary, SystemClock()) as metadata:
            for size in gigabytes:
                for row in Curve(folder / "one", metadata, size).rows():
                    print(*row.cells(), flush=True)
                    rows.append(row)
                shutil.rmtree(folder / "one")
    finally:
        shutil.rmtree(folder)
    print(table(HEAD, [row.cells() for row in rows]))


if __name__ == "__main__":
    main(*(map(float, sys.argv[1:]) if sys.argv[1:] else (0.5, 1.0)))
