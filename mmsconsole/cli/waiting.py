"""--wait: look until it has ended. The work is the engine's: who waits may leave."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from mmsconsole.cli.progress import ProgressTeller
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import (
    Cancelled,
    MetadataError,
    MmsError,
    NoEngine,
    ResyncRequired,
    by_code,
)
from mmsconsole.metadata.jobs import JobError, PhaseProgress
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.views import BackupStatus, JobView, RestoreView, SnapshotView

POLL_SECONDS = 0.3

View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Look(Generic[View]):
    view: View
    ended: bool
    progress: tuple[PhaseProgress, ...] = ()
    said: str = ""
    """While there is no progress to tell."""


def until_ended(shell: Shell, look: Callable[[], Look[View]], goes_on: str) -> View:
    """`goes_on` is what somebody who leaves is told. Raises what `look` raises."""
    teller = ProgressTeller(shell)
    try:
        while not (seen := look()).ended:
            teller.tell(seen.progress, seen.said)
            shell.clock.sleep(POLL_SECONDS)
        return seen.view
    except KeyboardInterrupt as error:
        raise Cancelled("no longer waiting; the engine goes on with it", hint=goes_on) from error
    except MetadataError as error:
        raise NoEngine("the engine does not answer any more", hint=goes_on) from error
    finally:
        teller.end()


def in_sync(shell: Shell, operations: Operations, name: str) -> BackupStatus:
    def look() -> Look[BackupStatus]:
        status = operations.backup_status(name)
        if status.state == "resync required":
            raise ResyncRequired(status.reason or "a resync is required", where=name)
        if status.state != "started":
            raise Cancelled(f"the backup is {status.state}", where=name)
        done = _is_in_sync(status)
        if not done:
            _raise_failed_sync(operations, name)
        return Look(status, done, status.progress, status.reason or f"{status.phase} …")

    return until_ended(shell, look, f"see: mmsconsole backup status {name}")


def _is_in_sync(status: BackupStatus) -> bool:
    """And at a position that can be told."""
    head = status.head
    return status.phase == "in sync" and head is not None and head.optime is not None


def _raise_failed_sync(operations: Operations, name: str) -> None:
    """Of the newest initial sync, if it has failed for good."""
    sync = next((job for job in operations.jobs(name) if job.kind == "initial sync"), None)
    if sync is not None and sync.state in ("failed", "cancelled"):
        raise failure(sync, f"the initial sync {sync.state}")


def snapshot_taken(shell: Shell, operations: Operations, snapshot: SnapshotView) -> SnapshotView:
    def look() -> Look[SnapshotView]:
        view = operations.snapshot(snapshot.id)
        job = _job_of(operations, snapshot.deployment, snapshot.id)
        if view.state == "failed":
            raise failure(job, view.reason or "the snapshot failed", where=view.id)
        progress = () if job is None else job.progress
        return Look(view, view.state == "complete", progress, "the snapshot waits for its turn")

    return until_ended(shell, look, f"see: mmsconsole snapshot show {snapshot.id}")


def restored(shell: Shell, operations: Operations, restore: RestoreView) -> RestoreView:
    def look() -> Look[RestoreView]:
        view = operations.restore(restore.id)
        if view.state == "cancelled":
            raise Cancelled("the restore was cancelled", where=view.id)
        if view.state == "failed":
            job = operations.job(view.job) if view.job else None
            raise failure(job, view.reason or "the restore failed", where=view.id)
        return Look(view, view.state == "done", view.progress, "the restore waits for its turn")

    return until_ended(shell, look, f"see: mmsconsole restore show {restore.id}")


def job_done(shell: Shell, operations: Operations, job: JobView) -> JobView:
    def look() -> Look[JobView]:
        view = operations.job(job.id)
        if view.state in ("failed", "cancelled"):
            raise failure(view, f"the {view.kind} {view.state}", where=view.deployment)
        said = f"the {view.kind} waits for its turn"
        return Look(view, view.state == "done", view.progress, said)

    return until_ended(shell, look, f"see: mmsconsole job show {job.id}")


def _job_of(operations: Operations, deployment: str, subject: str) -> JobView | None:
    return next((job for job in operations.jobs(deployment) if job.subject == subject), None)


def failure(job: JobView | None, said: str, where: str = "") -> MmsError:
    """What a job ended with, as the error that it was."""
    error = None if job is None else job.error
    error = error or JobError("error", said)
    where = where or ("" if job is None else job.id)
    return by_code(error.code)(error.message, where=where, hint=error.hint)
