"""Operations as the console sees them, answered from memory: scenes for tests and pictures.

A scene is a `FakeOperations` with data of a moment in July 2026. Its clock stands still, so the
same scene always makes the same picture. Each subject is a class in a file of its own, which
FakeOperations is made of.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from mmsconsole.errors import AlreadyExists
from mmsconsole.operations.check_views import FindingView
from mmsconsole.operations.store_views import StoreStats
from mmsconsole.operations.views import (
    BackupStatus,
    DeploymentView,
    EngineStatus,
    EventView,
    JobView,
    LagPoint,
    Removal,
)
from mmsconsole.secret import Secret
from tests.support import fake_alerts, fake_opened, fake_stores
from tests.support import fake_data as data
from tests.support.fake_alerts import FakeAlerts
from tests.support.fake_monitoring import (
    FakeMonitoring,
    hostile_states,
    states,
    troubled_states,
)
from tests.support.fake_opened import FakeOpened
from tests.support.fake_oplog import FakeOplogDoor, oplog_of_a_day
from tests.support.fake_policies import FakePolicies
from tests.support.fake_stores import FakeStores


@dataclass
class FakeOperations(FakeOpened, FakeStores, FakeOplogDoor, FakeMonitoring, FakeAlerts):
    kept_events: list[EventView] = field(default_factory=list)
    lag: dict[str, list[LagPoint]] = field(default_factory=dict)
    running: bool = True
    on_poll: Callable[["FakeOperations"], None] | None = None

    # Questions

    def engine(self) -> EngineStatus:
        self._reach("engine")
        if self.on_poll:
            self.on_poll(self)
        open_jobs = sum(job.state in ("queued", "leased") for job in self.kept_jobs)
        return replace(
            data.ENGINE, running=self.running, deployments=len(self.views), jobs_open=open_jobs,
            alerts_open=self.alerts_open,
        )  # fmt: skip

    def deployments(self) -> list[DeploymentView]:
        self._reach("deployments")
        return list(self.views.values())

    def jobs(self, name: str | None = None) -> list[JobView]:
        self._reach("jobs")
        return [job for job in self.kept_jobs if name in (None, job.deployment)]

    def events(self, name: str | None = None, limit: int = 100) -> list[EventView]:
        self._reach("events")
        return [each for each in self.kept_events if name in (None, each.deployment)][:limit]

    def lag_history(self, name: str, since: datetime) -> list[LagPoint]:
        self._reach("lag_history")
        return [point for point in self.lag.get(name, []) if point.at >= since]

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

    def cancel_job(self, job_id: str) -> object:
        self._ask("cancel_job", job_id)
        self.kept_jobs = [
            replace(job, cancel_requested=True) if job.id == job_id else job
            for job in self.kept_jobs
        ]
        return None


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
        kept_members={"orders": states()},
    )


def alerted_scene() -> FakeOperations:
    """The same, and people were told of it."""
    return replace(rich_scene(), kept_alerts=fake_alerts.alerts())


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
        kept_members={"orders": troubled_states()},
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
        kept_members={evil: hostile_states(evil)},
    )


SCENES = {
    "rich": rich_scene,
    "alerted": alerted_scene,
    "empty": empty_scene,
    "troubled": troubled_scene,
    "hostile": hostile_scene,
}
