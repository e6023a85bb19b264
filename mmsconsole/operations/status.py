"""How a backup is, and how the engine is."""

from datetime import timedelta

from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.tails import Tail
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.shapes import head_view, snapshot_view, tail_view
from mmsconsole.operations.views import BackupStatus, EngineStatus, Window
from mmsconsole.operations.windows import optime_of, reach_of, window_of
from mmsconsole.optime import Optime

SILENT_AFTER = timedelta(seconds=60)
"""An engine that was not seen for so long does not run."""


def backup_status(desk: Desk, deployment: Deployment) -> BackupStatus:
    head = head_of(desk, deployment)
    tail = desk.metadata.tails.find(deployment.id)
    sync = last_sync(desk, deployment)
    complete = list(desk.metadata.snapshots.complete(deployment.id))
    newest = complete[-1] if complete else None
    return BackupStatus(
        deployment=deployment.name,
        state=deployment.backup.value,
        phase=_phase(head, sync),
        reason=deployment.reason,
        head=None if head is None else head_view(head, _lag_against(deployment, tail)),
        tail=None if tail is None else tail_view(tail),
        window=window(desk, deployment, complete),
        last_snapshot=None if newest is None else snapshot_view(newest, deployment.name),
        progress=() if sync is None else sync.progress,
    )


def _lag_against(deployment: Deployment, tail: Tail | None) -> Tail | None:
    """Nobody looks at the source of a backup that is not started."""
    return tail if deployment.backup is BackupState.STARTED else None


def head_of(desk: Desk, deployment: Deployment) -> Head | None:
    """The current head, as long as it is of use."""
    head = desk.metadata.heads.find(deployment.head) if deployment.head else None
    return head if head is not None and head.active else None


def last_sync(desk: Desk, deployment: Deployment) -> Job | None:
    """The initial sync that runs, or ran last."""
    return desk.metadata.jobs.one(
        {"deployment": deployment.id, "kind": JobKind.INITIAL_SYNC.value},
        sort=[("created_at", -1)],
    )


def goes_on(job: Job | None) -> bool:
    return job is not None and not job.ended and not job.cancel_requested


def window(desk: Desk, deployment: Deployment, complete: list[Snapshot]) -> Window | None:
    if not complete:
        return None
    newest = complete[-1]
    if newest.head == deployment.head:
        # The head has applied every chunk since its snapshot: there is no gap to look for.
        return window_of(complete, stored_end(desk, deployment))
    return window_of(complete, reach(desk, newest, None))


def stored_end(desk: Desk, deployment: Deployment) -> Optime | None:
    last = desk.metadata.chunks.last(deployment.id)
    return None if last is None else last.end


def reach(desk: Desk, snapshot: Snapshot, until: Optime | None) -> Optime:
    """Last position that can be restored from a complete snapshot."""
    begin = snapshot.replay_from or optime_of(snapshot)
    return reach_of(snapshot, desk.metadata.chunks.spans(snapshot.deployment, begin), until)


def _phase(head: Head | None, sync: Job | None) -> str:
    if head is not None:
        return head.phase.value
    return "starting" if goes_on(sync) else ""


def engine_status(desk: Desk) -> EngineStatus:
    record = desk.metadata.engines.one({}, sort=[("seen_at", -1)])
    now = desk.clock.now()
    return EngineStatus(
        running=record is not None and now - record.seen_at < SILENT_AFTER,
        id="" if record is None else record.id,
        host="" if record is None else record.host,
        home="" if record is None else record.home,
        version="" if record is None else record.version,
        started_at=None if record is None else record.started_at,
        seen_at=None if record is None else record.seen_at,
        deployments=sum(1 for _ in desk.metadata.deployments.listed()),
        jobs_open=sum(1 for _ in desk.metadata.jobs.open()),
        storage_bytes_free=desk.disk(desk.settings.storage_folder).free_bytes,
    )
