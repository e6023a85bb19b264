"""The metadata made anew from a store, by a job of the engine."""

from typing import Any

from mmsconsole.errors import Busy, NotFound, Refused
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.recovery_views import StoreRebuildView
from mmsconsole.operations.shapes import job_view


def rebuild_store(desk: Desk, store: str) -> StoreRebuildView:
    """Raises SettingsError where no store has that name; Refused where the metadata has something
    of it already, Busy while a rebuild runs.
    """
    desk.settings.store(store)
    for deployment in desk.metadata.deployments.all():
        if store in (deployment.store, deployment.copy_to):
            raise Refused(
                f"the deployment {deployment.name} is kept in the store {store} already: a rebuild "
                "is for metadata that is empty",
                where=store,
                hint="to get one moment out of it: mmsconsole store restore URL --list",
            )
    running = next(desk.metadata.jobs.open(kind=JobKind.STORE_REBUILD), None)
    if running is not None:
        hint = f"see: mmsconsole job show {running.id}"
        raise Busy(f"a rebuild of the store {running.subject} runs", where=store, hint=hint)
    job = desk.metadata.jobs.add(
        Job(
            new_id(), JobKind.STORE_REBUILD, "", f"store rebuild:{store}", desk.clock.now(),
            created_by=desk.actor.name, subject=store,
        )
    )  # fmt: skip
    return _view(job)


def store_rebuild(desk: Desk, job_id: str) -> StoreRebuildView:
    job = desk.metadata.jobs.get(job_id)
    if job.kind is not JobKind.STORE_REBUILD:
        raise NotFound("this job is not a rebuild of a store", where=job_id)
    return _view(job)


def _view(job: Job) -> StoreRebuildView:
    result: dict[str, Any] = job.result
    return StoreRebuildView(
        job=job_view(job, job.deployment),
        store=job.subject,
        deployments=tuple(result.get("deployments", ())),
        snapshots=int(result.get("snapshots", 0)),
        found=int(result.get("found", 0)),
        chunks=int(result.get("chunks", 0)),
        packs=int(result.get("packs", 0)),
        blocks=int(result.get("blocks", 0)),
        told=tuple(result.get("told", ())),
    )
