"""Records and folders for tests of snapshots that need no source and no head."""

import os
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.recovery.snapshots import open_unknown
from mmsconsole.secret import Secret
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.blockstore import Blockstore, Cut
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

CutRoot = Callable[..., Snapshot]
"""cut(id="s1", previous=None, **fields of the record) -> the complete snapshot."""

LATER = datetime(2100, 1, 1, tzinfo=UTC)
"""A snapshot begun then trusts the times of every file there is now."""


def deployment_record(id_: str = "d1") -> Deployment:
    return Deployment(
        id=id_,
        name=f"shop-{id_}",
        uri=Secret("mongodb://backup:hunter2@db1.example/"),
        set_name="rs0",
        set_id=f"65a0c0ffee00000000000{id_}",
        server_version="6.0.5",
        fcv="6.0",
        created_at=datetime(2024, 1, 1, tzinfo=UTC),
    )


def snapshot_record(
    id_: str, created_at: datetime = LATER, deployment: str = "d1", head: str = "h1"
) -> Snapshot:
    return Snapshot(
        id=id_,
        deployment=deployment,
        head=head,
        created_at=created_at,
        optime=Optime(1_700_000_000, 7, 3),
        replay_from=Optime(1_699_999_990, 1, 3),
        mongod_version="6.0.5",
        fcv="6.0",
    )


def files_below(root: Path) -> list[str]:
    return sorted(
        Path(folder, name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
    )


def contents(root: Path) -> dict[str, bytes]:
    return {path: (root / path).read_bytes() for path in files_below(root)}


def write_files(root: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def half_random(seed: int, size: int) -> bytes:
    """Bytes that compress to about a half; equal for equal seeds."""
    chance = random.Random(seed)
    pieces = (chance.randbytes(512) + bytes([seed % 251]) * 512 for _ in range(size // 1024 + 1))
    return b"".join(pieces)[:size]


def completed(snapshot: Snapshot, cut: Cut) -> Snapshot:
    """As the daemon writes it down after a cut."""
    return replace(
        snapshot,
        state=SnapshotState.COMPLETE,
        manifest_key=cut.manifest_key,
        manifest_sha256=cut.manifest_sha256,
        manifest_bytes=cut.manifest_bytes,
        files=cut.files,
        bytes=cut.bytes,
        new_bytes=cut.new_bytes,
    )


def restored(blockstore: Blockstore, snapshot: Snapshot, folder: Path) -> dict[str, bytes]:
    blockstore.materialise(snapshot, folder, Task())
    return contents(folder)


def manifest_of(storage: Storage, snapshot: Snapshot) -> ManifestReader:
    return ManifestReader.open(storage, snapshot.manifest_key, snapshot.manifest_sha256, Task())


def pack_keys(storage: Storage) -> list[str]:
    """Of blocks of files: not of those packs that hold pages, by the manifests that are there."""
    pages = set(page_pack_keys(storage))
    return [found.key for found in storage.list("packs") if found.key not in pages]


def block_packs(storage: Storage, metadata: Metadata) -> list[Pack]:
    """Records of the same."""
    keys = set(pack_keys(storage))
    return [pack for pack in metadata.packs.all() if pack.key in keys]


def page_pack_keys(storage: Storage) -> list[str]:
    """Of packs that manifests have their pages in."""
    found = set()
    for stored in storage.list("manifests"):
        with suppress(ObjectCorrupt, ObjectMissing):
            manifest, _ = open_unknown(storage, stored.key, Task())
            found |= {manifest.packs[page.pack].key for page in manifest.pages}
    return sorted(found)


def taken(resources: Resources, root: Path, id_: str = "s1", deployment: str = "d1") -> Snapshot:
    """A complete snapshot of what `root` holds, with its record."""
    snapshots = resources.metadata.snapshots
    asked = snapshots.add(snapshot_record(id_, deployment=deployment))
    blockstore = resources.blockstore(resources.metadata.deployments.get(deployment))
    cut = blockstore.cut(asked, root, files_below(root), None, Task())
    snapshots.remove(id_)
    return snapshots.add(replace(completed(asked, cut), finished_at=resources.clock.now()))
