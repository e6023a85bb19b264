"""The data of the scenes: views as Operations would answer them on 2026-07-16 at 12:04:30Z."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.metadata.jobs import JobError, PhaseProgress
from mmsconsole.operations.views import (
    BackupStatus,
    DeploymentView,
    EngineStatus,
    EventView,
    Gap,
    HeadView,
    JobView,
    LagPoint,
    RestoreView,
    SnapshotView,
    TailView,
    ValidationView,
    WarningView,
    Window,
)
from mmsconsole.optime import Optime

NOW = datetime(2026, 7, 16, 12, 4, 30, tzinfo=UTC)
GB, MB = 1_000_000_000, 1_000_000

ENGINE = EngineStatus(
    running=True,
    id="engine-1",
    host="ops1",
    home="/var/lib/mmsconsole",
    version="0.1.0",
    started_at=NOW - timedelta(days=9),
    seen_at=NOW,
    deployments=0,
    jobs_open=0,
    storage_bytes_free=412 * GB,
)


def rfc(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def optime(at: datetime, increment: int = 1) -> Optime:
    return Optime(int(at.timestamp()), increment, 7)


def window(hours: float, behind: float = 2) -> Window:
    return Window(optime(NOW - timedelta(hours=hours)), optime(NOW - timedelta(seconds=behind), 4))


def over(*windows: Window, gaps: tuple[Gap, ...] = ()) -> dict[str, Any]:
    """The fields of a status that say what can be restored."""
    return {"window": Window(windows[0].start, windows[-1].end), "windows": windows, "gaps": gaps}


def snapshot(
    id_: str, deployment: str, at: datetime, *, state: str = "complete", reason: str = ""
) -> SnapshotView:
    done = state == "complete"
    return SnapshotView(
        id=id_,
        deployment=deployment,
        state=state,
        optime=optime(at - timedelta(seconds=3), 12) if done else None,
        bytes=1_240 * MB if done else 0,
        new_bytes=14 * MB + at.hour * MB if done else 0,
        files=57 if done else 0,
        mongod_version="6.0.5",
        fcv="6.0",
        created_at=at,
        finished_at=at + timedelta(seconds=9) if state != "running" else None,
        reason=reason,
        doubt="",
    )


def snapshots(name: str) -> list[SnapshotView]:
    """Every six hours for three days and a half, one failed, one being taken."""
    newest = datetime(2026, 7, 16, 12, 0, tzinfo=UTC)
    kept = [
        snapshot(f"{26_000 + number:x}c4f1a2b3", name, newest - timedelta(hours=6 * number))
        for number in range(13, 0, -1)
    ]
    reason = "the storage has no room left: 14 MB were needed, 3 MB are free"
    kept[6] = snapshot(kept[6].id, name, kept[6].created_at, state="failed", reason=reason)
    kept = [_verified(each) for each in kept]
    kept[2] = replace(kept[2], hold="audit of July, ask anna")
    taken = snapshot("7b11e9a0c4f1", name, newest + timedelta(minutes=4), state="running")
    return [*kept, replace(taken, asked_by="ben", due_at=None)]


def _verified(one: SnapshotView) -> SnapshotView:
    """All but the newest were restored and compared."""
    asked = replace(one, asked_by="schedule", due_at=one.created_at)
    if one.state != "complete" or NOW - one.created_at < timedelta(hours=10):
        return asked
    return replace(asked, verdict="good", verified_at=one.created_at + timedelta(minutes=21))


def head(lag_seconds: int | None, **changes: object) -> HeadView:
    lag_seconds_known = lag_seconds or 0
    made = HeadView(
        optime=optime(NOW - timedelta(seconds=lag_seconds_known)),
        lag_seconds=lag_seconds,
        phase="in sync",
        path="/var/lib/mmsconsole/heads/6f0c",
        bytes=1_240 * MB,
        mongod_version="6.0.5",
        applied_at=NOW - timedelta(seconds=1),
        reason="",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def tail(member: str, seen: float = 1, error: str = "") -> TailView:
    return TailView(
        member=member,
        optime=optime(NOW - timedelta(seconds=seen)),
        source_optime=optime(NOW),
        oplog_window_seconds=26 * 3600 + 1200,
        oplog_full=True,
        seen_at=NOW - timedelta(seconds=seen),
        error=error,
        since=NOW - timedelta(seconds=seen) if error else None,
    )


def progress(
    phase: str,
    done: int,
    total: int | None,
    started: float,
    *,
    finished: bool = False,
    **more: float,
) -> PhaseProgress:
    return PhaseProgress(
        phase=phase,
        done=done,
        total=total,
        rate=more.get("rate", 0.0),
        eta_seconds=more.get("eta"),
        started_at=NOW - timedelta(seconds=started),
        updated_at=NOW - timedelta(seconds=more.get("updated", 1.0)),
        finished=finished,
    )


LOST = "the source's oplog begins at 09:12:44Z, the stored oplog ends at 02:00:03Z"

INACTIVE = BackupStatus(
    deployment="", state="inactive", phase="", reason="", head=None, tail=None, window=None,
    windows=(), gaps=(), warnings=(), validation=None, last_snapshot=None, progress=(),
)  # fmt: skip


def deployment(name: str, status: BackupStatus, **changes: object) -> DeploymentView:
    made = DeploymentView(
        id=f"id-{name}",
        name=name,
        group="default",
        uri=f"mongodb://backup@{name}-1.example:27017,{name}-2.example:27017/?replicaSet=rs0",
        set_name="rs0",
        server_version="6.0.5",
        fcv="6.0",
        sync_from="secondary",
        tail_from="primary",
        sync_mb_per_second=0.0,
        snapshot_interval_minutes=360,
        block_kib=256,
        zstd_level=1,
        created_at=NOW - timedelta(days=40),
        status=replace(status, deployment=name),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def in_sync(name: str) -> BackupStatus:
    sync = (
        progress("transferring", 1_180 * MB, 1_180 * MB, 9_400, finished=True, updated=9_389),
        progress("building", 1_180 * MB, 1_180 * MB, 9_389, finished=True, updated=9_371),
    )
    return BackupStatus(
        deployment=name,
        state="started",
        phase="in sync",
        reason="",
        head=head(2),
        tail=tail(f"{name}-1.example:27017"),
        window=window(52),
        windows=(window(52),),
        gaps=(),
        warnings=(),
        validation=None,
        last_snapshot=snapshots(name)[-2],
        progress=sync,
        last_verified=snapshots(name)[-4],
    )


def troubled(name: str) -> BackupStatus:
    """Two gaps, a source that is away, an oplog that will not reach, a head that is not good."""
    early = Window(window(78).start, window(53).start)
    late = Window(window(29).start, window(20).start)
    newest = Window(window(14).start, window(0.5).start)
    away = tail("", 3 * 3600, "no member of rs0 answers: connection refused by orders-1:27017")
    return replace(
        in_sync(name),
        head=head(None),
        tail=away,
        **over(early, late, newest, gaps=(
            Gap(early.end, late.start, LOST),
            Gap(late.end, newest.start, "reshardCollection app.carts: no head can follow it"))),
        warnings=(
            WarningView("source", "critical", "the source can not be read since 09:04:30Z"),
            WarningView("verification", "critical", "snapshot 6592c4f1a2b3 is bad: app.carts: 2 of "
                        "48,120 documents differ"),
            WarningView("store", "critical", "the store default is damaged, objects missing or "
                        "wrong: 2; what can be done: mmsconsole store repair default --dry-run"),
            WarningView("oplog window", "critical", "the source's oplog holds 4 h; the tail is "
                        "3 h behind, and reads nothing: a resync is needed in about 1 h")),
        validation=ValidationView("files", NOW - timedelta(hours=5), newest.start, False, 0, 0,
                                  ("app.carts: its index total_1 is damaged",), ()),
    )  # fmt: skip


def troubled_snapshots(name: str) -> list[SnapshotView]:
    kept = snapshots(name)
    doubt = "its head was found damaged afterwards: app.carts, index total_1"
    back = "the source has rolled back what came after 2026-07-15 17:59:30Z"
    kept[8] = replace(kept[8], state="invalid", reason=back, verdict="", verified_at=None)
    kept[-3] = replace(kept[-3], doubt=doubt)
    wrong = "app.carts: 2 of 48,120 documents differ; config.cache: its index is missing"
    kept[9] = replace(kept[9], verdict="bad", verdict_text=wrong)
    kept[0] = replace(kept[0], state="deleting", leaving="no rule keeps it any more")
    return kept


SYNCING = BackupStatus(
    deployment="",
    state="started",
    phase="building",
    reason="",
    head=head(None, phase="building", bytes=640 * MB, optime=None, applied_at=None),
    tail=tail("catalogue-1.example:27017"),
    window=None,
    windows=(),
    gaps=(),
    warnings=(),
    validation=None,
    last_snapshot=None,
    progress=(
        progress("starting", 0, None, 41, finished=True, updated=40),
        progress("transferring", 48_200 * MB, 48_200 * MB, 40, finished=True, updated=12),
        progress("building", 25_100 * MB, 48_200 * MB, 38, rate=112.0 * MB, eta=206),
    ),
)


def deployments() -> list[DeploymentView]:
    well = in_sync("orders")
    return [
        deployment("orders", well),
        deployment("catalogue", SYNCING, server_version="7.0.14", fcv="7.0", set_name="cat-rs"),
        deployment("payments", replace(
            well, head=head(842), tail=tail("payments-2.example:27017"), **over(window(52, 842))),
            set_name="pay-rs"),
        deployment("archive-2019", replace(
            well, state="stopped", head=head(None), tail=None, **over(window(400, 86400 * 3))),
            snapshot_interval_minutes=0),
        deployment("sessions", replace(
            well, state="resync required", head=head(None), tail=None,
            **over(window(52, 36267), gaps=(Gap(window(52, 36267).end, None, LOST),)),
            reason=LOST),
            set_name="sess"),
        deployment("warehouse-analytics-eu-west", replace(
            well, tail=tail("", 1260, "no member of wh answers: connection refused by wh-1:27017"),
            head=head(2)), set_name="wh"),
        deployment("staging", INACTIVE, server_version="5.0.31", fcv="5.0"),
    ]  # fmt: skip


def jobs() -> list[JobView]:
    def job(id_: str, kind: str, name: str, state: str, minutes: float, **more: object) -> JobView:
        at = NOW - timedelta(minutes=minutes)
        made = JobView(
            id=id_, kind=kind, deployment=name, state=state, subject="", attempts=1, created_at=at,
            created_by="", started_at=at, finished_at=None, progress=(), cancel_requested=False,
            error=None,
        )  # fmt: skip
        return replace(made, **more)  # type: ignore[arg-type]

    ended = {"finished_at": NOW - timedelta(minutes=3)}
    disk_full = JobError("disk_full", "/srv/restores: no room left on the disk",
                         "free some space; what was written has been taken away again")  # fmt: skip
    return [
        job("j1", "restore", "orders", "leased", 0.3, created_by="anna", progress=(
            progress("materialising", 410 * MB, 1_240 * MB, 18, rate=190.0 * MB, eta=4.3),)),
        job("j2", "snapshot", "orders", "queued", 0.4, started_at=None, attempts=0),
        job("j3", "initial sync", "catalogue", "leased", 0.7, progress=SYNCING.progress,
            created_by="anna"),
        job("j4", "snapshot", "payments", "leased", 2, progress=(
            progress("cutting blocks", 300 * MB, 1_240 * MB, 110, rate=0.0, updated=74),)),
        job("j5", "snapshot", "orders", "done", 4, **ended),
        job("j6", "restore", "orders", "failed", 64, finished_at=NOW - timedelta(minutes=63),
            error=disk_full, created_by="ben", attempts=5),
        job("j7", "restore", "payments", "cancelled", 190, finished_at=NOW - timedelta(minutes=189),
            created_by="ben"),
    ]  # fmt: skip


def restore(
    id_: str,
    name: str,
    state: str,
    point: Optime | None,
    path: str = "/srv/restores/orders",
    **more: object,
) -> RestoreView:
    made = RestoreView(
        id=id_, deployment=name, state=state, snapshot=snapshots(name)[-3].id, point=point,
        optime=None, path=path, bytes=0, created_at=NOW - timedelta(seconds=18), created_by="anna",
        finished_at=None, reason="", job="j1", progress=(),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def restores() -> list[RestoreView]:
    point = optime(NOW - timedelta(hours=3, minutes=11), 0xFFFFFFFF)
    running = (
        progress("materialising", 1_240 * MB, 1_240 * MB, 18, finished=True, updated=10),
        progress("applying oplog", 31 * MB, 84 * MB, 10, rate=5.3 * MB, eta=10),
    )
    return [
        restore("r-4411", "orders", "applying oplog", point, progress=running),
        restore("r-4410", "orders", "done", point, path="/srv/restores/orders-before",
                bytes=1_240 * MB,
                optime=optime(NOW - timedelta(hours=3, minutes=11, seconds=4), 3), progress=(
                    replace(running[0]), replace(running[1], done=84 * MB, finished=True)),
                created_at=NOW - timedelta(hours=2),
                finished_at=NOW - timedelta(hours=1, minutes=59)),
        restore("r-4409", "orders", "failed", point, path="/srv/restores/full",
                created_at=NOW - timedelta(minutes=64), created_by="ben",
                reason="/srv/restores/full: no room left on the disk; free some space"),
        restore("r-4400", "payments", "cancelled", None, path="/srv/restores/payments",
                created_at=NOW - timedelta(minutes=190), created_by="ben"),
    ]  # fmt: skip


def lag(late: int = 2) -> list[LagPoint]:
    """One hour, a point each 30 s, with a hill twenty minutes ago."""
    points = []
    for number in range(120):
        seconds = 2 + number % 3
        if 70 <= number < 86:
            seconds = 4 + (8 - abs(78 - number)) * 5
        if late > 60 and number > 100:
            seconds = late * (number - 100) // 20
        points.append(LagPoint(NOW - timedelta(seconds=30 * (120 - number)), seconds))
    return points


def event(
    minutes: float, kind: str, name: str, text: str, *, severity: str = "info", actor: str = ""
) -> EventView:
    at = NOW - timedelta(minutes=minutes)
    return EventView(f"e{minutes}", at, kind, severity, name, actor, text)


def events() -> list[EventView]:
    wh = "warehouse-analytics-eu-west"
    ready = "The snapshot of {} is complete: 1.2 GB, 26 MB new."
    gap = "A gap in the oplog: the source's begins at 09:12:44Z, the stored one ends at 02:00:03Z."
    return [
        event(0.3, "restore asked for", "orders", "A restore to /srv/restores/orders began.",
              actor="anna"),
        event(4, "snapshot complete", "orders", ready.format("11:59:57Z")),
        event(12, "backup started", "catalogue",
              "The backup was started; an initial sync copies 48 GB.", actor="anna"),
        event(14, "lagging", "payments",
              "The head falls behind: an index is built in the source.", severity="warning"),
        event(21, "source unreachable", wh,
              "No member of wh answers: connection refused by wh-1:27017.", severity="error"),
        event(63, "restore failed", "orders",
              "The restore to /srv/restores/full failed: no room left on the disk.",
              severity="error"),
        event(172, "resync required", "sessions", gap, severity="error"),
        event(190, "restore cancelled", "payments",
              "The restore to /srv/restores/payments was cancelled.", severity="warning",
              actor="ben"),
        event(364, "snapshot complete", "orders", ready.format("05:59:57Z")),
        event(4320, "backup stopped", "archive-2019", "The backup was stopped.", actor="anna"),
        event(57000, "deployment added", "orders",
              "orders was added: replica set rs0, MongoDB 6.0.5.", actor="anna"),
    ]  # fmt: skip
