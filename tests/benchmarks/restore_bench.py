"""How fast a snapshot comes back from each kind of store, beside the store's own raw read.

    python -m tests.benchmarks.restore_bench [MEGABYTES] [ROUNDS] [THREADS]

The same generated files are cut once into a folder, into s3:// (a moto server on loopback) and
into mongodb:// (a replica set of one member). Then in turn, round by round:

    raw read     every pack of the store, by ranges of 4 MiB, dropped; so many threads
    materialise  the snapshot into a fresh folder with as many threads: read, decompressed,
                 verified, written, synced

and once a round `cp -r` of the files, and `sync`. Told: the median seconds, and the median of the
ratios within a round. The last of them holds a restore against the store's raw read and then a
restore from the folder: what both take one after another. moto is a server for tests, written in
Python; it reads a whole object for every range of it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from operator import add
from pathlib import Path
from statistics import median

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.settings import StoreSettings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.open import open_url
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.reads import READ_BYTES
from mmsconsole.task import Task
from tests.benchmarks.store_files import make_files, spending, table
from tests.support.metadata import private_metadata, settings_of
from tests.support.s3 import running_s3
from tests.support.snapshots import completed, deployment_record, files_below, snapshot_record

HEAD = [
    "store", "raw read s", "restore s", "ratio to raw read", "ratio to cp and sync",
    "to raw read and restore from the folder",
]  # fmt: skip


class Stored:
    """One snapshot in one store."""

    def __init__(self, root: Path, storage: Storage, metadata: Metadata, pool: str, threads: int):
        self.storage = storage
        self.threads = threads
        self._blockstore = Blockstore(
            storage, metadata, metadata.pools.ensure(pool, "default"), threads
        )
        self._snapshot = self._cut(root)
        self._packs = list(storage.list("packs"))
        self.raw: list[float] = []
        self.restored: list[float] = []

    def _cut(self, root: Path) -> Snapshot:
        record = snapshot_record("s1")
        return completed(
            record, self._blockstore.cut(record, root, files_below(root), None, Task())
        )

    def round(self, target: Path) -> None:
        with spending() as spent:
            self.read_all()
        self.raw.append(spent.seconds)
        os.sync()
        with spending() as spent:
            self._blockstore.materialise(self._snapshot, target, Task())
        self.restored.append(spent.seconds)

    def read_all(self) -> int:
        """Returns the bytes of all packs."""
        with ThreadPoolExecutor(self.threads) as pool:
            return sum(pool.map(lambda one: len(self.storage.get_range(*one)), self._ranges()))

    def _ranges(self) -> Iterator[tuple[str, int, int]]:
        for pack in self._packs:
            for at in range(0, pack.bytes, READ_BYTES):
                yield pack.key, at, min(READ_BYTES, pack.bytes - at)


def measured(root: Path, stored: dict[str, Stored], rounds: int) -> list[list[object]]:
    """Rows of the table."""
    copies: list[float] = []
    target = root.parent / "target"
    for _ in range(rounds):
        for one in stored.values():
            one.round(target)
            subprocess.run(["diff", "-r", root, target], check=True)
            shutil.rmtree(target)
        os.sync()
        with spending() as spent:
            subprocess.run(["cp", "-r", root, target], check=True)
            subprocess.run(["sync", "-f", target], check=True)
        copies.append(spent.seconds)
        shutil.rmtree(target)
    return [
        [
            name, f"{median(one.raw):.2f}", f"{median(one.restored):.2f}",
            ratio(one.restored, one.raw), ratio(one.restored, copies),
            ratio(one.restored, list(map(add, one.raw, stored["folder"].restored))),
        ]
        for name, one in stored.items()
    ]  # fmt: skip


def ratio(ours: list[float], plain: list[float]) -> str:
    ratios = [a / b for a, b in zip(ours, plain, strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


@contextmanager
def storages(folder: Path) -> Iterator[dict[str, Storage]]:
    """Of each kind, in what the product puts around them."""
    binary = find_binaries([], os.environ)[-1].path
    with ExitStack() as stack:
        s3 = stack.enter_context(running_s3(folder / "no-such-file"))
        mongo = stack.enter_context(LocalReplicaSet(binary, folder / "set", SystemClock(), 1))
        settings = {
            "folder": StoreSettings.model_validate({"url": str(folder / "store")}),
            "s3": s3.store(s3.bucket()),
            "mongodb": StoreSettings.model_validate({"url": mongo.uri}),
        }
        yield {name: open_url(store) for name, store in settings.items()}


def main(megabytes: int = 500, rounds: int = 3, threads: int = 3) -> None:
    folder = Path(tempfile.mkdtemp(prefix="mms-", dir="/tmp"))
    make_files(folder / "head", megabytes)
    binary = find_binaries([], os.environ)[-1]
    try:
        with (
            private_metadata(settings_of(folder / "home"), binary, SystemClock()) as metadata,
            storages(folder) as kinds,
        ):
            metadata.deployments.add(deployment_record())
            stored = {
                name: Stored(folder / "head", storage, metadata, name, threads)
                for name, storage in kinds.items()
            }
            print(table(HEAD, measured(folder / "head", stored, rounds)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
