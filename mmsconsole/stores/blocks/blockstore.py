"""The blockstore: snapshots of heads, cut into blocks that a group stores once."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from mmsconsole.errors import NotFound, ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.cutting import Cutting
from mmsconsole.stores.blocks.index import BlockIndex, KnownPacks
from mmsconsole.stores.blocks.log_start import LogStart
from mmsconsole.stores.blocks.manifest import manifest_folder, manifest_key, manifest_keys_begin
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.manifest_writer import ManifestWriter
from mmsconsole.stores.blocks.materialising import materialise
from mmsconsole.stores.blocks.moved_packs import MovedPacks, check_there
from mmsconsole.stores.blocks.packing import Packing
from mmsconsole.stores.blocks.page_packing import store_pages
from mmsconsole.stores.blocks.page_writer import PageWriter
from mmsconsole.stores.blocks.planning import Plan, Source
from mmsconsole.stores.blocks.previous import Previous
from mmsconsole.stores.blocks.records import PackNumbers
from mmsconsole.stores.blocks.streaming import SnapshotStream
from mmsconsole.stores.compression import Zstd
from mmsconsole.stores.deleting import Deleting
from mmsconsole.stores.framing import Header, optime_document
from mmsconsole.stores.objects import plain_id
from mmsconsole.task import Task

THREADS_MAX = 4
"""One more than there are cores, up to this: one may wait for the index or the disk."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut has made; the caller writes it into the snapshot's record, as the last step."""

    manifest_key: str
    manifest_sha256: str
    manifest_bytes: int
    files: int
    bytes: int
    """Size of the files."""
    new_bytes: int
    """Stored for this snapshot: new packs and the manifest."""
    lost: tuple[str, ...] = ()
    """Objects of earlier snapshots that were found missing or damaged on the way. This snapshot
    does not need them, but those that do can not be restored: people must be told."""
    changed: tuple[str, ...] = ()
    """Files that were read although their times said that they need not be, and held other bytes
    than before: the head's disk lost some, or a clock lied. People must be told."""


