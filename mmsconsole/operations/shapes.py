"""Records to views. Pure."""

from dataclasses import replace

from mmsconsole.metadata.events import Event
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.jobs import ENDED, Job, JobKind, JobState, PhaseProgress
from mmsconsole.metadata.pools import store_of_pool
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.tails import Tail
from mmsconsole.metadata.validations import Validation
from mmsconsole.operations.restore_words import what_of
from mmsconsole.operations.views import (
    EventView,
    HeadView,
    JobView,
    RestoreView,
    SnapshotView,
    TailView,
    ValidationView,
)
from mmsconsole.optime import Optime
from mmsconsole.policy.fates import Fate


def snapshot_view(snapshot: Snapshot, deployment: str, fate: Fate | None = None) -> SnapshotView:
    """`fate`: what becomes of it by the policy, where that was asked for."""
    return SnapshotView(
        id=snapshot.id,
        deployment=deployment,
        state=snapshot.state.value,
        optime=snapshot.optime,
        bytes=snapshot.bytes,
        new_bytes=snapshot.new_bytes,
        files=snapshot.files,
        mongod_version=snapshot.mongod_version,
        fcv=snapshot.fcv,
        created_at=snapshot.created_at,
        finished_at=snapshot.finished_at,
        reason=snapshot.reason,
        doubt=snapshot.doubt,
        hold=snapshot.hold,
        expires_at=snapshot.expires_at if fate is None else fate.expires_at,
        kept_for=() if fate is None else tuple(keep.reason.value for keep in fate.keeps),
        verdict=snapshot.verdict.value,
        verified_at=snapshot.verified_at,
        verdict_text=snapshot.verdict_text,
        asked_by=snapshot.asked_by,
        due_at=snapshot.due_at,
        leaving="" if snapshot.leaving is None else snapshot.leaving.why,
    )


def head_view(head: Head, tail: Tail | None) -> HeadView:
    return HeadView(
        optime=head.optime,
        lag_seconds=lag_seconds(head.optime, tail),
        phase=head.phase.value,
        path=head.path,
        bytes=head.bytes,
        mongod_version=head.mongod_version,
        applied_at=head.applied_at,
        reason=head.reason or head.suspect,
    )


def lag_seconds(applied: Optime | None, tail: Tail | None) -> int | None:
    """How much newer the newest position known of the source is.

    None while unknown: what cannot be reached may have gone on.
    """
    if applied is None or tail is None or tail.error:
        return None
    known = [position.t for position in (tail.source, tail.stored) if position is not None]
    return max(0, max(known) - applied.t) if known else None


def tail_view(tail: Tail) -> TailView:
    return TailView(
        member=tail.member,
        optime=tail.stored,
        source_optime=tail.source,
        oplog_window_seconds=tail.oplog_window_seconds,
        oplog_full=tail.oplog_full,
        seen_at=tail.seen_at,
        error=tail.error,
        since=tail.since,
        unstored=tail.unstored,
    )


def validation_view(validation: Validation) -> ValidationView:
    return ValidationView(
        kind=validation.kind.value,
        at=validation.finished_at,
        optime=validation.optime,
        good=validation.good,
        documents=validation.documents,
        mended=validation.mended,
        problems=validation.problems,
        left_out=validation.left_out,
    )


STORE_JOBS = (JobKind.CHECK, JobKind.REPAIR, JobKind.CATALOGUE, JobKind.STORE_REBUILD)
"""Their resources name the store."""


def store_of(resource: str) -> str:
    """Name of the store that a job works in, by its resource; empty: in none."""
    kind, _, subject = resource.partition(":")
    if kind == JobKind.GROOM:
        return store_of_pool(subject)
    return subject if kind in STORE_JOBS else ""


ENDED_HERE = "it ended here"
"""A phase of a job that failed or was cancelled in it."""


def job_view(job: Job, deployment: str) -> JobView:
    return JobView(
        id=job.id,
        kind=job.kind.value,
        deployment=deployment,
        state=job.state.value,
        subject=job.subject,
        attempts=job.attempts,
        created_at=job.created_at,
        created_by=job.created_by,
        started_at=job.started_at,
        finished_at=job.finished_at,
        progress=progress_of(job),
        cancel_requested=job.cancel_requested,
        error=job.error,
        store=store_of(job.resource),
    )


def progress_of(job: Job) -> tuple[PhaseProgress, ...]:
    """Of one that has ended, no phase is under way."""
    if job.state not in ENDED:
        return job.progress
    return tuple(phase if phase.finished else _ended(phase, job.state) for phase in job.progress)


def _ended(phase: PhaseProgress, state: JobState) -> PhaseProgress:
    """Fewer bytes than were thought of, or where it was broken off."""
    is_done = state is JobState.DONE
    note = "" if is_done else ENDED_HERE
    return replace(phase, finished=is_done, note=note, rate=0.0, eta_seconds=None)


def restore_view(restore: Restore, deployment: str, job: Job | None) -> RestoreView:
    return RestoreView(
        id=restore.id,
        deployment=deployment,
        state=restore.state.value,
        snapshot=restore.snapshot,
        point=restore.point,
        optime=restore.optime,
        path=restore.target,
        bytes=restore.bytes,
        created_at=restore.created_at,
        created_by=restore.created_by,
        finished_at=restore.finished_at,
        reason=restore.reason,
        job=restore.job,
        progress=() if job is None else progress_of(job),
        kind=restore.where.kind.value,
        what=what_of(restore.what),
        where=restore.where,
        selection=restore.what,
        needed_bytes=restore.needed_bytes,
        delivered_bytes=restore.delivered_bytes,
        verified=restore.verified,
        differs=restore.differs,
    )


def event_view(event: Event, deployment: str) -> EventView:
    return EventView(
        id=event.id,
        at=event.at,
        kind=event.kind,
        severity=event.severity.value,
        deployment=deployment,
        actor=event.actor,
        text=event.text,
    )
