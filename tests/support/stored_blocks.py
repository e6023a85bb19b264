"""Every block of every complete snapshot, read and held against its name."""

from mmsconsole.errors import StorageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import Storage
from mmsconsole.stores.block import BLOCK_BYTES, unpacked
from mmsconsole.stores.compression import Zstd
from mmsconsole.stores.manifest import NO_PACK, FileEntry
from mmsconsole.stores.manifest_reader import ManifestReader
from mmsconsole.task import Task


def wrong_blocks(storage: Storage, metadata: Metadata, deployment: str) -> list[str]:
    """One sentence for each missing or wrong object that a complete snapshot refers to."""
    found = []
    for snapshot in metadata.snapshots.complete(deployment):
        try:
            check_snapshot(storage, snapshot)
        except StorageError as error:
            found.append(f"snapshot {snapshot.id}: {error}")
    return found


def check_snapshot(storage: Storage, snapshot: Snapshot) -> int:
    """How many blocks it has. Raises ObjectMissing, ObjectCorrupt."""
    manifest = ManifestReader.open(storage, snapshot.manifest_key, snapshot.manifest_sha256, Task())
    zstd = Zstd(checksum=False)
    return sum(_check_file(storage, manifest, file, zstd) for file in list(manifest.files()))


def _check_file(storage: Storage, manifest: ManifestReader, file: FileEntry, zstd: Zstd) -> int:
    for number, record in enumerate(manifest.records(file.first, file.blocks)):
        if record.pack == NO_PACK:
            continue
        raw_bytes = min(BLOCK_BYTES, file.size - number * BLOCK_BYTES)
        key = manifest.packs[record.pack].key
        stored = storage.get_range(key, record.offset, record.stored_bytes)
        unpacked(stored, raw_bytes, record.hash, key, zstd)
    return file.blocks
