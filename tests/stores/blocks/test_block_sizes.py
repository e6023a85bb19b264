"""Blocks of every size: chosen per deployment, told by the manifest."""

import os
import random
from pathlib import Path

import pytest

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.blocks import Blocks
from mmsconsole.metadata.database import Metadata
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.manifest import FileEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.planning import UNIT_BYTES
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.manifests import made
from tests.support.snapshots import (
    CutRoot,
    contents,
    half_random,
    manifest_of,
    restored,
    write_files,
)

KIB = 1024
SIZES = [64 * KIB, 256 * KIB, 4096 * KIB]


@pytest.mark.parametrize("block_bytes", SIZES)
def test_files_are_cut_into_blocks_of_the_deployments_size(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    metadata: Metadata, block_bytes: int,
) -> None:  # fmt: skip
    """Around each border, with holes, and again after a change."""
    metadata.deployments.set("d1", block_bytes=block_bytes)
    whole = half_random(3, 2 * block_bytes)
    sizes = {"less": block_bytes - 1, "even": block_bytes, "more": block_bytes + 1}
    files = {f"{name}.wt": whole[:size] for name, size in sizes.items()}
    write_files(root, {**files, "holes.wt": bytes(2 * block_bytes) + b"end"})

    first = cut("s1")

    manifest = manifest_of(storage, first)
    counted = {file.path: file.blocks(block_bytes) for file in manifest.files()}
    assert manifest.block_bytes == manifest.header["block_bytes"] == block_bytes
    assert [counted[f"{name}.wt"] for name in ("less", "even", "more", "holes")] == [1, 1, 2, 3]
    assert restored(blockstore, first, tmp_path / "first") == contents(root)
    (root / "more.wt").write_bytes(whole)
    second = cut("s2", previous=first)
    assert restored(blockstore, second, tmp_path / "second") == contents(root)


def test_a_unit_of_work_is_a_whole_number_of_blocks_of_every_size() -> None:
    assert [UNIT_BYTES % size for size in SIZES] == [0, 0, 0]


def test_a_change_of_one_byte_stores_one_block(
    cut: CutRoot, root: Path, metadata: Metadata
) -> None:
    """So smaller blocks store less of changes that lie scattered."""
    stored = {}
    write_files(root, {"big.wt": os.urandom(8 << 20)})
    for number, block_bytes in enumerate(SIZES):
        metadata.deployments.set("d1", block_bytes=block_bytes)
        first = cut(f"first-{number}")
        with (root / "big.wt").open("r+b") as file:
            file.seek(5 << 20)
            file.write(bytes([number, 1, 2]))
        stored[block_bytes] = cut(f"second-{number}", previous=first).new_bytes

    assert all(size <= stored[size] < size + 20_000 for size in SIZES)


def test_a_previous_snapshot_in_blocks_of_another_size_is_not_used(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, metadata: Metadata,
    read_files: list[str],
) -> None:  # fmt: skip
    first = cut("s1")
    metadata.deployments.set("d1", block_bytes=64 * KIB)
    read_files.clear()

    second = cut("s2", previous=first)

    assert len(set(read_files)) == 3
    assert restored(blockstore, second, tmp_path / "second") == contents(root)
    assert restored(blockstore, first, tmp_path / "first") == contents(root)


def test_blocks_are_compressed_as_the_deployment_says(
    cut: CutRoot, root: Path, metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [str(number) for number in random.Random(1).choices(range(1000), k=300_000)]
    write_files(root, {"text.wt": " ".join(words).encode()})
    stored = []
    for level in (1, 19):
        monkeypatch.setattr(Blocks, "places", lambda *_: {})  # nothing is stored already
        metadata.deployments.set("d1", zstd_level=level)
        stored.append(cut(f"level-{level}").new_bytes)

    assert stored[1] < stored[0] - 5_000


@pytest.mark.parametrize(
    "block_bytes",
    [None, 0, -262_144, 32 * KIB, 8192 * KIB, 200_000, 1 << 40, "262144", 262_144.0, True],
)
def test_a_manifest_of_a_size_that_can_not_be_is_refused(
    storage: FaultyStorage, block_bytes: object
) -> None:
    header = {"block_bytes": block_bytes, "group": "default"}
    stored = made(storage, "k.manifest", header, [FileEntry("a", 0, 1, 1, 1, 0)], [])

    with pytest.raises(ObjectCorrupt, match="laid out in an unknown way"):
        ManifestReader.open(storage, stored.key, stored.sha256, Task())
