"""Operations as the console sees them, answered from memory: scenes for tests and pictures.

A scene is a `FakeOperations` with data of a moment in July 2026. Its clock stands still, so the
same scene always makes the same picture.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mmsconsole.errors import AlreadyExists, Busy, MmsError, NoEngine, NotFound, OutsideWindow
from mmsconsole.metadata.targets import Selection, Target, TargetKind
from mmsconsole.operations.check_views import CheckView, FindingView, RepairView
from mmsconsole.operations.oplog_views import (
    OplogEntryView,
    OplogPage,
    OplogQuery,
    OplogRate,
    OplogSearch,
)
from mmsconsole.operations.points import Ago, Before, Latest, parse_point
from mmsconsole.operations.policy_views import PolicyPreview, PolicyView
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
from tests.support import fake_data as data
from tests.support import fake_opened, fake_restores, fake_stores
from tests.support.fake_data import NOW
from tests.support.fake_opened import FakeOpened
from tests.support.fake_oplog import FakeOplog, oplog_of_a_day
from tests.support.fake_policies import FakePolicies, reasons_of


def _open_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


@dataclass
class FakeOperations(FakeOpened):
    """`asked` lists the questions, `calls` the requests; `fail` makes a method raise, `away` all
    of them. Requests wait while the `gate` is closed."""

    views: dict[str, DeploymentView] = field(default_factory=dict)
    kept_snapshots: dict[str, list[SnapshotView]] = field(default_factory=dict)
    kept_jobs: list[JobView] = field(default_factory=list)
    kept_restores: dict[str, RestoreView] = field(default_factory=dict)
    kept_events: list[EventView] = field(default_factory=list)
    lag: dict[str, list[LagPoint]] = field(default_factory=dict)
    policies: FakePolicies = field(default_factory=FakePolicies)
    kept_oplog: FakeOplog = field(default_factory=FakeOplog)
    kept_stores: dict[str, StoreView] = field(default_factory=fake_stores.stores)
    kept_stats: dict[str, StoreStats] = field(default_factory=fake_stores.stats)
    kept_checks: dict[str, CheckView] = field(
        default_factory=lambda: {"default": fake_stores.check()}
    )
    repair_plan: RepairView = fake_stores.NO_REPAIR
    calls: list[tuple[object, ...]] = field(default_factory=list)
    secrets: list[Secret | None] = field(default_factory=list)
    """That came with plans and starts of restores."""
    asked: list[str] = field(default_factory=list)
    away: bool = False
    running: bool = True
    gate: threading.Event = field(default_factory=_open_gate)
    fail: dict[str, MmsError] = field(default_factory=dict)
    on_poll: Callable[["FakeOperations"], None] | None = None

    # Questions

    def engine(self) -> EngineStatus:
        self._reach("engine")
        if self.on_poll:
            self.on_poll(self)
        open_jobs = sum(job.state in ("queued", "leased") for job in self.kept_jobs)
        return replace(
            data.ENGINE, running=self.running, deployments=len(self.views), jobs_open=open_jobs
        )

    def deployments(self) -> list[DeploymentView]:
        self._reach("deployments")
        return list(self.views.values())

    def deployment(self, name: str) -> DeploymentView:
        self._reach("deployment")
        if name not in self.views:
            raise NotFound(
                f"there is no deployment {name!r}", hint="see: mmsconsole deployment list"
            )
        return self.views[name]

    def snapshots(self, name: str) -> list[SnapshotView]:
        self._reach("snapshots")
        return self._with_fates(name)

    def snapshot(self, snapshot_id: str) -> SnapshotView:
        self._reach("snapshot")
        name = self._deployment_of(snapshot_id)
        return next(each for each in self._with_fates(name) if each.id == snapshot_id)

    def snapshot_events(self, snapshot_id: str) -> list[EventView]:
        self._reach("snapshot_events")
        name = self._deployment_of(snapshot_id)
        return [data.event(4, "snapshot complete", name, f"snapshot {snapshot_id} is complete")]

    def policy(self, name: str | None = None) -> PolicyView:
        self._reach("policy")
        return self._policies().view(name, {})

    def preview_policy(self, name: str | None, changes: Mapping[str, Any]) -> PolicyPreview:
        self._ask("preview_policy", name, dict(changes))
        return self._policies().preview(name, changes)

    def stores(self, *, ask: bool = True) -> list[StoreView]:
        assert not ask, "the console asks places one by one"
        self._reach("stores")
        return [replace(each, free_bytes=None) for each in self.kept_stores.values()]

    def store(self, name: str) -> StoreView:
        self._reach("store")
        return self.kept_stores[name]

    def store_stats(self, store: str) -> StoreStats:
        self._reach("store_stats")
        return self.kept_stats[store]

    def last_check(self, store: str) -> CheckView:
        self._reach("last_check")
        if store not in self.kept_checks:
            raise NotFound("the store has not been checked yet", where=store)
        return self.kept_checks[store]

    def store_damage(self, store: str) -> CheckView | None:
        self._reach("store_damage")
        check = self.kept_checks.get(store)
        return check if check is not None and check.found else None

    def plan_groom(self, store: str) -> GroomPlanView:
        self._ask("plan_groom", store)
        return replace(fake_stores.GROOM_PLAN, store=store)

    def jobs(self, name: str | None = None) -> list[JobView]:
        self._reach("jobs")
        return [job for job in self.kept_jobs if name in (None, job.deployment)]

    def restores(self, name: str | None = None) -> list[RestoreView]:
        self._reach("restores")
        return [each for each in self.kept_restores.values() if name in (None, each.deployment)]

    def restore(self, restore_id: str) -> RestoreView:
        self._reach("restore")
        return self.kept_restores[restore_id]

    def events(self, name: str | None = None, limit: int = 100) -> list[EventView]:
        self._reach("events")
        return [each for each in self.kept_events if name in (None, each.deployment)][:limit]

    def lag_history(self, name: str, since: datetime) -> list[LagPoint]:
        self._reach("lag_history")
        return [point for point in self.lag.get(name, []) if point.at >= since]

    def oplog(
        self, name: str, query: OplogQuery | None = None, *, task: Task | None = None
    ) -> OplogPage:
        self._ask("oplog", query or OplogQuery())
        return self.kept_oplog.page(query or OplogQuery(), task or Task())

    def oplog_entry(self, name: str, at: Optime) -> OplogEntryView:
        self._reach("oplog_entry")
        return self.kept_oplog.entry(at)

    def oplog_rate(
        self, name: str, *, count: int = 60, first: str = "", last: str = "",
        task: Task | None = None,
    ) -> OplogRate:  # fmt: skip
        self._ask("oplog_rate", first, last)
        return self.kept_oplog.rate(count, first, last)

    def oplog_search(
        self, name: str, *, before: Optime | None = None, task: Task | None = None
    ) -> OplogSearch:
        self._ask("oplog_search", before)
        return self.kept_oplog.search(before)

    def plan_repair(self, store: str) -> RepairView:
        self._ask("plan_repair", store)
        return replace(self.repair_plan, store=store)

    # Requests

    def add_deployment(self, name: str, uri: Secret) -> DeploymentView:
        self._ask("add_deployment", name)
        if name in self.views:
            raise AlreadyExists(f"there is a deployment {name!r} already", hint="take another name")
        self.views[name] = data.deployment(name, data.INACTIVE)
        return self.views[name]

    def removal(self, name: str) -> Removal:
        self._reach("removal")
        kept = self.snapshots(name)
        stored = sum(each.new_bytes for each in kept)
        open_restores = sum(each.state == "applying oplog" for each in self.restores(name))
        return Removal(
            name, ("/heads/6f0c",), len(kept), stored, 90_000, 5 * data.GB, open_restores
        )

    def remove_deployment(self, name: str, *, cancel_restores: bool = False) -> Removal:
        self._ask("remove_deployment", name, cancel_restores)
        found = self.removal(name)
        del self.views[name]
        return found

    def start_backup(self, name: str) -> BackupStatus:
        self._ask("start_backup", name)
        return self._status(name, state="started", phase="starting")

    def stop_backup(self, name: str) -> BackupStatus:
        self._ask("stop_backup", name)
        return self._status(name, state="stopped")

    def validate_head(self, name: str) -> JobView:
        self._ask("validate_head", name)
        return self._job("validation", name)

    def rebuild_head(self, name: str) -> BackupStatus:
        self._ask("rebuild_head", name)
        return self._status(name, phase="rebuilding")

    def take_snapshot(
        self, name: str, *, keep_days: int | None = None, hold: str = ""
    ) -> SnapshotView:
        self._ask("take_snapshot", name)
        taken = data.snapshot("new", name, NOW, state="running")
        self.kept_snapshots.setdefault(name, []).append(taken)
        return taken

    def delete_snapshot(self, snapshot_id: str) -> object:
        self._ask("delete_snapshot", snapshot_id)
        return self._set_snapshot(snapshot_id, state="deleting", leaving="anna asked for it")

    def hold_snapshot(self, snapshot_id: str, reason: str) -> SnapshotView:
        self._ask("hold_snapshot", snapshot_id, reason)
        return self._set_snapshot(snapshot_id, hold=reason)

    def release_snapshot(self, snapshot_id: str) -> SnapshotView:
        self._ask("release_snapshot", snapshot_id)
        return self._set_snapshot(snapshot_id, hold="")

    def expire_snapshot(self, snapshot_id: str, at: datetime | None = None) -> SnapshotView:
        self._ask("expire_snapshot", snapshot_id, at)
        return self._set_snapshot(snapshot_id, expires_at=at or NOW)

    def verify_snapshot(self, snapshot_id: str) -> JobView:
        self._ask("verify_snapshot", snapshot_id)
        return self._job("verification", self._deployment_of(snapshot_id), subject=snapshot_id)

    def verify_moment(self, name: str) -> JobView:
        self._ask("verify_moment", name)
        return self._job("verification", name)

    def set_policy(
        self, name: str | None, changes: Mapping[str, Any], *, confirmed: bool = False
    ) -> PolicyView:
        self._ask("set_policy", name, dict(changes), confirmed)
        return self._policies().change(name, changes, confirmed=confirmed)

    def start_groom(self, store: str) -> JobView:
        self._ask("start_groom", store)
        return self._job("groom", "", store=store)

    def start_repair(self, store: str) -> JobView:
        self._ask("start_repair", store)
        return self._job("repair", "", store=store)

    def start_check(self, store: str, *, share: float = 0.0) -> CheckView:
        self._ask("start_check", store, share)
        job = self._job("check", "", store=store)
        return replace(fake_stores.check(store), finished_at=None, share=share, job=job.id)

    def restore_point(self, name: str, *, snapshot: str | None, at: str | None) -> RestorePoint:
        self._ask("restore_point", name, snapshot, at)
        return self._point(name, snapshot, at)

    def plan_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Target,
        selection: Selection, secret: Secret | None,
    ) -> RestorePlan:  # fmt: skip
        self._ask("plan_restore", name, snapshot, at, target, selection)
        self.secrets.append(secret)
        return self._plan(name, snapshot, at, target, selection)

    def start_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Target,
        selection: Selection, secret: Secret | None,
    ) -> RestoreView:  # fmt: skip
        self._ask("start_restore", name, snapshot, at, target, selection)
        self.secrets.append(secret)
        plan = self._plan(name, snapshot, at, target, selection)
        started = fake_restores.started(plan, target, selection)
        self.kept_restores = {started.id: started, **self.kept_restores}
        if target.kind is TargetKind.LINK:
            return replace(started, offer=fake_restores.OFFER)
        return started

    def cancel_restore(self, restore_id: str) -> object:
        self._ask("cancel_restore", restore_id)
        cancelled = replace(self.kept_restores[restore_id], state="cancelled")
        self.kept_restores[restore_id] = cancelled
        return cancelled

    def cancel_job(self, job_id: str) -> object:
        self._ask("cancel_job", job_id)
        self.kept_jobs = [
            replace(job, cancel_requested=True) if job.id == job_id else job
            for job in self.kept_jobs
        ]
        return None

    # Inside

    def _reach(self, method: str) -> None:
        self.asked.append(method)
        if self.away:
            raise NoEngine("the metadata database does not answer")
        if method in self.fail:
            raise self.fail[method]

    def _ask(self, method: str, *arguments: object) -> None:
        self.calls.append((method, *arguments))
        assert self.gate.wait(20)
        self._reach(method)

    def _job(self, kind: str, name: str, **more: str) -> JobView:
        asked = replace(data.jobs()[0], id="j-new", kind=kind, deployment=name, state="queued",
                        attempts=0, progress=(), **more)  # type: ignore[arg-type]  # fmt: skip
        self.kept_jobs.insert(0, asked)
        return asked

    def _policies(self) -> FakePolicies:
        self.policies.snapshots = self.kept_snapshots
        return self.policies

    def _with_fates(self, name: str) -> list[SnapshotView]:
        """Each with why it is kept, as the policy says; a date of its own stays."""
        kept = self.kept_snapshots.get(name, [])
        staying = [each for each in kept if each.state != "deleting"]
        policy = self._policies().view(name, {}).policy
        fates = reasons_of(staying, policy)
        return [
            each if each.id not in fates else replace(
                each,
                expires_at=each.expires_at or fates[each.id].expires_at,
                kept_for=tuple(keep.reason.value for keep in fates[each.id].keeps),
            )
            for each in kept
        ]  # fmt: skip

    def _deployment_of(self, snapshot_id: str) -> str:
        for name, kept in self.kept_snapshots.items():
            if any(each.id == snapshot_id for each in kept):
                return name
        raise NotFound("there is no such snapshot", where=snapshot_id)

    def _set_snapshot(self, snapshot_id: str, **changes: Any) -> SnapshotView:
        kept = self.kept_snapshots[self._deployment_of(snapshot_id)]
        place = next(place for place, each in enumerate(kept) if each.id == snapshot_id)
        kept[place] = replace(kept[place], **changes)
        return kept[place]

    def _status(self, name: str, **changes: str) -> BackupStatus:
        view = self.deployment(name)
        status = replace(view.status, **changes)  # type: ignore[arg-type]
        self.views[name] = replace(view, status=status)
        return status

    def _plan(
        self, name: str, snapshot: str | None, at: str | None, target: Target, selection: Selection
    ) -> RestorePlan:
        point = self._point(name, snapshot, at)
        window = self.deployment(name).status.window
        assert window is not None
        base = next(each for each in self.snapshots(name) if each.id == point.snapshot)
        return fake_restores.plan(point, base, window, target, selection)

    def _point(self, name: str, snapshot: str | None, at: str | None) -> RestorePoint:
        window = self.deployment(name).status.window
        if window is None:
            raise Busy("nothing can be restored yet")
        complete = [each for each in self.snapshots(name) if each.state == "complete"]
        base = next((each for each in complete if each.id == snapshot), complete[-1])
        point = None if at is None else _point(at, window.end)
        if point is not None and point.t == window.end.t:
            point = window.end
        if point is not None and not window.start <= point <= window.end:
            raise OutsideWindow(
                f"{at} lies outside of what can be restored",
                hint=f"from {data.rfc(window.start.time)} to {data.rfc(window.end.time)}",
            )
        gaps = self.deployment(name).status.gaps
        gap = next((gap for gap in gaps if point is not None and gap.holds(point)), None)
        if gap is not None and gap.end is not None:
            nearest = f"{data.rfc(gap.start.time)} before it and {data.rfc(gap.end.time)} after it"
            hint = f"the nearest points are {nearest} ({gap.reason})"
            raise OutsideWindow(f"{at} lies in a gap of the window", where=name, hint=hint)
        return fake_restores.point(name, base, point)


def _point(at: str, end: Optime) -> Optime:
    asked = parse_point(at)
    if isinstance(asked, Before):
        return asked.entry.before
    assert not isinstance(asked, Ago)
    return end if isinstance(asked, Latest) else asked.end


def rich_scene() -> FakeOperations:
    """Deployments in every state, with a history."""
    return FakeOperations(
        views={view.name: view for view in data.deployments()},
        kept_snapshots={"orders": data.snapshots("orders")},
        kept_jobs=data.jobs(),
        kept_restores={each.id: each for each in data.restores()},
        kept_events=data.events(),
        kept_oplog=oplog_of_a_day(),
        kept_openings=fake_opened.openings(),
        kept_links=fake_opened.links(),
        lag={"orders": data.lag(), "payments": data.lag(late=840)},
    )


def empty_scene() -> FakeOperations:
    """An engine that runs, and nothing else."""
    store = replace(fake_stores.stores()["default"], deployments=(), stored_bytes=0, dead_bytes=0)
    return FakeOperations(
        policies=FakePolicies(keys={None: {}}),
        kept_stores={"default": store},
        kept_stats={"default": StoreStats("default", ())},
        kept_checks={},
    )


def troubled_scene() -> FakeOperations:
    """One deployment with everything that can be wrong with a backup that runs."""
    view = data.deployment("orders", data.troubled("orders"))
    return replace(
        rich_scene(),
        views={"orders": view},
        kept_snapshots={"orders": data.troubled_snapshots("orders")},
        kept_checks={"default": fake_stores.damage()},
        repair_plan=fake_stores.REPAIR_PLAN,
    )


def hostile_scene() -> FakeOperations:
    """Names and texts that try to move the cursor, to colour, or to be markup."""
    evil = "\x1b[2J\x1b]0;owned\x07[red]boo[/red]\u202e\n"
    scene = rich_scene()
    view = replace(scene.views["orders"], id="id-hostile", name=evil)
    events = [replace(each, text=evil, actor=evil, deployment=evil) for each in scene.kept_events]
    jobs = [replace(each, deployment=evil, created_by=evil) for each in scene.kept_jobs]
    held = [replace(each, hold=evil, asked_by=evil) for each in data.snapshots(evil)]
    store = replace(scene.kept_stores["default"], name=evil, url=evil, deployments=(evil,),
                    error=evil, copy_states=(fake_stores.copy(evil, error=evil),))  # fmt: skip
    finding = FindingView(evil, "damaged", evil, (evil,), evil, None, None)
    return replace(
        scene,
        views={evil: view, **scene.views},
        kept_snapshots={evil: held},
        policies=FakePolicies(keys={None: {}, evil: {"daily": 15}}),
        kept_stores={evil: store},
        kept_stats={evil: StoreStats(evil, (replace(fake_stores.pool(), group=evil),))},
        kept_checks={evil: fake_stores.check(evil, finding)},
        kept_events=events,
        kept_jobs=jobs,
        lag={evil: data.lag()},
    )


SCENES = {
    "rich": rich_scene,
    "empty": empty_scene,
    "troubled": troubled_scene,
    "hostile": hostile_scene,
}
