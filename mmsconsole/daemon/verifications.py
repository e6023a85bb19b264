"""Verifications when they are due; and the witnesses that are of no use any more go."""

from random import Random

from mmsconsole.clock import Clock
from mmsconsole.metadata.asking import ask_for_verification
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.policy.policy import Verify
from mmsconsole.settings import Settings
from mmsconsole.strategies.witnessing import verify_of
from mmsconsole.verification.choosing import choose_moment
from mmsconsole.verification.due import due_snapshot, may_be_tried, moment_is_due, outdated

SCHEDULE = "schedule"


def queue_due_verifications(
    metadata: Metadata, settings: Settings, clock: Clock, rng: Random
) -> None:
    """At most one waits, or runs, of each deployment."""
    for deployment in metadata.deployments.listed():
        if next(metadata.jobs.open(deployment.id, JobKind.VERIFICATION), None) is None:
            subject = _due(metadata, settings, clock, rng, deployment)
            if subject:
                ask_for_verification(metadata, deployment.id, subject, clock.now(), SCHEDULE)


def _due(
    metadata: Metadata, settings: Settings, clock: Clock, rng: Random, deployment: Deployment
) -> str:
    """Id of a snapshot or of a witness; empty: nothing is due."""
    now = clock.now()
    verify = verify_of(metadata, settings, deployment)
    if verify == Verify.NEVER.value:
        return ""

    def last(subject: str) -> Job | None:
        query = {"kind": JobKind.VERIFICATION.value, "subject": subject}
        return metadata.jobs.one({"deployment": deployment.id, **query}, [("created_at", -1)])

    # Their heads may still be saying what they hold.
    taken = {job.subject for job in metadata.jobs.open(deployment.id, JobKind.SNAPSHOT)}
    complete = [one for one in metadata.snapshots.complete(deployment.id) if one.id not in taken]
    snapshot = due_snapshot(verify, complete, last, now)
    if snapshot is not None:
        return snapshot.id
    per_day = settings.tree.verification.moments_per_day
    if not moment_is_due(per_day, metadata.witnesses.of(deployment.id), now):
        return ""
    moment = choose_moment(metadata, deployment.id, rng)
    if moment is None or not may_be_tried(last(moment.witness.id), now):
        return ""
    return moment.witness.id


def drop_outdated_witnesses(metadata: Metadata) -> None:
    for deployment in metadata.deployments.listed():
        snapshots = {one.id for one in metadata.snapshots.of(deployment.id)}
        first = next(metadata.snapshots.complete(deployment.id), None)
        start = None if first is None else first.optime
        for id_ in outdated(metadata.witnesses.of(deployment.id), snapshots, start):
            metadata.witnesses.remove(id_)
