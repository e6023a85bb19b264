"""Stores of the scenes: a folder that was groomed, and a bucket that is away or damaged."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from mmsconsole.errors import NotFound
from mmsconsole.operations.check_views import (
    CheckView,
    FindingView,
    RemedyView,
    RepairView,
)
from mmsconsole.operations.store_views import (
    DeploymentSpace,
    GroomPlanView,
    PoolSpace,
    StoreStats,
    StoreView,
)
from mmsconsole.operations.views import CopyView, JobView
from tests.support import fake_data as data
from tests.support.fake_data import GB, MB, NOW
from tests.support.fake_desk import FakeDesk

FOLDER = "/var/lib/mmsconsole/storage"
BUCKET = "s3://backups.example/mms?endpoint=https://s3.example"


def copy(name: str, *, behind: int = 3, error: str = "") -> CopyView:
    at = NOW - timedelta(seconds=behind)
    since = NOW - timedelta(hours=2) if error else None
    level_at = NOW - timedelta(hours=4)
    return CopyView(name, "offsite", data.optime(at), behind, level_at, error, since)


def stores() -> dict[str, StoreView]:
    kept = tuple(view.name for view in data.deployments() if view.name != "archive-2019")
    copies = (copy("orders"), copy("payments", behind=7300, error="s3.example: 503 Slow Down"))
    return {
        "default": StoreView(
            "default", FOLDER, 412 * GB, kept, (), 9_840 * MB, 610 * MB, ""
        ),
        "offsite": StoreView(
            "offsite", BUCKET, None, ("archive-2019",), ("orders", "payments"), 2_400 * MB, 0, "",
            copies,
        ),
    }  # fmt: skip


def pool(store: str = "default") -> PoolSpace:
    return PoolSpace(
        pool=store, group="default", at=NOW - timedelta(hours=9), packs=312,
        stored_bytes=9_840 * MB, living_bytes=9_230 * MB, dead_bytes=610 * MB,
        raw_bytes=48_200 * MB, saved_bytes=38_970 * MB, ratio=5.2,
        deployments=(
            DeploymentSpace("orders", 13, 16_120 * MB, 1_420 * MB, 14_700 * MB, 11.4),
            DeploymentSpace("payments", 29, 21_080 * MB, 4_900 * MB, 16_180 * MB, 4.3),
            DeploymentSpace("warehouse-analytics-eu-west", 4, 11_000 * MB, 3_010 * MB,
                            7_990 * MB, 3.7),
        ),
        groomed_at=NOW - timedelta(hours=9), stored_bytes_before=11_200 * MB,
        dead_bytes_before=1_970 * MB, orphans=2, orphan_bytes=31 * MB,
    )  # fmt: skip


def stats() -> dict[str, StoreStats]:
    return {"default": StoreStats("default", (pool(),)), "offsite": StoreStats("offsite", ())}


def check(store: str = "default", *findings: FindingView, hours: float = 5) -> CheckView:
    at = NOW - timedelta(hours=hours)
    return CheckView(
        id=f"c-{store}", store=store, asked_at=at, finished_at=at + timedelta(minutes=11),
        share=0.04, objects=18_404, bytes_read=390 * MB, good=not findings, found=len(findings),
        findings=findings, job="",
    )  # fmt: skip


def damage() -> CheckView:
    """A pack with a wrong byte, and an oplog chunk that is gone."""
    kept = data.snapshots("orders")
    pack = FindingView(
        "packs/default/4e/4e1f00c2a9b85d7733c1", "damaged",
        "its bytes have another sha256 than was noted when they were stored",
        tuple(each.id for each in kept[1:9]), "", None, None,
    )  # fmt: skip
    chunk = FindingView(
        "oplog/id-orders/6878c1f0-00000001", "missing", "no object of this name is there", (),
        "orders", data.optime(NOW - timedelta(hours=31)), data.optime(NOW - timedelta(hours=30)),
    )  # fmt: skip
    return check("default", pack, chunk)


GROOM_PLAN = GroomPlanView("default", 21, 40, 190 * MB, 585 * MB, 9_840 * MB, 610 * MB)
NO_REPAIR = RepairView("default", "", "planned", 0, 0, (), ())
REPAIR_PLAN = RepairView(
    "default", "", "planned", 1, 1, (),
    (
        RemedyView(
            "oplog/id-orders/6878c1f0-00000001", "",
            "neither the source nor a copy has it any more: take a new snapshot", (),
        ),
        RemedyView(
            "packs/default/4e/4e1f00c2a9b85d7733c1", "the head of orders, 40 of 40 blocks", "", ()
        ),
    ),
)  # fmt: skip


@dataclass
class FakeStores(FakeDesk):
    """The part of FakeOperations that is about them."""

    kept_stores: dict[str, StoreView] = field(default_factory=stores)
    kept_stats: dict[str, StoreStats] = field(default_factory=stats)
    kept_checks: dict[str, CheckView] = field(default_factory=lambda: {"default": check()})
    repair_plan: RepairView = NO_REPAIR

    # Questions

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
        return replace(GROOM_PLAN, store=store)

    def plan_repair(self, store: str) -> RepairView:
        self._ask("plan_repair", store)
        return replace(self.repair_plan, store=store)

    # Requests

    def start_groom(self, store: str) -> JobView:
        self._ask("start_groom", store)
        return self._job("groom", "", store=store)

    def start_repair(self, store: str) -> JobView:
        self._ask("start_repair", store)
        return self._job("repair", "", store=store)

    def start_check(self, store: str, *, share: float = 0.0) -> CheckView:
        self._ask("start_check", store, share)
        job = self._job("check", "", store=store)
        return replace(check(store), finished_at=None, share=share, job=job.id)
