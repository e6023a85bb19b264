"""The door: every question and every request, by the word that people use for it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Unpack

from mmsconsole.clock import Clock
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.operations import (
    backups,
    checks,
    deployments,
    expiry,
    history,
    jobs,
    keys,
    links,
    openings,
    policies,
    recovery,
    repairs,
    restores,
    seeding,
    snapshots,
    status,
    stores,
    verifications,
)
from mmsconsole.operations.alert_door import AlertDoor
from mmsconsole.operations.check_views import CheckView, RepairView
from mmsconsole.operations.desk import Actor as Actor
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.disks import disk_of
from mmsconsole.operations.link_views import LinkView, ServiceCa
from mmsconsole.operations.monitoring_door import MonitoringDoor
from mmsconsole.operations.monitoring_series import POINTS
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
from mmsconsole.operations.oplog_door import OplogDoor
from mmsconsole.operations.oplog_views import (
    OplogEntryView,
    OplogPage,
    OplogQuery,
    OplogRate,
    OplogSearch,
)
from mmsconsole.operations.policy_views import PolicyPreview, PolicyView
from mmsconsole.operations.recovery_views import StoreRebuildView
from mmsconsole.operations.restore_wishes import RestoreWish
from mmsconsole.operations.seeding import SeedView
from mmsconsole.operations.sources import Sources
from mmsconsole.operations.store_views import GroomPlanView, StoreStats, StoreView
from mmsconsole.operations.views import (
    BackupStatus,
    DeploymentView,
    EngineStatus,
    EventView,
    JobView,
    KeysView,
    LagPoint,
    Removal,
    RestorePlan,
    RestorePoint,
    RestoreView,
    SnapshotView,
)
from mmsconsole.operations.wishes import Wishes
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from mmsconsole.settings import DEFAULT_STORE, Settings
from mmsconsole.task import Task


class Operations(AlertDoor):
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
        self._oplog = OplogDoor(self._desk)
        self._monitoring = MonitoringDoor(self._desk)

    def add_deployment(self, name: str, uri: Secret, **wishes: Unpack[Wishes]) -> DeploymentView:
        """What is not chosen is taken from the settings. Blocks stay as they were chosen."""
        return deployments.add(self._desk, name, uri, wishes)

    def edit_deployment(
        self, name: str, *, new_name: str | None = None, uri: Secret | None = None,
        **wishes: Unpack[Wishes],
    ) -> DeploymentView:  # fmt: skip
        """Only what is given changes; the history stays. A new speed holds within seconds."""
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

    def policy(self, name: str | None = None) -> PolicyView:
        """Of a deployment; None: what all of its group inherit."""
        return policies.show(self._desk, name)

    def preview_policy(self, name: str | None, changes: policies.Changes) -> PolicyPreview:
        """What would become of every snapshot; nothing is changed. A value of None: inherit."""
        return policies.preview(self._desk, name, changes)

    def set_policy(
        self, name: str | None, changes: policies.Changes, *, confirmed: bool = False
    ) -> PolicyView:
        """Refused, unless confirmed, when it would delete something."""
        return policies.change(self._desk, name, changes, confirmed=confirmed)

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

    def take_snapshot(
        self, name: str, *, keep_days: int | None = None, hold: str = ""
    ) -> SnapshotView:
        """`keep_days`: so long it is kept, whatever the policy says. `hold`: why it is held."""
        if hold:
            expiry.check_reason(hold)
        return snapshots.take(self._desk, name, keep_days, hold)

    def snapshots(self, name: str) -> list[SnapshotView]:
        """Oldest first."""
        return snapshots.listed(self._desk, name)

    def snapshot(self, snapshot_id: str) -> SnapshotView:
        return snapshots.show(self._desk, snapshot_id)

    def snapshot_events(self, snapshot_id: str) -> list[EventView]:
        """What happened to it, newest first."""
        return history.events_of_snapshot(self._desk, snapshot_id)

    def hold_snapshot(self, snapshot_id: str, reason: str) -> SnapshotView:
        """It neither expires nor is deleted until it is released."""
        return expiry.hold(self._desk, snapshot_id, reason)

    def release_snapshot(self, snapshot_id: str) -> SnapshotView:
        return expiry.release(self._desk, snapshot_id)

    def expire_snapshot(self, snapshot_id: str, at: datetime | None = None) -> SnapshotView:
        """Give it a date of its own; None: now. The last good one stays all the same."""
        return expiry.expire(self._desk, snapshot_id, at)

    def delete_snapshot(self, snapshot_id: str) -> SnapshotView:
        """Answers the snapshot as it was; the daemon removes it soon."""
        return expiry.delete(self._desk, snapshot_id)

    def verify_snapshot(self, snapshot_id: str) -> JobView:
        """Have it restored for real, and compared with what the head held then."""
        return verifications.verify_snapshot(self._desk, snapshot_id)

    def verify_moment(self, name: str) -> JobView:
        """The same of a moment of the window, chosen at random."""
        return verifications.verify_moment(self._desk, name)

    def restore_point(
        self, name: str, *, snapshot: str | None = None, at: str | None = None
    ) -> RestorePoint:
        """A moment, and what is there to be chosen of; refused where it can not be restored."""
        return restores.point(self._desk, name, snapshot, at)

    def plan_restore(
        self, name: str, *, snapshot: str | None = None, at: str | None = None,
        target: Path | Target, selection: Selection = WHOLE, secret: Secret | None = None,
    ) -> RestorePlan:  # fmt: skip
        """What start_restore would do; refused for whatever that would be refused for."""
        wish = RestoreWish(name, _as_target(target), snapshot, at, selection, secret)
        return restores.plan(self._desk, wish)

    def start_restore(
        self, name: str, *, snapshot: str | None = None, at: str | None = None,
        target: Path | Target, selection: Selection = WHOLE, secret: Secret | None = None,
    ) -> RestoreView:  # fmt: skip
        """`target`: a path is a folder. `secret`: a live target's URI, an SSH key's passphrase."""
        wish = RestoreWish(name, _as_target(target), snapshot, at, selection, secret)
        return restores.start(self._desk, wish)

    def restores(self, name: str | None = None) -> list[RestoreView]:
        """Newest first."""
        return restores.listed(self._desk, name)

    def restore(self, restore_id: str) -> RestoreView:
        return restores.show(self._desk, restore_id)

    def cancel_restore(self, restore_id: str) -> RestoreView:
        return restores.cancel(self._desk, restore_id)

    def links(self, name: str | None = None) -> list[LinkView]:
        """Newest first."""
        return links.listed(self._desk, name)

    def link(self, link_id: str) -> LinkView:
        return links.show(self._desk, link_id)

    def revoke_link(self, link_id: str) -> LinkView:
        """What is being downloaded is broken off."""
        return links.revoke(self._desk, link_id)

    def service_ca(self) -> ServiceCa:
        """How clients know the engine's front end; Refused while it does not listen."""
        return links.service_ca(self._desk)

    def open_snapshot(
        self, name: str, *, snapshot: str | None = None, at: str | None = None, hours: float = 24
    ) -> RestoreView:
        """The opening has the id of this restore, once that is done."""
        target = Target(TargetKind.OPEN, hours=hours)
        return restores.start(self._desk, RestoreWish(name, target, snapshot, at))

    def openings(self) -> list[OpeningView]:
        """Newest first; those that have ended too."""
        return openings.listed(self._desk)

    def opening(self, opening_id: str) -> OpeningView:
        return openings.show(self._desk, opening_id)

    def opening_connection(self, opening_id: str) -> Connection:
        """With its password; that it was asked for is written down."""
        return openings.connection(self._desk, opening_id)

    def opened_collections(
        self, opening_id: str, *, task: Task | None = None
    ) -> list[OpenedCollection]:
        return openings.collections(self._desk, opening_id, task or Task())

    def find_opened(
        self, opening_id: str, question: Question, *, task: Task | None = None
    ) -> FoundDocuments:
        """A task that is cancelled ends it at the server too."""
        return openings.find(self._desk, opening_id, question, task or Task())

    def extend_opening(self, opening_id: str, hours: float) -> OpeningView:
        return openings.extend(self._desk, opening_id, hours)

    def close_opening(self, opening_id: str) -> OpeningView:
        return openings.close(self._desk, opening_id)

    def seed(
        self, restore_id: str, set_name: str, members: Sequence[str], uri: Secret | None,
        task: Task,
    ) -> SeedView:  # fmt: skip
        """A new replica set from a restore that is done. With the connection string of its first
        member it is begun; else only said how.
        """
        return seeding.seed(self._desk, restore_id, set_name, members, uri, task)

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

    def oplog(
        self, name: str, query: OplogQuery | None = None, *, first: str = "", last: str = "",
        task: Task | None = None,
    ) -> OplogPage:  # fmt: skip
        """A page of the stored oplog. `first` and `last` are points, both included."""
        return self._oplog.page(name, query or OplogQuery(), task or Task(), first, last)

    def oplog_entry(self, name: str, at: Optime) -> OplogEntryView:
        """One entry, whole; NotFound names its neighbours."""
        return self._oplog.entry(name, at)

    def oplog_rate(
        self, name: str, *, count: int = 60, first: str = "", last: str = "",
        task: Task | None = None,
    ) -> OplogRate:  # fmt: skip
        """Operations in `count` stretches between two points; without them, of all there is."""
        return self._oplog.rate(name, count, task or Task(), first, last)

    def oplog_search(
        self, name: str, *, before: Optime | None = None, last: str = "", limit: int = 1,
        task: Task | None = None,
    ) -> OplogSearch:  # fmt: skip
        """Drops and deletes of many, backwards: from an entry that is left out, from a point that
        is included, or from the end."""
        return self._oplog.search(name, before, limit, task or Task(), last)

    def members(self, name: str) -> list[MemberView]:
        """As they were last seen: the primary first, then by name."""
        return self._monitoring.members(name)

    def member(self, name: str, host: str) -> MemberView:
        """`host`: host:port, a host alone, or how one begins."""
        return self._monitoring.member(name, host)

    def health(self, name: str) -> HealthView:
        return self._monitoring.health(name)

    def metrics(self) -> list[MetricView]:
        """The catalogue."""
        return self._monitoring.metrics()

    def metrics_now(self, name: str, member: str | None = None) -> list[LatestView]:
        """The newest values, by metric; those that are old are left out."""
        return self._monitoring.latest(name, member)

    def metric_series(
        self, name: str, metric: str, *, member: str | None = None, since: datetime | None = None,
        until: datetime | None = None, points: int = POINTS,
    ) -> list[SeriesView]:  # fmt: skip
        """One for each member. The grain follows the span; without `since`: the last hour."""
        return self._monitoring.series(
            name, metric, member=member, since=since, until=until, points=points
        )

    def operations_now(self, name: str, member: str | None = None) -> TopView:
        """What runs, as of the last poll."""
        return self._monitoring.operations_now(name, member)

    def hosts(self, name: str) -> list[HostView]:
        """The machines that the members run on."""
        return self._monitoring.hosts(name)

    def agents(self) -> list[AgentView]:
        return self._monitoring.agents()

    def rotate_key(
        self, store: str, *, new_key_file: Path | None = None,
        new_key_command: tuple[str, ...] = (), new_data_key: bool = False,
    ) -> KeysView:  # fmt: skip
        """Both master keys open the store then, until drop_old_keys."""
        new = keys.NewKey(new_key_file, new_key_command)
        return keys.rotate(self._desk, store, new, new_data_key=new_data_key)

    def drop_old_keys(self, store: str) -> KeysView:
        """Only the settings' master key opens the store then."""
        return keys.drop_old(self._desk, store)

    def rebuild_store(self, store: str = DEFAULT_STORE) -> StoreRebuildView:
        """Make the metadata anew from a store; refused where it has something of it already."""
        return recovery.rebuild_store(self._desk, store)

    def store_rebuild(self, job_id: str) -> StoreRebuildView:
        """How far it is, and what it found."""
        return recovery.store_rebuild(self._desk, job_id)

    def stores(self, *, ask: bool = True) -> list[StoreView]:
        """`ask`: each of the places itself, what it has free."""
        return stores.listed(self._desk, ask=ask)

    def store(self, name: str) -> StoreView:
        """One, and its place is asked; never for longer than seconds."""
        return stores.show(self._desk, name)

    def store_stats(self, store: str = DEFAULT_STORE) -> StoreStats:
        return stores.stats(self._desk, store)

    def plan_groom(self, store: str = DEFAULT_STORE) -> GroomPlanView:
        return stores.plan_groom(self._desk, store)

    def start_groom(self, store: str = DEFAULT_STORE) -> JobView:
        return stores.start_groom(self._desk, store)

    def start_check(self, store: str = DEFAULT_STORE, *, share: float = 0.0) -> CheckView:
        """`share` of the objects is read whole, 0 to 1; of the others it is looked that they are
        there. The answer names its job while there is one."""
        return checks.start(self._desk, store, share)

    def check(self, check_id: str) -> CheckView:
        return checks.show(self._desk, check_id)

    def store_damage(self, store: str = DEFAULT_STORE) -> CheckView | None:
        """The newest check that found something, unless all was read and well since."""
        return checks.damage(self._desk, store)

    def last_check(self, store: str = DEFAULT_STORE) -> CheckView:
        """The newest one that has ended; NotFound where there is none."""
        return checks.last(self._desk, store)

    def plan_repair(self, store: str = DEFAULT_STORE) -> RepairView:
        """What a repair would take again, and from where; nothing is changed."""
        return repairs.plan(self._desk, store)

    def start_repair(self, store: str = DEFAULT_STORE) -> JobView:
        return repairs.start(self._desk, store)

    def repair(self, job_id: str) -> RepairView:
        """How far it is, and what it did."""
        return repairs.show(self._desk, job_id)

    def engine(self) -> EngineStatus:
        return status.engine_status(self._desk)


def _as_target(target: Path | Target) -> Target:
    if isinstance(target, Target):
        return target
    return Target(TargetKind.FOLDER, path=str(target) if target.parts else "")
