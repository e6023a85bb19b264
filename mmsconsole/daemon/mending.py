"""What is done about a head that can not go on: a job that makes another one.

What is to come is written into the head's record first; from that the job follows, also after
a crash in between.
"""

from mmsconsole.errors import FilesDamaged, HeadSuspect
from mmsconsole.metadata.asking import head_resource
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.consequences import Consequence
from mmsconsole.strategies.judging import Fallen
from mmsconsole.strategies.window_ending import note_window_end

JOB_OF_PHASE = {
    SyncPhase.REBUILDING: JobKind.REBUILD,
    SyncPhase.ENDED: JobKind.INITIAL_SYNC,
}
REBUILD_ATTEMPTS = 12
"""Of what may be missing for a while only; with the delays between them, about an hour."""


def mend(resources: Resources, fallen: Fallen) -> None:
    """Write down what is to come, and tell people. Again is no harm."""
    if fallen.consequence is Consequence.REBUILD:
        _mark_for_rebuild(resources, fallen)
    else:
        _mark_as_ended(resources, fallen)


def see_to_job(resources: Resources, deployment: Deployment) -> None:
    """A head that waits for a job gets it, once."""
    metadata = resources.metadata
    head = metadata.heads.find(deployment.head)
    kind = None if head is None else JOB_OF_PHASE.get(head.phase)
    if head is None or kind is None or next(metadata.jobs.open(deployment.id, kind), None):
        return
    metadata.jobs.add(
        Job(
            new_id(), kind, deployment.id, head_resource(deployment), resources.clock.now(),
            subject=head.id, attempts_max=REBUILD_ATTEMPTS,
        )
    )  # fmt: skip


def _mark_for_rebuild(resources: Resources, fallen: Fallen) -> None:
    head, why = fallen.head, str(fallen.error)
    unfit = _unfit(resources, fallen)
    if _mark(resources, head, SyncPhase.REBUILDING, why, rebuild_past=fallen.past, unfit=unfit):
        text = f"the head is given up, and rebuilt from a snapshot and the stored oplog: {why}"
        _tell(resources, head, "head given up", text)


def _unfit(resources: Resources, fallen: Fallen) -> tuple[str, ...]:
    """The snapshots that the next rebuild leaves alone: so each is tried once at most."""
    head = fallen.head
    wrong = isinstance(fallen.error, HeadSuspect | FilesDamaged) and head.rebuilt_from
    if wrong and resources.metadata.validations.last_of_files(head.id, good=True) is None:
        return (*head.unfit, head.rebuilt_from)
    return head.unfit


def _mark_as_ended(resources: Resources, fallen: Fallen) -> None:
    head, why = fallen.head, str(fallen.error)
    note_window_end(resources, head, fallen.error)
    if _mark(resources, head, SyncPhase.ENDED, why):
        text = f"the window ends, and a new base is made by a new initial sync: {why}"
        _tell(resources, head, "window ended", text)


def _mark(resources: Resources, head: Head, phase: SyncPhase, why: str, **changes: object) -> bool:
    """Whether it had to be done."""
    marked = resources.metadata.heads.set_where(
        {"_id": head.id, "phase": SyncPhase.IN_SYNC.value}, phase=phase, reason=why, **changes
    )
    return marked is not None


def _tell(resources: Resources, head: Head, kind: str, text: str) -> None:
    resources.metadata.deployments.set_where(
        {"_id": head.deployment, "backup": BackupState.STARTED.value}, reason=text
    )
    resources.event(kind, text, deployment=head.deployment, severity=Severity.WARNING)
