"""What the console needs of the product: a part of `operations.Operations`, as a Protocol."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

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


class Reading(Protocol):
    """Questions: they change nothing, and may be asked again and again. All raise MmsError."""

    def engine(self) -> EngineStatus: ...

    def deployments(self) -> list[DeploymentView]: ...

    def deployment(self, name: str) -> DeploymentView: ...

    def snapshots(self, name: str) -> list[SnapshotView]: ...

    def jobs(self, name: str | None = None) -> list[JobView]: ...

    def restores(self, name: str | None = None) -> list[RestoreView]: ...

    def restore(self, restore_id: str) -> RestoreView: ...

    def events(self, name: str | None = None, limit: int = 100) -> list[EventView]: ...

    def removal(self, name: str) -> Removal: ...

    def lag_history(self, name: str, since: datetime) -> list[LagPoint]: ...


class OperationsPort(Reading, Protocol):
    """Reading, and everything that the console can ask the engine to do."""

    def add_deployment(self, name: str, uri: Secret) -> DeploymentView: ...

    def remove_deployment(self, name: str, *, cancel_restores: bool = False) -> Removal: ...

    def start_backup(self, name: str) -> BackupStatus: ...

    def stop_backup(self, name: str) -> BackupStatus: ...

    def validate_head(self, name: str) -> JobView: ...

    def rebuild_head(self, name: str) -> BackupStatus: ...

    def take_snapshot(self, name: str) -> SnapshotView: ...

    def delete_snapshot(self, snapshot_id: str) -> object: ...

    def plan_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Path
    ) -> RestorePlan: ...

    def start_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Path
    ) -> RestoreView: ...

    def cancel_restore(self, restore_id: str) -> object: ...

    def cancel_job(self, job_id: str) -> object: ...
