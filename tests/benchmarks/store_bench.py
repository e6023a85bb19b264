"""How fast the blockstore is, held against the plain work that nobody can avoid.

    python -m tests.benchmarks.store_bench [MEGABYTES] [ROUNDS] [THREADS] [BLOCK_KIB]

Every round makes, one after another so that a neighbour's load meets all of them:

    plain        sha256 of every file, then zstd 1 of every block, in one thread, nothing kept
    disk, disk2  as many bytes as the first cut stores written in files of 32 MB, each fsynced, by
                 one thread and by two
    first cut    nothing is stored yet: everything is read, hashed, compressed, written, synced
    sha256       of every file, in one thread
    same again   a cut in which nothing has changed but every file must be read
    untouched    a cut in which no file need be read
    cp + sync    of the same files
    materialise  of the snapshot into a fresh folder, verified and synced

and tells the median seconds, the least CPU seconds (of this process and of the commands that it
runs), the ratio to the plain work, and the most memory that the process held above what it held
before. The targets: first cut 1.3, same again 1.2, materialise 1.5. Beside the first cut also
its ratio to whichever took longest of what it can not avoid: plain, or the disk at its best.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from mmsconsole.clock import SystemClock
from mmsconsole.engine.memory import bound_arenas
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.blockstore import Blockstore, Cut
from mmsconsole.task import Task
from tests.benchmarks.store_files import (
    hash_all,
    hash_and_pack_all,
    make_files,
    spending,
    write_packs,
)
from tests.support.metadata import empty, private_metadata, settings_of
from tests.support.snapshots import completed, deployment_record, files_below, snapshot_record


class Bench:
    def __init__(
        self, folder: Path, metadata: Metadata, megabytes: int, threads: int, block_kib: int
    ) -> None:
        self.deployment = replace(deployment_record(), block_bytes=block_kib * 1024)
        self.root = folder / "head"
        self.folder = folder
        self.metadata = metadata
        self.threads = threads
        self.seconds: dict[str, list[float]] = {}
        self.cpu: dict[str, float] = {}
        self.memory: dict[str, float] = {}
        make_files(self.root, megabytes)
        self.files = [self.root / path for path in files_below(self.root)]
        self.bytes = sum(path.stat().st_size for path in self.files)

    def round(self) -> None:
        storage = LocalStorage(self.folder / "storage")
        empty(self.metadata)
        self.metadata.deployments.add(self.deployment)
        self.store = Blockstore(
            storage, self.metadata, self.metadata.pools.ensure("default", "default"), self.threads
        )
        # Later than the files have settled, so that they are trusted when they are untouched.
        first = snapshot_record("first", datetime.now(UTC) + timedelta(seconds=10))
        with self.timed("plain"):
            hash_and_pack_all(self.files)
        with self.timed("first cut"):
            cut = self.cut(first, None)
        for name, writers in (("disk", 1), ("disk2", 2)):
            os.sync()
            with self.timed(name):
                write_packs(self.folder / "disk", cut.new_bytes, writers)
            shutil.rmtree(self.folder / "disk")
        with self.timed("sha256"):
            hash_all(self.files)
        stored = completed(first, cut)
        with self.timed("untouched"):
            self.cut(snapshot_record("second", first.created_at), stored)
        for path in self.files:
            os.utime(path)
        with self.timed("same again"):
            again = self.cut(snapshot_record("third", first.created_at), stored)
        assert again.new_bytes < cut.new_bytes / 100
        with self.timed("cp + sync"):
            subprocess.run(["cp", "-r", self.root, self.folder / "copy"], check=True)
            subprocess.run(["sync", "-f", self.folder / "copy"], check=True)
        # So that both find memory that was used before: a guest is slow to get more of its host.
        shutil.rmtree(self.folder / "copy")
        os.sync()
        with self.timed("materialise"):
            self.store.materialise(stored, self.folder / "restored", Task())
        subprocess.run(["diff", "-r", self.root, self.folder / "restored"], check=True)
        for name in ("storage", "restored"):
            shutil.rmtree(self.folder / name)
        os.sync()

    def cut(self, snapshot: Snapshot, previous: Snapshot | None) -> Cut:
        return self.store.cut(snapshot, self.root, files_below(self.root), previous, Task())

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        with spending() as spent:
            yield
        self.seconds.setdefault(name, []).append(spent.seconds)
        self.cpu[name] = min(self.cpu.get(name, spent.cpu_seconds), spent.cpu_seconds)
        self.memory[name] = max(self.memory.get(name, 0), spent.memory_mb)

    def report(self) -> None:
        against = {"first cut": "plain", "same again": "sha256", "untouched": "sha256",
                   "materialise": "cp + sync"}  # fmt: skip
        print(f"{self.bytes / 1e6:.0f} MB in {len(self.files)} files, {self.threads} threads")
        for name, seconds in self.seconds.items():
            middle = median(seconds)
            rate = self.bytes / 1e6 / middle
            print(
                f"{name:12} {middle:6.2f} s {rate:7.0f} MB/s  CPU {self.cpu[name]:5.2f} s",
                f" +{self.memory[name]:4.0f} MB",
                self.ratio(seconds, self.seconds[against[name]], against[name])
                if name in against
                else "",
            )
        print("first cut", self.ratio(self.seconds["first cut"], self.least(), "the least"))

    def least(self) -> list[float]:
        """What a first cut can not avoid, round by round."""
        told = self.seconds
        disk = map(min, told["disk"], told["disk2"])
        return list(map(max, told["plain"], disk))

    def ratio(self, seconds: list[float], plain: list[float], name: str) -> str:
        """Round by round, so that what slows one round slows both."""
        ratios = [a / b for a, b in zip(seconds, plain, strict=True)]
        return f" {median(ratios):5.2f} x {name} ({min(ratios):.2f} to {max(ratios):.2f})"


def main(megabytes: int = 500, rounds: int = 3, threads: int = 3, block_kib: int = 256) -> None:
    bound_arenas()  # as the engine does: without it malloc costs as much as the work
    folder = Path(tempfile.mkdtemp(prefix="mms-", dir="/tmp"))
    clock, binary = SystemClock(), find_binaries([], os.environ)[-1]
    try:
        with private_metadata(settings_of(folder / "home"), binary, clock) as metadata:
            bench = Bench(folder, metadata, megabytes, threads, block_kib)
            for _ in range(rounds):
                bench.round()
            bench.report()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
