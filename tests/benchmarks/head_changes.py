"""What snapshots of a real head store and cost after changes, beside what can not be less.

    python -m tests.benchmarks.head_changes [MEGABYTES] [BLOCK_KIB]

A mongod with a head's flags holds a hundred collections: one large one of small documents with two
indexes, the others small. One after another, each cut held against the one before:

    nothing changed   only what mongod itself writes
    1 of 100 touched  one document in one of the small collections
    1 %, 5 %          of the large collection's documents, at random, updated
    2 % appended      new documents
    2 % contiguous    documents one after another updated

For each: bytes stored beside the floor, which is the pages (4 KiB) of the files that differ from
the cut before, and seconds (locked, checkpoint not counted) beside sha256 of all files in one
thread. At the end the last snapshot is restored and compared; the seconds beside `cp` and `sync`.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import MongoClient, UpdateOne

from mmsconsole.clock import SystemClock
from mmsconsole.head.files import snapshot_files
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.task import Task
from tests.benchmarks.store_files import PAGE_BYTES, hash_all, spending, table
from tests.support.metadata import empty, private_metadata, settings_of
from tests.support.snapshots import completed, deployment_record, snapshot_record

Client = MongoClient[dict[str, Any]]
SMALL = 99
DOCUMENT_BYTES = 350
BATCH = 5_000
HEAD = ["change", "stored MB", "changed pages MB", "ratio", "s", "sha256 of all, s", "ratio"]


class Load:
    """The documents of a head, and changes to them; the same for every run."""

    def __init__(self, client: Client, megabytes: int) -> None:
        self._chance = random.Random(1)
        self._large = client.bench.large
        self._small = [client.bench[f"small{number}"] for number in range(SMALL)]
        self._count = int(megabytes * 0.8e6 / DOCUMENT_BYTES)
        self._small_count = int(megabytes * 0.2e6 / DOCUMENT_BYTES / SMALL)

    def fill(self) -> None:
        self._large.create_index("a")
        self._large.create_index("b")
        self._insert(self._large, 0, self._count)
        for collection in self._small:
            self._insert(collection, 0, self._small_count)

    def changes(self) -> dict[str, Callable[[], None]]:
        share, middle = self._count // 100, self._count // 3
        return {
            "nothing changed": lambda: None,
            "1 of 100 touched": self._update_small,
            "1 % at random": lambda: self._update(self._some(share)),
            "5 % at random": lambda: self._update(self._some(5 * share)),
            "2 % appended": lambda: self._insert(self._large, self._count, 2 * share),
            "2 % contiguous": lambda: self._update(range(middle, middle + 2 * share)),
        }

    def _some(self, count: int) -> list[int]:
        return self._chance.sample(range(self._count), count)

    def _insert(self, collection: Any, first: int, count: int) -> None:
        for at in range(first, first + count, BATCH):
            ids = range(at, min(at + BATCH, first + count))
            collection.insert_many([self._document(id_) for id_ in ids])

    def _document(self, id_: int) -> dict[str, Any]:
        chance = self._chance
        text = chance.randbytes(100).hex()
        return {"_id": id_, "a": chance.randint(0, 1 << 40), "b": chance.random(), "text": text}

    def _update(self, ids: Any) -> None:
        writes = [UpdateOne({"_id": id_}, {"$set": {"a": self._chance.random()}}) for id_ in ids]
        for at in range(0, len(writes), BATCH):
            self._large.bulk_write(writes[at : at + BATCH], ordered=False)

    def _update_small(self) -> None:
        self._small[0].update_one({"_id": 0}, {"$set": {"a": 0}})


class HeadChanges:
    def __init__(self, folder: Path, client: Client, dbpath: Path, store: Blockstore) -> None:
        self._folder = folder
        self._client = client
        self._root = dbpath
        self._store = store
        self._copy = folder / "before"
        self._previous: Snapshot | None = None
        self._number = 0

    def cut(self, what: str) -> list[object]:
        """A row of the table."""
        with self._locked():
            names = snapshot_files(self._root)
            files = [self._root / name for name in names]
            with spending() as plain:
                hash_all(files)
            floor = sum(changed_bytes(self._copy / name, self._root / name) for name in names)
            self._number += 1
            # Later than the files have settled, so that untouched ones are trusted.
            at = datetime.now(UTC) + timedelta(seconds=10)
            record = snapshot_record(f"s{self._number}", at)
            with spending() as spent:
                made = self._store.cut(record, self._root, names, self._previous, Task())
            self._previous = completed(record, made)
            self._keep(names)
        stored, changed = made.new_bytes / 1e6, floor / 1e6
        return [
            what, f"{stored:.2f}", f"{changed:.2f}", f"{stored / changed:.2f}",
            f"{spent.seconds:.2f}", f"{plain.seconds:.2f}", f"{spent.seconds / plain.seconds:.2f}",
        ]  # fmt: skip

    def restore(self) -> tuple[float, float]:
        """Seconds of a restore of the last snapshot, and of cp and sync of the same files."""
        assert self._previous is not None
        with spending() as copied:
            subprocess.run(["cp", "-r", self._copy, self._folder / "copy"], check=True)
            subprocess.run(["sync", "-f", self._folder / "copy"], check=True)
        shutil.rmtree(self._folder / "copy")
        with spending() as restored:
            self._store.materialise(self._previous, self._folder / "restored", Task())
        self._compare(self._folder / "restored")
        return restored.seconds, copied.seconds

    def _compare(self, restored: Path) -> None:
        """All but the log's beginning, which is made anew, and the list of checkpoints: a locked
        mongod may still add one to it, between the cut and the copy.
        """
        left_out = ["-x", "journal", "-x", "WiredTiger.turtle", "-x", "WiredTiger.wt"]
        subprocess.run(["diff", "-r", *left_out, self._copy, restored], check=True)

    def _keep(self, names: list[str]) -> None:
        """The files as they were cut, to tell later which of their pages have changed."""
        shutil.rmtree(self._copy, ignore_errors=True)
        for name in names:
            (self._copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._root / name, self._copy / name)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._client.admin.command("fsync", lock=True)
        try:
            yield
        finally:
            self._client.admin.command("fsyncUnlock")


def changed_bytes(before: Path, now: Path) -> int:
    """Of the pages of a file that differ from an earlier copy; all, where there is none."""
    if not before.exists():
        return now.stat().st_size
    changed = 0
    with before.open("rb") as old, now.open("rb") as new:
        while page := new.read(PAGE_BYTES):
            changed += len(page) if old.read(PAGE_BYTES) != page else 0
    return changed


def run(folder: Path, metadata: Metadata, megabytes: int, block_kib: int) -> list[list[object]]:
    binary = find_binaries([], os.environ)[-1]
    address = Address.unix(folder / "h.sock")
    options = MongodOptions(
        binary.path, folder / "h", address, folder / "h.log", cache_gb=0.5, extra=HEAD_FLAGS
    )
    empty(metadata)
    metadata.deployments.add(deployment_record())
    metadata.deployments.set("d1", block_bytes=block_kib * 1024)
    pool = metadata.pools.ensure("default", "default")
    store = Blockstore(LocalStorage(folder / "storage"), metadata, pool)
    process = MongodProcess.start(options, SystemClock())
    try:
        with process.client() as client:
            load = Load(client, megabytes)
            load.fill()
            client.admin.command("fsync")
            head = HeadChanges(folder, client, options.dbpath, store)
            rows = [head.cut("first snapshot")]
            for what, change in load.changes().items():
                change()
                rows.append(head.cut(what))
            restored, copied = head.restore()
    finally:
        process.kill()
    print(f"restore {restored:.2f} s, cp and sync {copied:.2f} s: {restored / copied:.2f}")
    return rows


def main(megabytes: int = 500, block_kib: int = 256) -> None:
    folder = Path(tempfile.mkdtemp(prefix="mms-", dir="/tmp"))
    binary = find_binaries([], os.environ)[-1]
    try:
        with private_metadata(settings_of(folder / "home"), binary, SystemClock()) as metadata:
            print(table(HEAD, run(folder, metadata, megabytes, block_kib)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
