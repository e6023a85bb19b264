"""One of every view, with every field set to something that shows how it is written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.metadata.jobs import JobError, PhaseProgress
from mmsconsole.operations.views import (
    BackupStatus,
    DeploymentView,
    EngineStatus,
    EventView,
    Finding,
    Gap,
    HeadView,
    JobView,
    Removal,
    RestoreView,
    SnapshotView,
    TailView,
    ValidationView,
    WarningView,
    Window,
)
from mmsconsole.optime import Optime

NOW = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
NOON = int(NOW.timestamp())

PROGRESS = PhaseProgress("transferring", 450_000_000, 1_000_000_000, 90_000_000.0, 6.1, NOW, NOW)
SNAPSHOT = SnapshotView(
    id="5nap", deployment="shop", state="complete", optime=Optime(NOON - 60, 3, 7),
    bytes=1_200_000_000, new_bytes=350_000_000, files=42, mongod_version="6.0.5", fcv="6.0",
    created_at=NOW, finished_at=NOW, reason="", doubt="",
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
    last_snapshot=SNAPSHOT, progress=(PROGRESS,),
)  # fmt: skip

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
    ),
    validation=ValidationView(
        "comparison", NOW - timedelta(hours=3), Optime(NOON, 1), False, 12, 3,
        ("app.things: 2 documents differ",), ("config.cache: may not be read",),
    ),
)  # fmt: skip

VIEWS: dict[str, Any] = {
    "backup": STATUS,
    "deployments": [
        DeploymentView(
            id="d1", name="shop", group="default", uri="mongodb://u:***@db1:27017/",
            set_name="rs0", server_version="6.0.5", fcv="6.0", sync_from="secondary",
            tail_from="primary", sync_mb_per_second=40.0, snapshot_interval_minutes=360,
            created_at=NOW, status=STATUS,
        )
    ],
    "troubled": TROUBLED,
    "snapshots": [
        SNAPSHOT,
        replace(SNAPSHOT, id="bad", state="invalid", reason="the source took back what it holds"),
        replace(SNAPSHOT, id="odd", doubt="its head was found damaged afterwards"),
    ],
    "snapshot": replace(SNAPSHOT, doubt="its head was found damaged afterwards"),
    "events": [
        EventView("e2", NOW, "oplog window critical", "error", "shop", "", "the tail is behind"),
        EventView("e1", NOW, "backup started", "info", "shop", "ada", "the backup was started"),
    ],
    "restore": RestoreView(
        id="4e5", deployment="shop", state="applying oplog", snapshot="5nap",
        point=Optime(NOON, 1), optime=None, path="/tmp/restored", bytes=1_200_000_000,
        created_at=NOW, created_by="ada", finished_at=None, reason="", job="j0b",
        progress=(PROGRESS,),
    ),
    "job": JobView(
        id="j0b", kind="snapshot", deployment="shop", state="failed", subject="5nap",
        attempts=2, created_at=NOW, created_by="ada", started_at=NOW, finished_at=NOW,
        progress=(), cancel_requested=False,
        error=JobError("disk_full", "no space left on the disk", "free some space"),
    ),
    "removal": Removal("shop", ("/data/heads/shop",), 2, 350_000_000, 10, 5_000_000, 0),
    "engine": EngineStatus(True, "e1", "host", "/data", "0.1.0", NOW, NOW, 1, 0, 10**12),
    "findings": [
        Finding("mongod", True, "6.0.5 at /usr/bin/mongod", ""),
        Finding("disk", False, "12 MB free for /data", "free at least 1,024 MB"),
    ],
    "nothing": [],
}  # fmt: skip
