"""A head made anew from a snapshot, without its source; the stored oplog then goes on top.

    record of the new head, not active     so what a killed engine leaves is found, and removed
    the snapshot's files                   verified block by block
    the position, put in and durable
    the new head in sync, the deployment's, the old one given up and removed

After a crash at any moment it is done again from the beginning; once the deployment has the new
head nothing is left but to remove the old one.
"""

import logging
from contextlib import suppress
from pathlib import Path

from mmsconsole.errors import (
    Cancelled,
    FilesDamaged,
    MmsError,
    NotFound,
    ObjectCorrupt,
    ObjectMissing,
    OutsideWindow,
    ResyncRequired,
)
from mmsconsole.head.keeping import KeptHead
from mmsconsole.metadata.bases import bases
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.in_use import check_replayable
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.placing import new_place, remove_head, remove_replaced
from mmsconsole.task import Task

log = logging.getLogger(__name__)

UNUSABLE = (ObjectMissing, ObjectCorrupt, FilesDamaged)
"""What a snapshot may turn out to be; an older one may serve."""


class Rebuilding:
    """Of a head whose phase says so; nothing runs on it."""

    def __init__(self, resources: Resources, deployment: Deployment) -> None:
        self._resources = resources
        self._deployment = deployment
        self._old = resources.metadata.heads.get(deployment.head)

    def run(self, task: Task) -> Head:
        """Returns the head that the deployment then has.

        Raises ResyncRequired where no snapshot can serve, ObjectMissing where one could if its
        objects were there, DiskFull, StorageError, MongodError, NoSuitableMongod, Cancelled.
        """
        self._remove_others()
        if self._old.phase is not SyncPhase.REBUILDING:
            return self._old
        base, head = self._from_best(task)
        self._put_in_place(head)
        self._tell(base)
        self._remove_others()
        return self._resources.metadata.heads.get(head.id)

    def _remove_others(self) -> None:
        """Heads that this deployment does not have, or not any more."""
        metadata = self._resources.metadata
        current = metadata.deployments.get(self._deployment.id).head
        for head in list(metadata.heads.of(self._deployment.id)):
            if head.id != current:
                metadata.heads.set(head.id, active=False)
        remove_replaced(self._resources, self._deployment.id)

    def _from_best(self, task: Task) -> tuple[Snapshot, Head]:
        unusable: MmsError | None = None
        unfit = self._old.unfit
        for base in bases(self._resources.metadata, self._deployment.id, without=unfit):
            task.check()
            try:
                return base, self._made_of(base, task)
            except (NotFound, OutsideWindow) as error:
                log.info("snapshot %s goes while the head is rebuilt: %s", base.id, error)
            except UNUSABLE as error:
                self._tell_unusable(base, error)
                if not isinstance(unusable, ObjectMissing):
                    unusable = error
        if isinstance(unusable, ObjectMissing):
            raise unusable  # its storage may only be away
        why = f" ({unusable})" if unusable else ""
        raise ResyncRequired(
            f"{self._old.reason}; no snapshot is left that the head could be rebuilt from{why}",
            where=self._deployment.name,
        ) from unusable

    def _made_of(self, base: Snapshot, task: Task) -> Head:
        assert base.optime is not None, "a complete snapshot has its optime"
        id_, path = new_place(self._resources)
        head = self._resources.metadata.heads.add(
            Head(
                id=id_, deployment=self._deployment.id, path=str(path), active=False,
                mongod_version=base.mongod_version, fcv=base.fcv,
                created_at=self._resources.clock.now(), phase=SyncPhase.REBUILDING,
                sync_start=self._old.sync_start, optime=base.optime,
                replay_from=base.replay_from, reason=self._old.reason,
                rebuilt_from=base.id, rebuild_past=self._old.rebuild_past, unfit=self._old.unfit,
            )
        )  # fmt: skip
        try:
            check_replayable(self._resources.metadata, base)
            self._fill(head, base, task)
        except BaseException:
            with suppress(MmsError):  # it is found again, for its record says that it is nothing
                remove_head(self._resources, head, Task())
            raise
        return head

    def _fill(self, head: Head, base: Snapshot, task: Task) -> None:
        blockstore = self._resources.reading_blockstore(self._deployment)
        blockstore.materialise(base, Path(head.path), task)
        task.check()
        kept = KeptHead.open(self._resources, head)
        try:
            assert base.optime is not None
            kept.begin_at(base.optime, base.replay_from)
            kept.server.make_durable()
        finally:
            kept.close()

    def _put_in_place(self, head: Head) -> None:
        metadata = self._resources.metadata
        metadata.heads.set(head.id, phase=SyncPhase.IN_SYNC, active=True)
        changed = metadata.deployments.set_where(
            {"_id": self._deployment.id, "head": self._old.id}, head=head.id
        )
        if changed is None:
            metadata.heads.set(head.id, active=False)
            remove_replaced(self._resources, self._deployment.id)
            raise Cancelled("the deployment has got another head", where=self._deployment.name)

    def _tell(self, base: Snapshot) -> None:
        text = (
            f"the head was rebuilt from snapshot {base.id} of {base.optime}; "
            f"the stored oplog goes on top of it ({self._old.reason})"
        )
        self._resources.event("head rebuilt", text, deployment=self._deployment.id)

    def _tell_unusable(self, base: Snapshot, error: MmsError) -> None:
        log.error("snapshot %s can not be used for a rebuild: %s", base.id, error)
        text = f"the head can not be rebuilt from snapshot {base.id}: {error}"
        self._resources.event(
            "objects damaged", text, deployment=self._deployment.id, severity=Severity.ERROR
        )
