"""What the daemon does for each kind of job."""

from collections.abc import Mapping

from mmsconsole.daemon.checking import StoreChecks
from mmsconsole.daemon.grooming import Grooms
from mmsconsole.daemon.keeper import BackupKeeper
from mmsconsole.daemon.recovering import back_up_metadata, rebuild_store
from mmsconsole.daemon.removing import remove_deployment
from mmsconsole.daemon.repairing import StoreRepairs
from mmsconsole.daemon.telling import tell_resync_required
from mmsconsole.errors import NoRoom, OplogError, ResyncRequired, VerificationBad, by_code
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.jobs import Job, JobError, JobKind, JobState
from mmsconsole.metadata.restores import UNFINISHED, RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.rate import MEGABYTE
from mmsconsole.restore.pacing import paced
from mmsconsole.restore.restoring import Restoring
from mmsconsole.storage.throttled import SharedThrottle
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation, Task
from mmsconsole.verification.verifying import Verification

WAIT_SECONDS = 0.5
READING = (JobKind.RESTORE, JobKind.VERIFICATION)
"""What is stored."""
HOPELESS = (OplogError, ResyncRequired)

Result = Mapping[str, object]


class Handlers:
    """Every handler may be called again after a crash, and then begins anew or goes on."""

    def __init__(self, resources: Resources, keeper: BackupKeeper) -> None:
        self._resources = resources
        self._keeper = keeper
        self._metadata = resources.metadata
        self._grooms = Grooms(resources)
        rate = resources.settings.tree.restore.mb_per_second * MEGABYTE
        self._throttle = SharedThrottle(rate, resources.clock, Cancellation()) if rate else None
        """Of all restores together."""

    def initial_sync(self, job: Job, task: Task) -> Result:
        head = self._keeper.backup_of(job.deployment).sync(task)
        self._keeper.sample()
        return {"head": head.id}

    def rebuild(self, job: Job, task: Task) -> Result:
        head = self._keeper.backup_of(job.deployment).rebuild(task)
        self._keeper.sample()
        return {"head": head.id, "snapshot": head.rebuilt_from}

    def snapshot(self, job: Job, task: Task) -> Result:
        snapshot = self._metadata.snapshots.get(job.subject)
        finished = self._keeper.backup_of(job.deployment).take_snapshot(snapshot, task)
        text = f"snapshot {finished.id} at {finished.optime} is complete"
        self._resources.event("snapshot complete", text, deployment=job.deployment)
        return {"bytes": finished.bytes, "new_bytes": finished.new_bytes}

    def validation(self, job: Job, task: Task) -> Result:
        found = self._keeper.backup_of(job.deployment).validate(task)
        return {"validation": found.id, "collections": found.collections}

    def restore(self, job: Job, task: Task) -> Result:
        restore = self._metadata.restores.get(job.subject)
        task = paced(task, self._throttle) if self._throttle else task
        finished = Restoring(self._resources, restore).go(task)
        verified = f"; {finished.verified}" if finished.verified else ""
        text = f"restore {finished.id} to {finished.target} is done, at {finished.optime}{verified}"
        severity = Severity.WARNING if finished.differs else Severity.INFO
        self._resources.event("restore done", text, deployment=job.deployment, severity=severity)
        return {"path": finished.target}

    def verification(self, job: Job, task: Task) -> Result:
        outcome = Verification(self._resources).run(job.subject, task)
        return {"verdict": outcome.verdict.value, "collections": outcome.collections}

    def removal(self, job: Job, task: Task) -> Result:
        self._keeper.release(job.deployment, task)
        while self._is_read(job.deployment):
            task.check()  # they read what is about to be removed
            self._resources.clock.wait(task.cancellation.event, WAIT_SECONDS)
        remove_deployment(self._resources, job.deployment, task)
        return {}

    def _is_read(self, deployment: str) -> bool:
        """Or written into: who goes on after a crash, or cleans up, needs to know where."""
        if any(job.kind in READING for job in self._metadata.jobs.open(deployment)):
            return True
        into = {"where.deployment": deployment, "state": {"$in": list(UNFINISHED)}}
        open_ = {job.subject for job in self._metadata.jobs.open(kind=JobKind.RESTORE)}
        return any(restore.id in open_ for restore in self._metadata.restores.all(into))

    def groom(self, job: Job, task: Task) -> Result:
        return self._grooms.run(job, task)

    def check(self, job: Job, task: Task) -> Result:
        return StoreChecks(self._resources).run(job, task)

    def repair(self, job: Job, task: Task) -> Result:
        return StoreRepairs(self._resources).run(job, task)

    def catalogue(self, job: Job, task: Task) -> Result:
        return back_up_metadata(self._resources, job, task)

    def store_rebuild(self, job: Job, task: Task) -> Result:
        return rebuild_store(self._resources, job, task)

    def ended(self, job: Job) -> None:
        """A job ends: what it worked for learns of it, and people do.

        Told before the job itself is closed, so that nobody sees an ended job whose subject
        still runs. After a crash in between it is told again.
        """
        if job.state is JobState.DONE:
            return
        error = job.error or JobError("", "")
        if job.kind is JobKind.SNAPSHOT:
            self._snapshot_failed(job, error)
        elif job.kind is JobKind.RESTORE:
            self._restore_failed(job, error)
        elif job.kind is JobKind.INITIAL_SYNC and job.state is JobState.FAILED:
            self._sync_failed(job, error)
        elif job.kind is JobKind.REBUILD and job.state is JobState.FAILED:
            tell_resync_required(self._resources, job.deployment, error.message)
        if job.kind is JobKind.VERIFICATION and by_code(error.code) is VerificationBad:
            return  # people know it by its own event
        severity = Severity.ERROR if job.state is JobState.FAILED else Severity.INFO
        if job.kind is JobKind.VERIFICATION and by_code(error.code) is NoRoom:
            severity = Severity.WARNING  # put off: it is asked for again
        told = f"{job.kind} {job.state}: {error.message}"
        self._resources.event(
            f"{job.kind} {job.state}", told, deployment=job.deployment, severity=severity
        )

    def _sync_failed(self, job: Job, error: JobError) -> None:
        """A head that can not be brought in sync from what is stored is not tried again; nor is
        a new base, which nobody had asked for.
        """
        deployment = self._metadata.deployments.find(job.deployment)
        head = None if deployment is None else self._metadata.heads.find(deployment.head)
        new_base = head is not None and head.phase is SyncPhase.ENDED
        if new_base or issubclass(by_code(error.code), HOPELESS):
            tell_resync_required(self._resources, job.deployment, error.message)
        else:
            self._metadata.deployments.set_where({"_id": job.deployment}, reason=error.message)

    def _snapshot_failed(self, job: Job, error: JobError) -> None:
        self._metadata.snapshots.set_where(
            {"_id": job.subject, "state": SnapshotState.RUNNING.value},
            state=SnapshotState.FAILED, reason=error.message,
            finished_at=self._resources.clock.now(),
        )  # fmt: skip

    def _restore_failed(self, job: Job, error: JobError) -> None:
        """What it wrote goes, before anybody is told that it has ended."""
        restore = self._metadata.restores.find(job.subject)
        if restore is None or restore.state is RestoreState.DONE:
            return
        stays = Restoring(self._resources, restore).abandon()
        cancelled = job.state is JobState.CANCELLED
        self._metadata.restores.set_where(
            {"_id": job.subject, "state": {"$ne": RestoreState.DONE.value}},
            state=RestoreState.CANCELLED if cancelled else RestoreState.FAILED,
            reason=f"{error.message}; something stays behind: {stays}" if stays else error.message,
            finished_at=self._resources.clock.now(),
        )  # fmt: skip
        if stays:
            text = f"restore {restore.id} to {restore.target} leaves something behind: {stays}"
            self._resources.event(
                "restore left something", text, deployment=job.deployment,
                severity=Severity.WARNING,
            )  # fmt: skip
