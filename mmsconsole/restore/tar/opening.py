"""The archive of a snapshot, or of a folder, with the tag that tells it from every other one."""

from dataclasses import dataclass
from pathlib import Path

from mmsconsole.errors import ObjectMissing
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.restore.tar.archive import Archive
from mmsconsole.restore.tar.folder_files import FolderFiles
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task


@dataclass(frozen=True, slots=True)
class Opened:
    archive: Archive
    etag: str
    """In hex: equal as long as every byte is."""


def archive_of_snapshot(resources: Resources, snapshot_id: str, task: Task) -> Opened:
    """Read from its store, without staging. Raises NotFound, StorageError, ObjectMissing where the
    snapshot is not complete (any more).
    """
    snapshot = resources.metadata.snapshots.get(snapshot_id)
    if snapshot.state is not SnapshotState.COMPLETE:
        why = f": {snapshot.reason}" if snapshot.reason else ""
        raise ObjectMissing(f"the snapshot is {snapshot.state}{why}", where=snapshot.id)
    deployment = resources.metadata.deployments.get(snapshot.deployment)
    archive = Archive(resources.reading_blockstore(deployment).stream(snapshot, task))
    return Opened(archive, archive.digest(snapshot.manifest_sha256))


def archive_of_folder(folder: Path) -> Opened:
    """Nobody writes there any more. Raises StorageError."""
    archive = Archive(FolderFiles(folder))
    return Opened(archive, archive.digest(str(folder)))
