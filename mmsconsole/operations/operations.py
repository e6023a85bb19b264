"""The door: every question and every request, by the word that people use for it."""

from datetime import datetime
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.metadata.database import Metadata
from mmsconsole.operations import (
    backups,
    deployments,
    history,
    jobs,
    restores,
    snapshots,
    status,
)
from mmsconsole.operations.deployments import Wishes
from mmsconsole.operations.desk import Actor as Actor
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.disks import disk_of
from mmsconsole.operations.restores import Wish
from mmsconsole.operations.sources import Sources
from mmsconsole.operations.views import (
    BackupStatus,
    DeploymentView,
    EngineStatus,
    EventView,
    JobView,
    LagPoint,
    Removal,
    RestorePlan,
    RestoreView,
    SnapshotView,
)
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings


class Operations:
    """Stateless: any number of them may work on one metadata database.

    Names are names of deployments; ids are those that the views carry. Everything raises
    UsageError for what makes no sense, Refused (NotFound, Busy, …) for what is not possible
    now, SourceError where a source is asked, MetadataError when the database does not answer.
    """

    def __init__(
        self, metadata: Metadata, settings: Settings, clock: Clock, actor: Actor,
        *, sources: Sources | None = None,
    ) -> None:  # fmt: skip
        if sources is None:
            from mmsconsole.operations.real_sources import RealSources

            sources = RealSources(settings)
        self._desk = Desk(metadata, settings, clock, actor, sources, disk_of)

    def add_deployment(
        self, name: str, uri: Secret, *, snapshot_interval_minutes: int | None = None,
        sync_from: str | None = None, tail_from: str | None = None,
        sync_mb_per_second: float | None = None,
    ) -> DeploymentView:  # fmt: skip
        """What is not chosen is taken from the settings."""
        wishes = Wishes(snapshot_interval_minutes, sync_from, tail_from, sync_mb_per_second)
        return deployments.add(self._desk, name, uri, wishes)

    def edit_deployment(
        self, name: str, *, new_name: str | None = None, uri: Secret | None = None,
        snapshot_interval_minutes: int | None = None, sync_from: str | None = None,
        tail_from: str | None = None, sync_mb_per_second: float | None = None,
    ) -> DeploymentView:  # fmt: skip
        """Only what is given changes; the history stays. A new speed holds within seconds."""
        wishes = Wishes(snapshot_interval_minutes, sync_from, tail_from, sync_mb_per_second)
        return deployments.edit(self._desk, name, wishes, new_name, uri)

    def deployments(self) -> list[DeploymentView]:
        """By name."""
        return deployments.listed(self._desk)

    def deployment(self, name: str) -> DeploymentView:
        return deployments.show(self._desk, name)

    def removal(self, name: str) -> Removal:
        """What remove_deployment would delete."""
        return deployments.removal(self._desk, name)

    def remove_deployment(self, name: str, *, cancel_restores: bool = False) -> Removal:
        return deployments.remove(self._desk, name, cancel_restores=cancel_restores)

    def start_backup(self, name: str) -> BackupStatus:
        return backups.start(self._desk, name)

    def stop_backup(self, name: str) -> BackupStatus:
        return backups.stop(self._desk, name)

    def validate_head(self, name: str) -> JobView:
        """Have the head's files looked over by its mongod; a second time changes nothing."""
        return backups.validate_head(self._desk, name)

    def rebuild_head(self, name: str) -> BackupStatus:
        return backups.rebuild_head(self._desk, name)

    def backup_status(self, name: str) -> BackupStatus:
        return backups.status(self._desk, name)

    def take_snapshot(self, name: str) -> SnapshotView:
        return snapshots.take(self._desk, name)

    def snapshots(self, name: str) -> list[SnapshotView]:
        """Oldest first."""
        return snapshots.listed(self._desk, name)

    def snapshot(self, snapshot_id: str) -> SnapshotView:
        return snapshots.show(self._desk, snapshot_id)

    def delete_snapshot(self, snapshot_id: str) -> SnapshotView:
        """Answers the snapshot as it was."""
        return snapshots.delete(self._desk, snapshot_id)

    def plan_restore(
        self, name: str, *, snapshot: str | None = None, at: str | None = None, target: Path
    ) -> RestorePlan:
        return restores.plan(self._desk, Wish(name, target, snapshot, at))

    def start_restore(
        self, name: str, *, snapshot: str | None = None, at: str | None = None, target: Path
    ) -> RestoreView:
        return restores.start(self._desk, Wish(name, target, snapshot, at))

    def restores(self, name: str | None = None) -> list[RestoreView]:
        """Newest first."""
        return restores.listed(self._desk, name)

    def restore(self, restore_id: str) -> RestoreView:
        return restores.show(self._desk, restore_id)

    def cancel_restore(self, restore_id: str) -> RestoreView:
        return restores.cancel(self._desk, restore_id)

    def jobs(self, name: str | None = None) -> list[JobView]:
        """Newest first."""
        return jobs.listed(self._desk, name)

    def job(self, job_id: str) -> JobView:
        return jobs.show(self._desk, job_id)

    def cancel_job(self, job_id: str) -> JobView:
        return jobs.cancel(self._desk, job_id)

    def events(self, name: str | None = None, limit: int = 100) -> list[EventView]:
        """Newest first."""
        return history.events(self._desk, name, limit)

    def lag_history(self, name: str, since: datetime) -> list[LagPoint]:
        """Oldest first."""
        return history.lag(self._desk, name, since)

    def engine(self) -> EngineStatus:
        return status.engine_status(self._desk)
