"""Heads: one whose folder is still there goes on; for another one a rebuild is made ready."""

from dataclasses import replace
from pathlib import Path

from mmsconsole.errors import HeadLost
from mmsconsole.head.keeping import check_files
from mmsconsole.metadata.bases import bases
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.recovery.checks import is_own_head
from mmsconsole.stores.resources import Resources

REASON = "the metadata database was lost, and made anew from the store"


class Heads:
    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def head_for(self, deployment: Deployment, known: Head | None) -> Head | None:
        """The record to write; None: a new initial sync will make one.

        `known`: as the catalogue has it.
        """
        if deployment.backup is BackupState.RESYNC_REQUIRED or deployment.removed:
            return None
        if known is not None and self._goes_on(known):
            # Nobody knows how its mongod ended: its files are looked over soon.
            return replace(known, parked_at=None, unclean_at=self._resources.clock.now())
        found = bases(self._resources.metadata, deployment.id)
        return self._to_be_rebuilt(deployment, known, found[0]) if found else None

    def _goes_on(self, head: Head) -> bool:
        if not is_own_head(head, self._resources.settings.head_folders):
            return False
        usable = head.phase is SyncPhase.IN_SYNC and head.active and not head.suspect
        try:
            check_files(head)
        except HeadLost:
            return False
        return usable

    def _to_be_rebuilt(self, deployment: Deployment, known: Head | None, base: Snapshot) -> Head:
        """The source is not asked: snapshot and stored oplog are enough."""
        # The same id each time: a rebuild that is done again leaves no second record.
        id_ = known.id if known is not None else f"lost-{deployment.id}"[:64]
        return Head(
            id=id_, deployment=deployment.id, path=str(self._folder(id_)),
            mongod_version=base.mongod_version, fcv=base.fcv,
            created_at=self._resources.clock.now(), phase=SyncPhase.REBUILDING,
            sync_start=base.replay_start, optime=base.optime, reason=REASON,
        )  # fmt: skip

    def _folder(self, id_: str) -> Path:
        return self._resources.settings.head_folders[0] / id_
