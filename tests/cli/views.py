"""One of every view, with every field set to something that shows how it is written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.metadata.jobs import JobError, PhaseProgress
from mmsconsole.operations.check_views import CheckView, FindingView, RemedyView, RepairView
from mmsconsole.operations.link_views import LinkOffer, LinkView, ServiceCa
from mmsconsole.operations.policy_views import (
    OplogChange,
    PolicyPreview,
    PolicyRow,
    PolicyView,
)
from mmsconsole.operations.recovery_views import (
    StoreContents,
    StoredDeployment,
    StoreRebuildView,
    StoreRestored,
)
from mmsconsole.operations.store_views import (
    DeploymentSpace,
    GroomPlanView,
    PoolSpace,
    StoreStats,
    StoreView,
)
from mmsconsole.operations.views import (
    BackupStatus,
    CopyView,
    DeploymentView,
    EngineStatus,
    EventView,
    Finding,
    Gap,
    HeadView,
    JobView,
    Removal,
    RestorePlan,
    RestoreView,
    SnapshotView,
    TailView,
    ValidationView,
    WarningView,
    Window,
)
from mmsconsole.optime import Optime
from mmsconsole.policy.policy import KEYS, SnapshotPolicy
from tests.cli import alert_views

NOW = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
NOON = int(NOW.timestamp())

PROGRESS = PhaseProgress("transferring", 450_000_000, 1_000_000_000, 90_000_000.0, 6.1, NOW, NOW)
SNAPSHOT = SnapshotView(
    id="5nap", deployment="shop", state="complete", optime=Optime(NOON - 60, 3, 7),
    bytes=1_200_000_000, new_bytes=350_000_000, files=42, mongod_version="6.0.5", fcv="6.0",
    created_at=NOW, finished_at=NOW, reason="", doubt="",
    expires_at=NOW + timedelta(days=7), kept_for=("base", "daily"), verdict="good",
    verified_at=NOW - timedelta(hours=1),
)  # fmt: skip
STATUS = BackupStatus(
    deployment="shop", state="started", phase="in sync", reason="",
    head=HeadView(
        Optime(NOON, 1), 2, "in sync", "/data/heads/shop", 1_500_000_000, "6.0.5", NOW, ""
    ),
    tail=TailView("db1:27017", Optime(NOON, 1), Optime(NOON + 2, 1), 86_400, True, NOW, "", None),
    window=Window(Optime(NOON - 60, 3), Optime(NOON, 1)),
    windows=(Window(Optime(NOON - 60, 3), Optime(NOON, 1)),), gaps=(), warnings=(),
    validation=ValidationView("files", NOW, Optime(NOON, 1), True, 0, 0, (), ()),
    last_snapshot=SNAPSHOT, progress=(PROGRESS,), last_verified=SNAPSHOT,
)  # fmt: skip

TRIMMED = "the oplog of that time is kept no longer"
LOST = "the stored oplog ends at 5:1, and the source's begins later: what lay between is lost"
TROUBLED = replace(
    STATUS,
    tail=TailView(
        "db1:27017", Optime(NOON, 1), Optime(NOON, 1), 7200, True, NOW, "no majority confirms it",
        NOW - timedelta(minutes=6),
    ),
    windows=(
        Window(Optime(NOON - 7200, 3), Optime(NOON - 3600, 9)),
        Window(Optime(NOON - 1800, 1), Optime(NOON - 60, 1)),
    ),
    gaps=(
        Gap(Optime(NOON - 3600, 9), Optime(NOON - 1800, 1), LOST),
        Gap(Optime(NOON - 60, 1), None, "setFeatureCompatibilityVersion ended the window"),
    ),
    warnings=(
        WarningView("source", "warning", "nothing new comes from the source since 11:54:00Z"),
        WarningView("oplog window", "critical", "a resync is needed in about 30 min"),
        WarningView("verification", "critical", "snapshot 5nap is bad: app.c: documents differ"),
    ),
    validation=ValidationView(
        "comparison", NOW - timedelta(hours=3), Optime(NOON, 1), False, 12, 3,
        ("app.things: 2 documents differ",), ("config.cache: may not be read",),
    ),
)  # fmt: skip

DEPLOYMENT = DeploymentView(
    id="d1", name="shop", group="default", uri="mongodb://u:***@db1:27017/",
    set_name="rs0", server_version="6.0.5", fcv="6.0", sync_from="secondary",
    tail_from="primary", sync_mb_per_second=40.0, snapshot_interval_minutes=360,
    block_kib=256, zstd_level=1, created_at=NOW, status=STATUS,
)  # fmt: skip

GROUP_POLICY = PolicyView(
    deployment="", group="default", policy=SnapshotPolicy(zone="Europe/Berlin", yearly=2),
    inherited=SnapshotPolicy(),
    decided_by=dict.fromkeys(KEYS, "settings") | {"zone": "group", "yearly": "group"},
    next_at=None, changed_at=None, changed_by="",
)  # fmt: skip
POLICY = replace(
    GROUP_POLICY, deployment="shop", inherited=GROUP_POLICY.policy,
    policy=replace(GROUP_POLICY.policy, interval_minutes=0, daily=0, full_read_days=0),
    decided_by=GROUP_POLICY.decided_by | {"interval_minutes": "deployment", "daily": "deployment"},
    next_at=NOW + timedelta(hours=6), changed_at=NOW, changed_by="ada",
)  # fmt: skip
ROW = PolicyRow(
    deployment="shop", snapshot="5nap", state="complete", optime=Optime(NOON - 60, 3),
    taken_at=NOW, kept=True, deleted=False, reasons=("base", "weekly", "last good"),
    expires_at=None, expires_before=None, why="",
)  # fmt: skip
PREVIEW = PolicyPreview(
    POLICY,
    (
        replace(
            ROW, snapshot="01d", kept=False, deleted=True, reasons=(), expires_at=NOW,
            why="no rule keeps it any more; the last was daily, until 2026-03-01 12:00Z",
        ),
        replace(
            ROW, snapshot="f41l", state="failed", optime=None, kept=False, reasons=(),
            expires_at=NOW, why="failed; its record was kept until 2026-03-01 12:00Z",
        ),
        replace(ROW, snapshot="base", reasons=("base",), expires_at=NOW + timedelta(days=1)),
        ROW,
    ),
    (
        OplogChange("shop", Optime(NOON - 90_000, 1), Optime(NOON - 3600, 1), cut=True),
        OplogChange("store", Optime(NOON - 90_000, 1), Optime(NOON - 90_000, 1), cut=False),
        OplogChange("new", None, None, cut=False),
    ),
)  # fmt: skip

SPACE = PoolSpace(
    pool="default@offsite", group="default", at=NOW, packs=40, stored_bytes=1_300_000_000,
    living_bytes=1_200_000_000, dead_bytes=100_000_000, raw_bytes=9_000_000_000,
    saved_bytes=7_800_000_000, ratio=7.5,
    deployments=(
        DeploymentSpace("shop", 9, 6_000_000_000, 1_000_000_000, 5_000_000_000, 6.0),
        DeploymentSpace("orders", 3, 3_000_000_000, 200_000_000, 2_800_000_000, 15.0),
    ),
    groomed_at=NOW, stored_bytes_before=2_000_000_000, dead_bytes_before=800_000_000,
    orphans=2, orphan_bytes=4_000_000,
)  # fmt: skip

RESTORE = RestoreView(
    id="4e5", deployment="shop", state="applying oplog", snapshot="5nap",
    point=Optime(NOON, 1), optime=None, path="/tmp/restored", bytes=1_200_000_000,
    created_at=NOW, created_by="ada", finished_at=None, reason="", job="j0b",
    progress=(PROGRESS,),
)  # fmt: skip

LINK = LinkView(
    id="4e5", deployment="shop", name="shop-1795177128-4.tar", state="ready", created_at=NOW,
    created_by="ada", hours=4.0, expires_at=NOW, downloads=0, downloads_max=1, bytes=1_200_000_000,
    sent_bytes=5_000_000, sha256="", staged=True, ended_at=None, reason="why",
)  # fmt: skip

VIEWS: dict[str, Any] = {
    "stores": [
        StoreView("default", "/srv/mms/storage", 5_000_000_000, ("shop",), (), 0, 0, ""),
        StoreView(
            "offsite", "s3://bucket/mms", None, (), ("shop", "orders"), 1_300_000_000,
            100_000_000, "bucket: no answer",
            copy_states=(
                CopyView("shop", "offsite", Optime(NOON, 1), 90, NOW, "", None),
                CopyView("orders", "offsite", None, None, None, "bucket: no answer", NOW),
            ),
            looked_at=NOW,
        ),
    ],
    "check": CheckView(
        "c1", "default", NOW, NOW, 0.1, 1200, 34_000_000, False, 2,
        (
            FindingView(
                "packs/default/4e/4e1f.pack", "damaged", "its bytes differ from its sha256",
                ("5nap", "bad"), "", None, None,
            ),
            FindingView(
                "oplog/d1/5-6-a.chunk", "missing", "is not in the storage", (), "shop",
                Optime(NOON - 60, 1), Optime(NOON - 59, 4), Optime(NOON, 1),
            ),
        ),
        "",
    ),
    "deployment": replace(
        DEPLOYMENT, store="near",
        copy=CopyView("shop", "offsite", Optime(NOON, 1), 0, NOW, "", None),
    ),
    "store-stats": StoreStats("offsite", (SPACE,)),
    "store-without-stats": StoreStats("offsite", ()),
    "groom-plan": GroomPlanView(
        "offsite", 3, 1, 20_000_000, 90_000_000, 1_300_000_000, 100_000_000
    ),
    "policy": POLICY,
    "group-policy": GROUP_POLICY,
    "policy-preview": PREVIEW,
    "backup": STATUS,
    "deployments": [DEPLOYMENT],
    "troubled": TROUBLED,
    "snapshots": [
        SNAPSHOT,
        replace(SNAPSHOT, id="bad", state="invalid", reason="the source took back what it holds"),
        replace(SNAPSHOT, id="odd", doubt="its head was found damaged afterwards"),
        replace(SNAPSHOT, id="old", hold="audit", expires_at=None, kept_for=("held",)),
    ],
    "snapshot": replace(SNAPSHOT, doubt="its head was found damaged afterwards"),
    "held": replace(
        SNAPSHOT, hold="audit of 2026", expires_at=None, kept_for=("held",), verdict="bad",
        verdict_text="shop.orders: dbHash differs",
    ),
    "trimmed": replace(
        STATUS,
        windows=(
            Window(Optime(NOON - 9000, 1), Optime(NOON - 9000, 1)),
            Window(Optime(NOON - 8000, 1), Optime(NOON - 8000, 1)),
            *STATUS.windows,
        ),
        gaps=(
            Gap(Optime(NOON - 9000, 1), Optime(NOON - 8000, 1), TRIMMED, trimmed=True),
            Gap(Optime(NOON - 8000, 1), Optime(NOON - 60, 3), TRIMMED, trimmed=True),
        ),
    ),
    "events": [
        EventView("e2", NOW, "oplog window critical", "error", "shop", "", "the tail is behind"),
        EventView("e1", NOW, "backup started", "info", "shop", "ada", "the backup was started"),
    ],
    "restore": RESTORE,
    "restore-plan": RestorePlan(
        deployment="shop", snapshot="5nap", point=Optime(NOON, 1), in_words="the data up to noon",
        target="/srv/r.tar", bytes=1_200_000_000, oplog_bytes=84_000_000, free_bytes=10**12,
        window=STATUS.windows[0], kind="tar", what="'app'; without users and roles", seconds=75.0,
        disk_bytes=2_568_000_000, staging="/home/restores/4e5", waits_for=1,
        notes=("files of MongoDB 6.0.5", "another note"),
    ),
    "job": JobView(
        id="j0b", kind="snapshot", deployment="shop", state="failed", subject="5nap",
        attempts=2, created_at=NOW, created_by="ada", started_at=NOW, finished_at=NOW,
        progress=(), cancel_requested=False,
        error=JobError("disk_full", "no space left on the disk", "free some space"),
    ),
    "removal": Removal("shop", ("/data/heads/shop",), 2, 350_000_000, 10, 5_000_000, 0),
    "engine": EngineStatus(
        True, "e1", "host", "/data", "0.1.0", NOW, NOW, 1, 0, 10**12, {"offsite": 2},
        "https://localhost:8080", alerts_open={"warning": 2, "error": 1},
    ),
    "link": LINK,
    "links": [LINK, replace(LINK, id="5f6", state="preparing", expires_at=None, downloads_max=0)],
    "link-offer": replace(
        RESTORE, kind="link", state="done", link_state="ready",
        offer=LinkOffer("https://h/download/4e5/T/a.tar", "curl -f …", "…a.tar.sha256", ("n",)),
    ),
    "service-ca": ServiceCa("https://localhost:8080", "/data/service/ca.pem", "ab12", "sha256//x="),
    "store-contents": StoreContents(
        "s3://bucket/prefix",
        (
            StoredDeployment(
                "shop", "rs0", "6.0.5", (SNAPSHOT,), STATUS.windows,
                (Gap(Optime(NOON, 8), None, "no oplog is stored of that time"),),
            ),
            StoredDeployment("new", "rs1", "6.0.5", (), (), ()),
        ),
        ("oplog/d1/1-1-a.chunk: its bytes differ from its sha256",),
    ),
    "store-rebuild": StoreRebuildView(
        JobView(
            id="j1", kind="store rebuild", deployment="", state="done", subject="default",
            attempts=0, created_at=NOW, created_by="ada", started_at=NOW, finished_at=NOW,
            progress=(), cancel_requested=False, error=None,
        ),
        "default", ("shop",), 12, 1, 340, 7, 2100, ("a chunk of the stored oplog is left out",),
    ),
    "store-restored": StoreRestored(
        "shop", "5nap", Optime(NOON, 1), "/srv/r", 1_200_000_000, NOW
    ),
    "repair": RepairView(
        store="default", job="j2", state="done", repaired=1, left=1, whole_again=("5nap",),
        objects=(
            RemedyView(
                "packs/default/ab/ab12.pack", "the head's files",
                "1 of 3 blocks that snapshots need are nowhere any more", ("01d",),
            ),
            RemedyView("oplog/d1/1-1-a.chunk", "the store offsite", "", ()),
        ),
    ),
    "repair-plan": RepairView(
        store="default", job="", state="planned", repaired=1, left=0, whole_again=(),
        objects=(RemedyView("oplog/d1/1-1-a.chunk", "the store offsite", "", ()),),
    ),
    "findings": [
        Finding("mongod", True, "6.0.5 at /usr/bin/mongod", ""),
        Finding("disk", False, "12 MB free for /data", "free at least 1,024 MB"),
    ],
    "nothing": [],
    **alert_views.VIEWS,
}  # fmt: skip