class Blockstore:
    """The blocks of one pool."""

    def __init__(
        self, storage: Storage, metadata: Metadata, pool: Pool, threads: int | None = None
    ) -> None:
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._group = plain_id(pool.group)
        self._threads = threads or min(THREADS_MAX, (os.cpu_count() or 1) + 1)

    def epoch(self) -> int:
        """The pool's, as it is now. Whoever is about to cut writes it down before."""
        return self._metadata.pools.epoch(self._pool.id)

    def cut(
        self,
        snapshot: Snapshot,
        root: Path,
        files: Sequence[str],
        previous: Snapshot | None,
        task: Task,
        *,
        full_read: bool = False,
    ) -> Cut:
        """Store `files` (relative to `root`) as a snapshot; everything is durable on return.

        Nobody may write to the files meanwhile. `snapshot` carries its optimes and versions
        already: they are written into the manifest; and its record an attempt and the pool's
        epoch, so that no pack goes away which this cut may refer to. `previous` is a complete
        snapshot of the same head: files untouched since then are not read, but for a
        `full_read`.

        Order: packs, their records, places of their blocks; the same of pages; manifest. A cut
        that fails leaves at most packs that the next one will use. Raises DiskFull, StorageError,
        MetadataError, Cancelled.
        """
        deployment = self._metadata.deployments.get(snapshot.deployment)
        taken_ns = int(snapshot.created_at.timestamp() * 1e9)
        source = Source.of(root, files, taken_ns, deployment.block_bytes, full_read=full_read)
        before, lost = self._before(snapshot, previous, source, task)
        told = [pack.id for pack in before.packs] if before else []
        packs = KnownPacks(self._storage, self._metadata, told)
        index, numbers = BlockIndex(self._metadata, self._pool.id, packs), PackNumbers()
        earlier = Previous(before, packs, index, numbers)
        zstd = Zstd(checksum=False, level=deployment.zstd_level)
        header = self._header(snapshot, deployment, LogStart.of(root))
        with (
            ManifestWriter(header, PageWriter(numbers, earlier.page)) as manifest,
            Packing(self._storage, self._metadata, self._pool, snapshot.attempt) as packing,
        ):
            cutting = Cutting(source, index, packing, numbers, zstd)
            plan = Plan(source, earlier, manifest.add_file)
            cutting.run(plan, manifest, self._threads, task)
            packing.finish()
            store_pages(manifest.pages, earlier, index, packing, zstd, task)
            used = (packing.stored.get(id_) or packs.entry(id_) for id_ in numbers.ids)
            key = manifest_key(snapshot.deployment, snapshot.id, new_id())
            stored = manifest.store(self._storage, key, used)
        return Cut(
            manifest_key=stored.key,
            manifest_sha256=stored.sha256,
            files=manifest.files,
            bytes=cutting.bytes,
            manifest_bytes=stored.stored_bytes,
            new_bytes=stored.stored_bytes + sum(pack.bytes for pack in packing.stored.values()),
            lost=tuple(dict.fromkeys((*lost, *earlier.lost, *packs.lost))),
            changed=tuple(sorted(cutting.changed)),
        )

    def materialise(self, snapshot: Snapshot, target: Path, task: Task) -> None:
        """Write the snapshot's files below `target`, verified and synced.

        What is there already is never overwritten (StorageError). When it fails or is cancelled,
        everything that it made is taken away again. Raises DiskFull, ObjectMissing,
        ObjectCorrupt, StorageError, Cancelled.
        """
        materialise(self._storage, self._opened(snapshot, task), target, self._threads, task)

    def stream(self, snapshot: Snapshot, task: Task) -> SnapshotStream:
        """The snapshot's files, any range of them, without writing one.

        Raises NotFound, ObjectMissing, ObjectCorrupt, StorageError.
        """
        return SnapshotStream(self._storage, self._opened(snapshot, task), self._threads)

    def check_complete(self, snapshot: Snapshot, task: Task) -> None:
        """Its manifest is whole, and every pack in it is there with its size, or those that its
        blocks were moved to.

        Raises ObjectMissing or ObjectCorrupt naming the object.
        """
        moved = MovedPacks(self._storage)
        for use in self._opened(snapshot, task).uses:
            task.check()
            check_there(self._storage, moved, use)

    def forget(self, snapshot: Snapshot) -> bool:
        """Delete its record, then its manifests (those of failed attempts too).

        Its blocks stay: others may share them. False, with nothing deleted, if it was `leaving`
        and that has been taken back.
        """
        deleting = self._deleting()
        keys = list(self._manifest_keys(snapshot))
        deleting.note((key, snapshot.id) for key in keys)
        if not self._metadata.snapshots.remove_leaving(snapshot):
            deleting.withdraw(keys)
            return False
        deleting.delete_noted(keys)
        return True

    def sweep_manifests(self, deployment_id: str, task: Task) -> None:
        """Delete the manifests of a deployment none of whose snapshots has a record any more."""
        self._deleting().delete_below(manifest_folder(deployment_id), task)

    def _deleting(self) -> Deleting:
        return Deleting(self._storage, self._metadata, self._pool.store)

    def _manifest_keys(self, snapshot: Snapshot) -> Iterator[str]:
        begin = manifest_keys_begin(snapshot.deployment, snapshot.id)
        listed = self._storage.list(manifest_folder(snapshot.deployment), after=begin)
        return takewhile(lambda key: key.startswith(begin), (stored.key for stored in listed))

    def _opened(self, snapshot: Snapshot, task: Task) -> ManifestReader:
        """Raises ObjectMissing, ObjectCorrupt; NotFound for a snapshot that is not complete."""
        if not snapshot.manifest_key:
            raise NotFound(f"the snapshot {snapshot.id} has no manifest")
        manifest = ManifestReader.open(
            self._storage, snapshot.manifest_key, snapshot.manifest_sha256, task
        )
        if manifest.header.get("snapshot", {}).get("id") != snapshot.id:
            raise ObjectCorrupt("is the manifest of another snapshot", where=manifest.key)
        return manifest

    def _before(
        self, snapshot: Snapshot, previous: Snapshot | None, source: Source, task: Task
    ) -> tuple[ManifestReader | None, tuple[str, ...]]:
        """The previous manifest, if it can help; or its key, if it can not be read any more."""
        if previous is None or previous.head != snapshot.head:
            return None, ()
        try:
            manifest = self._opened(previous, task)
        except (ObjectMissing, ObjectCorrupt):
            return None, (previous.manifest_key,)
        return (manifest if manifest.block_bytes == source.block_bytes else None), ()

    def _header(
        self, snapshot: Snapshot, deployment: Deployment, log_start: LogStart | None
    ) -> Header:
        """Everything that is needed to make the records again; of the deployment no secrets."""
        return {
            "block_bytes": deployment.block_bytes,
            "group": self._group,
            "log_start": log_start and log_start.document(),
            "snapshot": {
                "id": snapshot.id,
                "head": snapshot.head,
                "created_at": snapshot.created_at,
                "optime": optime_document(snapshot.optime),
                "replay_from": optime_document(snapshot.replay_from),
                "mongod_version": snapshot.mongod_version,
                "fcv": snapshot.fcv,
            },
            "deployment": {
                "id": deployment.id,
                "name": deployment.name,
                "set_name": deployment.set_name,
                "set_id": deployment.set_id,
                "server_version": deployment.server_version,
                "fcv": deployment.fcv,
            },
        }
