"""The jobs of the room recovery, and the word about stores that hold more than is known."""

import logging
from collections.abc import Mapping

from mmsconsole.errors import MmsError
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.recovery.backing_up import back_up
from mmsconsole.recovery.rebuilding import Rebuilding
from mmsconsole.recovery.strangers import strangers_in, strangers_in_words
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.5
DELETING = (JobKind.GROOM, JobKind.REPAIR)
"""Kinds that delete what no snapshot needs."""


def back_up_metadata(resources: Resources, job: Job, task: Task) -> Mapping[str, object]:
    made = back_up(resources, job.subject, job.engine, task)
    return {"key": made.key, "records": made.records, "bytes": made.bytes}


def rebuild_store(resources: Resources, job: Job, task: Task) -> Mapping[str, object]:
    """Done again from the beginning after a crash."""
    _wait_for_grooms(resources, task)
    report = Rebuilding(resources, job.subject).run(task)
    names = ", ".join(report.deployments) or "none"
    text = f"the metadata was made anew from the store {job.subject}: deployments {names}"
    resources.event("store rebuilt", text, severity=Severity.WARNING)
    for told in report.told:
        resources.event("store rebuild", told, severity=Severity.WARNING)
    tell_strangers(resources, job.engine)
    return report.document()


def _wait_for_grooms(resources: Resources, task: Task) -> None:
    """One that runs has looked for what is needed before this brings more of it back; those that
    come later are refused.
    """
    jobs = resources.metadata.jobs
    while any(job.state is JobState.LEASED for kind in DELETING for job in jobs.open(kind=kind)):
        task.check()
        resources.clock.wait(task.cancellation.event, WAIT_SECONDS)


def tell_strangers(resources: Resources, engine: str) -> None:
    """How many deployments each store holds that nobody here knows: an administrator who has lost
    the metadata database learns what to do.
    """
    counted = {}
    for name in resources.storages.names:
        try:
            found = len(strangers_in(resources.storages.of(name), resources.metadata))
        except MmsError as error:
            log.warning("the store %s could not be looked at: %s", name, error)
            continue
        if found:
            counted[name] = found
    record = resources.metadata.engines.find(engine)
    if record is None or record.strangers == counted:
        return
    resources.metadata.engines.set(engine, strangers=counted)
    for name, count in counted.items():
        text = strangers_in_words(name, count)
        resources.event("store not known", text, severity=Severity.WARNING)
