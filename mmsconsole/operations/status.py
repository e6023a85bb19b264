"""How a backup is, and how the engine is."""

from collections.abc import Iterator
from datetime import timedelta

from mmsconsole.agent.tail_warnings import Level, limits_of, warnings_of
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.tails import Tail
from mmsconsole.operations.checks import damage_of
from mmsconsole.operations.copies import copy_view
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.restorable import restorable
from mmsconsole.operations.shapes import head_view, snapshot_view, tail_view, validation_view
from mmsconsole.operations.views import (
    COPY,
    STORE,
    BackupStatus,
    EngineStatus,
    ValidationView,
    WarningView,
)
from mmsconsole.settings import DEFAULT_STORE
from mmsconsole.verification.standing import last_verified, verification_warning

SILENT_AFTER = timedelta(seconds=60)
"""An engine that was not seen for so long does not run."""


def backup_status(desk: Desk, deployment: Deployment) -> BackupStatus:
    head = head_of(desk, deployment)
    tail = desk.metadata.tails.find(deployment.id)
    making = _making(desk, deployment)
    newest = desk.metadata.snapshots.newest_complete(deployment.id)
    verified = last_verified(desk.metadata, deployment.id)
    found = restorable(desk, deployment)
    return BackupStatus(
        deployment=deployment.name,
        state=deployment.backup.value,
        phase=_phase(head, making),
        reason=deployment.reason,
        head=None if head is None else head_view(head, _lag_against(deployment, tail)),
        tail=None if tail is None else tail_view(tail),
        window=found.whole,
        windows=found.windows,
        gaps=found.gaps,
        warnings=(*_warnings(desk, deployment, tail), *_store_warnings(desk, deployment)),
        validation=_validation(desk, deployment, head),
        last_snapshot=None if newest is None else snapshot_view(newest, deployment.name),
        progress=() if making is None else making.progress,
        last_verified=None if verified is None else snapshot_view(verified, deployment.name),
    )


def _warnings(desk: Desk, deployment: Deployment, tail: Tail | None) -> tuple[WarningView, ...]:
    """As the daemon judges them; nobody looks at the source of a backup that is not started."""
    if deployment.backup is not BackupState.STARTED:
        return ()
    limits = limits_of(desk.settings.tree.backup)
    now = desk.clock.now()
    found = warnings_of(tail, now, limits, deployment.warned)
    found.append(verification_warning(desk.metadata, desk.settings, deployment, now))
    return tuple(
        WarningView(one.kind, one.level.value, one.text)
        for one in found
        if one.level is not Level.OK
    )


def _store_warnings(desk: Desk, deployment: Deployment) -> Iterator[WarningView]:
    """Of where it is kept, whatever its state is."""
    damage = damage_of(desk.metadata, deployment.store)
    if damage is not None:
        text = (
            f"the store {deployment.store} is damaged, objects missing or wrong: {damage.found}; "
            f"what can be done: mmsconsole store repair {deployment.store} --dry-run"
        )
        yield WarningView(STORE, Level.CRITICAL.value, text)
    copy = copy_view(desk, deployment)
    if copy is not None and copy.error:
        text = f"the copy in {copy.store} waits: {copy.error}"
        yield WarningView(COPY, Level.WARNING.value, text)


def _validation(desk: Desk, deployment: Deployment, head: Head | None) -> ValidationView | None:
    last = None if head is None else desk.metadata.validations.last(deployment.id, head.id)
    return None if last is None else validation_view(last)


def _making(desk: Desk, deployment: Deployment) -> Job | None:
    """What makes the head now, or the initial sync that made it."""
    rebuild = next(desk.metadata.jobs.open(deployment.id, JobKind.REBUILD), None)
    return rebuild or last_sync(desk, deployment)


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
        storage_bytes_free=_storage_bytes_free(desk),
        strangers={} if record is None else record.strangers,
        service="" if record is None else record.service.url,
        service_error="" if record is None else record.service.error,
        alerts_open=desk.metadata.alerts.open_by_severity(DEFAULT_GROUP),
    )


def _storage_bytes_free(desk: Desk) -> int | None:
    """Of the default store, where it is a folder of this machine."""
    folder = desk.settings.store_folders.get(DEFAULT_STORE)
    return None if folder is None else desk.disk(folder).free_bytes
