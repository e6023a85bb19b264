"""Stores over a folder and a real metadata database."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks import cutting
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.planning import Piece
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    CutRoot,
    completed,
    deployment_record,
    files_below,
    half_random,
    snapshot_record,
    write_files,
)


@pytest.fixture
def storage(tmp_path: Path) -> FaultyStorage:
    """Faultless until it is told otherwise."""
    return FaultyStorage(LocalStorage(tmp_path / "storage"))


@pytest.fixture
def blockstore(storage: FaultyStorage, metadata: Metadata) -> Blockstore:
    """Of a group with one deployment, d1."""
    metadata.deployments.add(deployment_record())
    return Blockstore(storage, metadata, metadata.pools.ensure("default", "default"), threads=2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Five blocks in three files, one of them in a folder, and an empty file."""
    return write_files(
        tmp_path / "head",
        {
            "WiredTiger": b"WiredTiger 11",
            "collection-1.wt": half_random(1, 3 * BLOCK_BYTES + 100),
            "db/index-2.wt": half_random(2, 4096),
            "empty.wt": b"",
        },
    )


@pytest.fixture
def cut(blockstore: Blockstore, root: Path, tmp_path: Path) -> CutRoot:
    """cut(id, previous=None, **fields) -> the complete snapshot of what `root` holds now."""

    def run(id_: str = "s1", previous: Snapshot | None = None, **fields: object) -> Snapshot:
        snapshot = replace(snapshot_record(id_), **fields)  # type: ignore[arg-type]
        made = blockstore.cut(snapshot, root, files_below(root), previous, Task())
        return completed(snapshot, made)

    return run


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that cuts have read, as often as they have."""
    read: list[str] = []
    read_piece = cutting.read_piece

    def recorded(root: Path, piece: Piece, into: memoryview) -> None:
        read.append(piece.file.path)
        read_piece(root, piece, into)

    monkeypatch.setattr(cutting, "read_piece", recorded)
    return read
