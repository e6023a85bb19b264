"""What a cut reads and stores of a real head's files, when little of it was touched since."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.head.files import snapshot_files
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks import cutting
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.planning import Piece
from mmsconsole.task import Task
from tests.support.snapshots import completed, deployment_record, snapshot_record

COLLECTIONS = 100
DOCUMENTS, DOCUMENT_BYTES = 40, 20_000

Client = MongoClient[dict[str, Any]]


@dataclass
class Cuts:
    """Cuts of one head, each held against the one before."""

    blockstore: Blockstore
    client: Client
    root: Path
    read_bytes: int = 0
    """By the last one."""
    previous: Snapshot | None = None

    def cut(self, id_: str, *, full_read: bool = False) -> Snapshot:
        record = snapshot_record(id_)
        self.read_bytes = 0
        with self._locked():
            made = self.blockstore.cut(
                record, self.root, snapshot_files(self.root), self.previous, Task(),
                full_read=full_read,
            )  # fmt: skip
        assert made.changed == ()
        self.previous = completed(record, made)
        return self.previous

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.client.admin.command("fsync", lock=True)
        try:
            yield
        finally:
            self.client.admin.command("fsyncUnlock")


@pytest.fixture
def cuts(
    mongod: MongodProcess, metadata: Metadata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cuts]:
    """Of a head with a hundred collections, one of them cut already."""
    metadata.deployments.add(deployment_record())
    pool = metadata.pools.ensure("default", "default")
    blockstore = Blockstore(LocalStorage(tmp_path / "storage"), metadata, pool, threads=2)
    client: Client = mongod.client()
    made = Cuts(blockstore, client, mongod.options.dbpath)
    monkeypatch.setattr(cutting, "read_piece", counting(made, cutting.read_piece))
    for number in range(COLLECTIONS):
        client.app[f"c{number}"].insert_many(
            {"_id": each, "data": os.urandom(DOCUMENT_BYTES)} for each in range(DOCUMENTS)
        )
    client.admin.command("fsync")
    made.cut("first")
    yield made
    client.close()


ReadPiece = Callable[[Path, Piece, memoryview], None]


def counting(cuts: Cuts, read_piece: ReadPiece) -> ReadPiece:
    lock = threading.Lock()

    def counted(root: Path, piece: Piece, into: memoryview) -> None:
        with lock:
            cuts.read_bytes += len(into)
        read_piece(root, piece, into)

    return counted


def test_of_a_head_with_one_touched_collection_of_a_hundred_little_is_read(cuts: Cuts) -> None:
    head_bytes = cuts.previous.bytes if cuts.previous else 0
    assert cuts.read_bytes == head_bytes > COLLECTIONS * DOCUMENTS * DOCUMENT_BYTES

    unchanged = cuts.cut("nothing-changed")
    assert unchanged.new_bytes < 1_000_000

    cuts.client.app.c7.update_one({"_id": 1}, {"$set": {"touched": True}})
    touched = cuts.cut("one-touched")
    assert cuts.read_bytes <= 0.03 * touched.bytes

    everything = cuts.cut("all-read", full_read=True)
    assert cuts.read_bytes == everything.bytes
