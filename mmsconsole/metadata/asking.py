"""Asking the daemon for a snapshot: a person does, and the schedule does."""

from datetime import datetime

from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.snapshots import Snapshot


def head_resource(deployment: Deployment) -> str:
    """The resource of jobs that want the deployment's head: one of them runs at a time."""
    return f"head:{deployment.id}"


def ask_for_validation(
    metadata: Metadata, deployment: Deployment, now: datetime, asker: str
) -> Job:
    """Of the head's files. It runs beside snapshots, which need not wait for its end."""
    return metadata.jobs.add(
        Job(
            new_id(), JobKind.VALIDATION, deployment.id, f"validation:{deployment.id}", now,
            created_by=asker, subject=deployment.head,
        )
    )  # fmt: skip


def ask_for_snapshot(
    metadata: Metadata, deployment: Deployment, now: datetime, asker: str
) -> Snapshot:
    """Its record and its job. A record without a job is marked as failed at the next start."""
    snapshot = metadata.snapshots.add(Snapshot(new_id(), deployment.id, deployment.head, now))
    metadata.jobs.add(
        Job(
            new_id(), JobKind.SNAPSHOT, deployment.id, head_resource(deployment), now,
            created_by=asker, subject=snapshot.id,
        )
    )  # fmt: skip
    return snapshot
