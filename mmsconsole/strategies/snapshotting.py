"""A snapshot of a head: its files, frozen at one optime, cut into blocks."""

from pathlib import Path

from mmsconsole.head.files import snapshot_files
from mmsconsole.head.keeping import KeptHead
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task


def take_snapshot(resources: Resources, kept: KeptHead, snapshot: Snapshot, task: Task) -> Snapshot:
    """Complete when this returns: every pack that the manifest refers to is there."""
    snapshots, head = resources.metadata.snapshots, kept.head
    group = resources.metadata.deployments.get(head.deployment).group
    blockstore = resources.blockstore(group)
    with kept.frozen() as position:
        snapshot = snapshots.set(
            snapshot.id, head=head.id, optime=position.applied, replay_from=position.replay_from,
            mongod_version=head.mongod_version, fcv=head.fcv,
        )  # fmt: skip
        root = Path(head.path)
        previous = _previous(resources, snapshot)
        cut = blockstore.cut(snapshot, root, snapshot_files(root), previous, task)
    snapshot = snapshots.set(
        snapshot.id, manifest_key=cut.manifest_key, manifest_sha256=cut.manifest_sha256,
        files=cut.files, bytes=cut.bytes, new_bytes=cut.new_bytes,
    )  # fmt: skip
    _tell_of_lost(resources, snapshot, cut.lost)
    blockstore.check_complete(snapshot, task)
    return snapshots.set(
        snapshot.id, state=SnapshotState.COMPLETE, finished_at=resources.clock.now(),
        **_doubt(resources, snapshot),
    )  # fmt: skip


def _doubt(resources: Resources, snapshot: Snapshot) -> dict[str, str]:
    """The head may have become a suspect one before. When it does later, that tells of its
    snapshots too.
    """
    head = resources.metadata.heads.find(snapshot.head)
    return {"doubt": head.suspect} if head is not None and head.suspect else {}


def _previous(resources: Resources, snapshot: Snapshot) -> Snapshot | None:
    """The newest complete snapshot of the same head."""
    complete = resources.metadata.snapshots.complete(snapshot.deployment)
    of_head = [one for one in complete if one.head == snapshot.head]
    return of_head[-1] if of_head else None


def _tell_of_lost(resources: Resources, snapshot: Snapshot, lost: tuple[str, ...]) -> None:
    if lost:
        text = f"objects of earlier snapshots are missing or damaged: {', '.join(lost)}"
        resources.event(
            "objects damaged", text, deployment=snapshot.deployment, severity=Severity.ERROR
        )
