"""Every block of every complete snapshot, read and held against its name."""

from mmsconsole.errors import ObjectMissing, StorageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import unpacked
from mmsconsole.stores.blocks.manifest import NO_PACK, BlockRecord, FileEntry, PackEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.moved import MovedBlock
from mmsconsole.stores.blocks.moved_packs import MovedPacks
from mmsconsole.stores.compression import Zstd
from mmsconsole.task import Task


def wrong_blocks(storage: Storage, metadata: Metadata, deployment: str) -> list[str]:
    """One sentence for each missing or wrong object that a complete snapshot refers to. One that
    is deleted meanwhile does not count.
    """
    found = []
    for snapshot in list(metadata.snapshots.complete(deployment)):
        try:
            check_snapshot(storage, snapshot)
        except StorageError as error:
            there = metadata.snapshots.find(snapshot.id)
            if there is not None and there.state is SnapshotState.COMPLETE:
                found.append(f"snapshot {snapshot.id}: {error}")
    return found


def check_snapshot(storage: Storage, snapshot: Snapshot) -> int:
    """How many blocks it has. Raises ObjectMissing, ObjectCorrupt."""
    manifest = ManifestReader.open(storage, snapshot.manifest_key, snapshot.manifest_sha256, Task())
    zstd = Zstd(checksum=False)
    return sum(_check_file(storage, manifest, file, zstd) for file in list(manifest.files()))


def _check_file(storage: Storage, manifest: ManifestReader, file: FileEntry, zstd: Zstd) -> int:
    block_bytes = manifest.block_bytes
    for number, record in enumerate(manifest.records(file.first, file.blocks(block_bytes))):
        if record.pack == NO_PACK:
            continue
        raw_bytes = min(block_bytes, file.size - number * block_bytes)
        key, stored = _stored(storage, manifest.packs[record.pack], record)
        unpacked(stored, raw_bytes, record.hash, key, zstd)
    return file.blocks(block_bytes)


def _stored(
    storage: Storage, pack: PackEntry, block: BlockRecord | MovedBlock
) -> tuple[str, bytes]:
    """Where its pack is gone, from where a groom has moved it to."""
    try:
        return pack.key, storage.get_range(pack.key, block.offset, block.stored_bytes)
    except ObjectMissing:
        there = MovedPacks(storage).block(pack, block.number, block.hash)
        return _stored(storage, there.pack, there)
