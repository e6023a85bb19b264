"""A snapshot of a head: its files, frozen at one optime, cut into blocks.

A cut belongs to an attempt. It writes its attempt and the pool's epoch into the snapshot's record
before it looks for anything that is stored, and only while the record still has that attempt can
it complete the snapshot: so whoever takes packs away knows of every cut that may refer to them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from mmsconsole.errors import LeaseLost
from mmsconsole.head.files import snapshot_files
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.position import HeadPosition
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.stores.blocks.blockstore import Cut
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

NAMED_MAX = 10


def take_snapshot(resources: Resources, kept: KeptHead, snapshot: Snapshot, task: Task) -> Snapshot:
    """Complete when this returns: every pack that the manifest refers to is there.

    Raises LeaseLost where another attempt has begun, or this one was called off.
    """
    return Snapshotting(resources, kept, snapshot).run(task)


class Snapshotting:
    """One attempt at a snapshot."""

    def __init__(self, resources: Resources, kept: KeptHead, snapshot: Snapshot) -> None:
        self._resources = resources
        self._metadata = resources.metadata
        self._kept = kept
        self._id = snapshot.id
        self._attempt = new_id()
        self._deployment = resources.metadata.deployments.get(snapshot.deployment)
        self._blockstore = resources.blockstore(self._deployment)

    def run(self, task: Task) -> Snapshot:
        with self._kept.frozen() as position:
            snapshot = self._begin(position)
            previous = build_on(self._metadata, snapshot)
            full_read = full_read_due(snapshot.created_at, previous, self._full_read_days())
            root = Path(self._kept.head.path)
            cut = self._blockstore.cut(
                snapshot, root, snapshot_files(root), previous, task, full_read=full_read
            )
        read_at = previous.full_read_at if previous and not full_read else snapshot.created_at
        snapshot = self._set(
            manifest_key=cut.manifest_key, manifest_sha256=cut.manifest_sha256,
            manifest_bytes=cut.manifest_bytes, files=cut.files, bytes=cut.bytes,
            new_bytes=cut.new_bytes, full_read_at=read_at,
        )  # fmt: skip
        _tell(self._resources, self._deployment, cut)
        self._blockstore.check_complete(snapshot, task)
        return self._set(
            state=SnapshotState.COMPLETE, finished_at=self._resources.clock.now(),
            **self._doubt(snapshot),
        )  # fmt: skip

    def _begin(self, position: HeadPosition) -> Snapshot:
        head = self._kept.head
        began = self._metadata.snapshots.set_where(
            {"_id": self._id, "state": SnapshotState.RUNNING.value},
            attempt=self._attempt, epoch=self._blockstore.epoch(), head=head.id,
            optime=position.applied, replay_from=position.replay_from,
            mongod_version=head.mongod_version, fcv=head.fcv,
        )  # fmt: skip
        return began or self._lost()

    def _set(self, **changes: object) -> Snapshot:
        """While the snapshot is this attempt's. Raises LeaseLost."""
        mine = {"_id": self._id, "state": SnapshotState.RUNNING.value, "attempt": self._attempt}
        return self._metadata.snapshots.set_where(mine, **changes) or self._lost()

    def _lost(self) -> Snapshot:
        raise LeaseLost("another attempt has begun, or this one was called off", where=self._id)

    def _full_read_days(self) -> int:
        defaults = self._resources.settings.tree.policy.policy
        return self._metadata.policies.of(self._deployment, defaults).full_read_days

    def _doubt(self, snapshot: Snapshot) -> dict[str, str]:
        """The head may have become a suspect one before. When it does later, that tells of its
        snapshots too.
        """
        head = self._metadata.heads.find(snapshot.head)
        return {"doubt": head.suspect} if head is not None and head.suspect else {}


def full_read_due(now: datetime, previous: Snapshot | None, days: int) -> bool:
    """Whether a snapshot reads every file, whatever its times say. Pure."""
    if previous is None or previous.full_read_at is None:
        return True
    since = now - previous.full_read_at
    return since >= timedelta(days=days) or since < timedelta()


def build_on(metadata: Metadata, snapshot: Snapshot) -> Snapshot | None:
    """The newest complete snapshot of the same head that stays: that it is built on is written
    down before it is looked at, so that nobody deletes it meanwhile.
    """
    complete = metadata.snapshots.complete(snapshot.deployment)
    for candidate in reversed([one for one in complete if one.head == snapshot.head]):
        metadata.snapshots.set(snapshot.id, previous=candidate.id)
        found = metadata.snapshots.find(candidate.id)
        if found is not None and found.state is SnapshotState.COMPLETE:
            return found
    return None


def _tell(resources: Resources, deployment: Deployment, cut: Cut) -> None:
    if cut.lost:
        text = f"objects of earlier snapshots are missing or damaged: {_named(cut.lost)}"
        resources.event("objects damaged", text, deployment=deployment.id, severity=Severity.ERROR)
    if cut.changed:
        text = (
            "files of the head hold other bytes than before, although their times say that nobody "
            f"wrote to them (its disk lost bits, or a clock was set back): {_named(cut.changed)}"
        )
        resources.event("files damaged", text, deployment=deployment.id, severity=Severity.ERROR)


def _named(names: Iterable[str]) -> str:
    some = list(names)
    more = len(some) - NAMED_MAX
    return ", ".join(some[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
