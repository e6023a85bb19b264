"""The blockstore: snapshots of heads, cut into blocks that a group stores once."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.errors import NotFound, ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import Storage
from mmsconsole.stores.block import BLOCK_BYTES
from mmsconsole.stores.cutting import Cutting
from mmsconsole.stores.framing import Header, optime_document
from mmsconsole.stores.index import BlockIndex, KnownPacks
from mmsconsole.stores.log_start import LogStart
from mmsconsole.stores.manifest import is_manifest_of, manifest_folder, manifest_key
from mmsconsole.stores.manifest_reader import ManifestReader
from mmsconsole.stores.manifest_writer import ManifestWriter
from mmsconsole.stores.materialising import materialise
from mmsconsole.stores.objects import delete_below, plain_id
from mmsconsole.stores.packing import Packing
from mmsconsole.stores.planning import Plan, Source
from mmsconsole.stores.previous import Previous
from mmsconsole.task import Task

THREADS_MAX = 4
"""One more than there are cores, up to this: one may wait for the index or the disk."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut has made; the caller writes it into the snapshot's record, as the last step."""

    manifest_key: str
    manifest_sha256: str
    files: int
    bytes: int
    """Size of the files."""
    new_bytes: int
    """Stored for this snapshot: new packs and the manifest."""
    lost: tuple[str, ...] = ()
    """Objects of earlier snapshots that were found missing or damaged on the way. This snapshot
    does not need them, but those that do can not be restored: people must be told."""


class Blockstore:
    """The blocks of one group."""

    def __init__(
        self, storage: Storage, metadata: Metadata, group: str, threads: int | None = None
    ) -> None:
        self._storage = storage
        self._metadata = metadata
        self._group = plain_id(group)
        self._threads = threads or min(THREADS_MAX, (os.cpu_count() or 1) + 1)

    def cut(
        self,
        snapshot: Snapshot,
        root: Path,
        files: Sequence[str],
        previous: Snapshot | None,
        task: Task,
    ) -> Cut:
        """Store `files` (relative to `root`) as a snapshot; everything is durable on return.

        Nobody may write to the files meanwhile. `snapshot` carries its optimes and versions
        already: they are written into the manifest. `previous` is a complete snapshot of the
        same head: files untouched since then are not read.

        Order: packs, their records, places of their blocks, manifest. A cut that fails leaves
        at most packs that the next one will use. Raises DiskFull, StorageError, MetadataError,
        Cancelled.
        """
        source = Source.of(root, files, int(snapshot.created_at.timestamp() * 1e9))
        before, lost = self._before(snapshot, previous, task)
        packs = KnownPacks(self._storage, self._metadata, before.packs if before else ())
        with (
            ManifestWriter(self._header(snapshot, LogStart.of(root))) as manifest,
            Packing(self._storage, self._metadata, self._group) as packing,
        ):
            cutting = Cutting(root, BlockIndex(self._metadata, self._group, packs), packing)
            plan = Plan(source, Previous(before, packs), manifest.add_file)
            cutting.run(plan, manifest, self._threads, task)
            packing.finish()
            used = (packing.stored.get(id_) or packs.entry(id_) for id_ in cutting.numbers)
            key = manifest_key(snapshot.deployment, snapshot.id, new_id())
            stored = manifest.store(self._storage, key, used)
        return Cut(
            manifest_key=stored.key,
            manifest_sha256=stored.sha256,
            files=manifest.files,
            bytes=cutting.bytes,
            new_bytes=stored.stored_bytes + sum(pack.bytes for pack in packing.stored.values()),
            lost=(*lost, *packs.lost),
        )

    def materialise(self, snapshot: Snapshot, target: Path, task: Task) -> None:
        """Write the snapshot's files below `target`, verified and synced.

        What is there already is never overwritten (StorageError). When it fails or is cancelled,
        everything that it made is taken away again. Raises DiskFull, ObjectMissing,
        ObjectCorrupt, StorageError, Cancelled.
        """
        materialise(self._storage, self._opened(snapshot, task), target, self._threads, task)

    def check_complete(self, snapshot: Snapshot, task: Task) -> None:
        """Its manifest is whole, and every pack in it is there with its size.

        Raises ObjectMissing or ObjectCorrupt naming the object.
        """
        for pack in self._opened(snapshot, task).packs:
            task.check()
            if self._storage.size(pack.key) != pack.bytes:
                raise ObjectCorrupt(f"has not its {pack.bytes} bytes", where=pack.key)

    def forget(self, snapshot: Snapshot) -> None:
        """Delete its record, then its manifests (those of failed attempts too).

        Its blocks stay: others may share them.
        """
        self._metadata.snapshots.remove(snapshot.id)
        for stored in self._storage.list(manifest_folder(snapshot.deployment)):
            if is_manifest_of(stored.key, snapshot.deployment, snapshot.id):
                self._storage.delete(stored.key)

    def sweep_manifests(self, deployment_id: str, task: Task) -> None:
        """Delete the manifests of a deployment none of whose snapshots has a record any more."""
        delete_below(self._storage, manifest_folder(deployment_id), task)

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
        self, snapshot: Snapshot, previous: Snapshot | None, task: Task
    ) -> tuple[ManifestReader | None, tuple[str, ...]]:
        """The previous manifest, if it can help; or its key, if it can not be read any more."""
        if previous is None or previous.head != snapshot.head:
            return None, ()
        try:
            return self._opened(previous, task), ()
        except (ObjectMissing, ObjectCorrupt):
            return None, (previous.manifest_key,)

    def _header(self, snapshot: Snapshot, log_start: LogStart | None) -> Header:
        """Everything that is needed to make the records again; of the deployment no secrets."""
        deployment = self._metadata.deployments.get(snapshot.deployment)
        return {
            "block_bytes": BLOCK_BYTES,
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
