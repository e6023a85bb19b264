"""Jobs: what the daemon has been asked to do."""

from mmsconsole.errors import NotFound, Refused
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.jobs import MAKING_HEADS, Job, JobKind, JobState
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.shapes import job_view
from mmsconsole.operations.views import JobView


def names(desk: Desk) -> dict[str, str]:
    """Deployment ids to names, those that are being removed among them."""
    return {deployment.id: deployment.name for deployment in desk.metadata.deployments.all()}


def listed(desk: Desk, name: str | None) -> list[JobView]:
    deployment = None if name is None else desk.metadata.deployments.named(name).id
    known = names(desk)
    found = desk.metadata.jobs.listed(deployment)
    return [job_view(job, known.get(job.deployment, job.deployment)) for job in found]


def show(desk: Desk, id_: str) -> JobView:
    return _view(desk, desk.metadata.jobs.get(id_))


def queue(
    desk: Desk, kind: JobKind, deployment: Deployment, resource: str, subject: str = ""
) -> Job:
    return desk.metadata.jobs.add(
        Job(
            new_id(), kind, deployment.id, resource, desk.clock.now(),
            created_by=desk.actor.name, subject=subject,
        )
    )  # fmt: skip


def cancel(desk: Desk, id_: str) -> JobView:
    """A queued job is cancelled at once, a running one as soon as it looks up.

    Refused for a job that has ended, and for a removal: what it deleted does not come back.
    """
    job = desk.metadata.jobs.get(id_)
    if job.ended:
        raise Refused(f"the job has ended already: {job.state}", where=id_)
    if job.kind is JobKind.REMOVAL:
        raise Refused("a removal can not be cancelled", where=id_)
    if job.kind in MAKING_HEADS:
        _stop_started(desk, job)
    job = request_cancel(desk, job)
    deployment = desk.metadata.deployments.find(job.deployment)
    if deployment is not None:
        desk.event("job cancelled", f"cancelling the {job.kind} job {id_}", deployment, job=id_)
    return _view(desk, job)


def request_cancel(desk: Desk, job: Job) -> Job:
    """Whatever its state is by now."""
    jobs = desk.metadata.jobs
    if job.kind is JobKind.RESTORE and job.started_at is not None:
        return _cancel_begun(desk, job)
    cancelled = jobs.set_where(
        {"_id": job.id, "state": JobState.QUEUED.value},
        state=JobState.CANCELLED, cancel_requested=True, finished_at=desk.clock.now(),
    )  # fmt: skip
    if cancelled is not None:
        _settle_subject(desk, cancelled)
        return cancelled
    asked = jobs.set_where({"_id": job.id, "state": JobState.LEASED.value}, cancel_requested=True)
    return asked or jobs.get(job.id)


def _cancel_begun(desk: Desk, job: Job) -> Job:
    """An attempt may have left files, which the engine takes away: it takes the job to end it."""
    begun = {"_id": job.id, "state": {"$in": [JobState.QUEUED.value, JobState.LEASED.value]}}
    asked = desk.metadata.jobs.set_where(begun, cancel_requested=True, not_before=None)
    return asked or desk.metadata.jobs.get(job.id)


def _settle_subject(desk: Desk, job: Job) -> None:
    """What a job was for ends with it, when no daemon took the job to say so."""
    changes = {"finished_at": desk.clock.now(), "reason": "cancelled"}
    try:
        if job.kind is JobKind.RESTORE:
            ended = desk.metadata.restores.set(job.subject, state=RestoreState.CANCELLED, **changes)
            desk.metadata.restore_secrets.remove(ended.where.credential)
        elif job.kind is JobKind.SNAPSHOT:
            desk.metadata.snapshots.set(job.subject, state=SnapshotState.FAILED, **changes)
    except NotFound:
        return  # its record went first: nothing is left to settle


def _stop_started(desk: Desk, job: Job) -> None:
    """A backup that does not get its head is a stopped one: start makes it go on."""
    desk.metadata.deployments.set_where(
        {"_id": job.deployment, "backup": BackupState.STARTED.value}, backup=BackupState.STOPPED
    )


def _view(desk: Desk, job: Job) -> JobView:
    return job_view(job, names(desk).get(job.deployment, job.deployment))
