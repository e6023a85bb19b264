"""Backups of the metadata on an interval, and soon after a change that people asked for."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mmsconsole.clock import Clock
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import Job, JobKind

CHANGE_SECONDS = 120
"""Changes so close together are in one backup."""
BY_PEOPLE = {"actor": {"$nin": ["", None]}}


def is_due(hours: float, changed_at: datetime | None, last: Job | None, now: datetime) -> bool:
    """Whether a store is to get another catalogue. Pure.

    `last`: the newest one that was asked for, whatever became of it; `changed_at`: when people
    last changed something.
    """
    if last is None:
        return True
    if not last.ended:
        return False
    since = now - last.created_at
    changed = changed_at is not None and changed_at > last.created_at
    return since >= timedelta(hours=hours) or (
        changed and since >= timedelta(seconds=CHANGE_SECONDS)
    )


def queue_due_catalogues(metadata: Metadata, clock: Clock, hours: float) -> None:
    now = clock.now()
    change = metadata.events.one(BY_PEOPLE, sort=[("at", -1)])
    for store in sorted(_stores(metadata)):
        last = _last(metadata, store)
        if is_due(hours, change.at if change else None, last, now):
            ask_for_catalogue(metadata, store, now)


def ask_for_catalogue(metadata: Metadata, store: str, now: datetime) -> Job:
    return metadata.jobs.add(
        Job(new_id(), JobKind.CATALOGUE, "", f"catalogue:{store}", now, subject=store)
    )


def _stores(metadata: Metadata) -> Iterator[str]:
    """Those in use, and those that have a catalogue which tells of what is there no more."""
    names = {
        name
        for deployment in metadata.deployments.all()
        for name in (deployment.store, deployment.copy_to)
        if name
    }
    jobs = metadata.jobs.all({"kind": JobKind.CATALOGUE.value})
    yield from names | {job.subject for job in jobs}


def _last(metadata: Metadata, store: str) -> Job | None:
    query = {"kind": JobKind.CATALOGUE.value, "subject": store}
    return metadata.jobs.one(query, sort=[("created_at", -1)])
