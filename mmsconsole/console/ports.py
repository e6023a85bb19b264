"""What the console needs of the product: a part of `operations.Operations`, as a Protocol."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from mmsconsole.console.alert_ports import AlertActing, AlertReading
from mmsconsole.metadata.targets import Selection, Target
from mmsconsole.operations.check_views import CheckView, RepairView
from mmsconsole.operations.link_views import LinkView
from mmsconsole.operations.monitoring_views import (
    AgentView,
    HealthView,
    HostView,
    LatestView,
    MemberView,
    MetricView,
    SeriesView,
    TopView,
)
from mmsconsole.operations.opening_views import (
    Connection,
    FoundDocuments,
    OpenedCollection,
    OpeningView,
)
from mmsconsole.operations.openings import Question
from mmsconsole.operations.oplog_views import (
    OplogEntryView,
    OplogPage,
    OplogQuery,
    OplogRate,
    OplogSearch,
)
from mmsconsole.operations.policy_views import PolicyPreview, PolicyView
from mmsconsole.operations.seeding import SeedView
from mmsconsole.operations.store_views import GroomPlanView, StoreStats, StoreView
from mmsconsole.operations.views import (
    BackupStatus,
    DeploymentView,
    EngineStatus,
    EventView,
    JobView,
    LagPoint,
    Removal,
    RestorePlan,
    RestorePoint,
    RestoreView,
    SnapshotView,
)
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from mmsconsole.task import Task


class Reading(AlertReading, Protocol):
    """Questions: they change nothing, and may be asked again and again. All raise MmsError."""

    def engine(self) -> EngineStatus: ...

    def deployments(self) -> list[DeploymentView]: ...

    def deployment(self, name: str) -> DeploymentView: ...

    def snapshots(self, name: str) -> list[SnapshotView]: ...

    def snapshot(self, snapshot_id: str) -> SnapshotView: ...

    def snapshot_events(self, snapshot_id: str) -> list[EventView]: ...

    def policy(self, name: str | None = None) -> PolicyView: ...

    def preview_policy(self, name: str | None, changes: Mapping[str, Any]) -> PolicyPreview: ...

    def stores(self, *, ask: bool = True) -> list[StoreView]: ...

    def store(self, name: str) -> StoreView: ...

    def store_stats(self, store: str) -> StoreStats: ...

    def last_check(self, store: str) -> CheckView: ...

    def store_damage(self, store: str) -> CheckView | None: ...

    def plan_groom(self, store: str) -> GroomPlanView: ...

    def plan_repair(self, store: str) -> RepairView: ...

    def jobs(self, name: str | None = None) -> list[JobView]: ...

    def restores(self, name: str | None = None) -> list[RestoreView]: ...

    def restore(self, restore_id: str) -> RestoreView: ...

    def events(self, name: str | None = None, limit: int = 100) -> list[EventView]: ...

    def removal(self, name: str) -> Removal: ...

    def oplog(
        self, name: str, query: OplogQuery | None = None, *, task: Task | None = None
    ) -> OplogPage: ...

    def oplog_entry(self, name: str, at: Optime) -> OplogEntryView: ...

    def oplog_rate(
        self, name: str, *, count: int = 60, first: str = "", last: str = "",
        task: Task | None = None,
    ) -> OplogRate: ...  # fmt: skip

    def oplog_search(
        self, name: str, *, before: Optime | None = None, task: Task | None = None
    ) -> OplogSearch: ...

    def openings(self) -> list[OpeningView]: ...

    def opening(self, opening_id: str) -> OpeningView: ...

    def opened_collections(
        self, opening_id: str, *, task: Task | None = None
    ) -> list[OpenedCollection]: ...

    def find_opened(
        self, opening_id: str, question: Question, *, task: Task | None = None
    ) -> FoundDocuments: ...

    def links(self, name: str | None = None) -> list[LinkView]: ...

    def link(self, link_id: str) -> LinkView: ...

    def restore_point(self, name: str, *, snapshot: str | None, at: str | None) -> RestorePoint: ...

    def lag_history(self, name: str, since: datetime) -> list[LagPoint]: ...

    def members(self, name: str) -> list[MemberView]: ...

    def member(self, name: str, host: str) -> MemberView: ...

    def health(self, name: str) -> HealthView: ...

    def metrics(self) -> list[MetricView]: ...

    def metrics_now(self, name: str, member: str | None = None) -> list[LatestView]: ...

    def metric_series(
        self, name: str, metric: str, *, member: str | None = None, since: datetime | None = None,
        until: datetime | None = None, points: int = 300,
    ) -> list[SeriesView]: ...  # fmt: skip

    def operations_now(self, name: str, member: str | None = None) -> TopView: ...

    def hosts(self, name: str) -> list[HostView]: ...

    def agents(self) -> list[AgentView]: ...


class OperationsPort(Reading, AlertActing, Protocol):
    """Reading, and everything that the console can ask the engine to do."""

    def add_deployment(self, name: str, uri: Secret) -> DeploymentView: ...

    def remove_deployment(self, name: str, *, cancel_restores: bool = False) -> Removal: ...

    def start_backup(self, name: str) -> BackupStatus: ...

    def stop_backup(self, name: str) -> BackupStatus: ...

    def validate_head(self, name: str) -> JobView: ...

    def rebuild_head(self, name: str) -> BackupStatus: ...

    def take_snapshot(self, name: str) -> SnapshotView: ...

    def delete_snapshot(self, snapshot_id: str) -> object: ...

    def hold_snapshot(self, snapshot_id: str, reason: str) -> SnapshotView: ...

    def release_snapshot(self, snapshot_id: str) -> SnapshotView: ...

    def expire_snapshot(self, snapshot_id: str, at: datetime | None = None) -> SnapshotView: ...

    def verify_snapshot(self, snapshot_id: str) -> JobView: ...

    def verify_moment(self, name: str) -> JobView: ...

    def set_policy(
        self, name: str | None, changes: Mapping[str, Any], *, confirmed: bool = False
    ) -> PolicyView: ...

    def start_groom(self, store: str) -> JobView: ...

    def start_repair(self, store: str) -> JobView: ...

    def start_check(self, store: str, *, share: float = 0.0) -> CheckView: ...

    def plan_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Target,
        selection: Selection, secret: Secret | None,
    ) -> RestorePlan: ...  # fmt: skip

    def start_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Target,
        selection: Selection, secret: Secret | None,
    ) -> RestoreView: ...  # fmt: skip

    def cancel_restore(self, restore_id: str) -> object: ...

    def open_snapshot(
        self, name: str, *, snapshot: str | None = None, at: str | None = None, hours: float = 24
    ) -> RestoreView: ...

    def opening_connection(self, opening_id: str) -> Connection: ...

    def extend_opening(self, opening_id: str, hours: float) -> OpeningView: ...

    def close_opening(self, opening_id: str) -> OpeningView: ...

    def revoke_link(self, link_id: str) -> LinkView: ...

    def seed(
        self, restore_id: str, set_name: str, members: Sequence[str], uri: Secret | None,
        task: Task,
    ) -> SeedView: ...  # fmt: skip

    def cancel_job(self, job_id: str) -> object: ...
