"""Jobs are cancelled at once while they wait, and soon while they run."""

import pytest

from mmsconsole.errors import NotFound, Refused
from mmsconsole.metadata.jobs import JobState, PhaseProgress
from mmsconsole.operations.operations import Operations
from tests.operations.records import NOW, Daemon
from tests.support.clock import ManualClock


def test_jobs_are_listed_newest_first_with_the_deployments_name(
    operations: Operations, daemon: Daemon, synced: str, wall_clock: ManualClock
) -> None:
    wall_clock.advance(1)
    operations.take_snapshot(synced)
    assert [(job.kind, job.deployment) for job in operations.jobs(synced)] == [
        ("snapshot", synced),
        ("initial sync", synced),
    ]


def test_a_cancelled_snapshot_that_was_waiting_has_failed(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    snapshot = operations.take_snapshot(synced)
    (job,) = daemon.open_jobs()
    assert operations.cancel_job(job.id).state == "cancelled"
    view = operations.snapshot(snapshot.id)
    assert (view.state, view.reason) == ("failed", "cancelled")


def test_a_running_job_is_asked_and_goes_on_until_it_looks(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    operations.take_snapshot(synced)
    (job,) = daemon.open_jobs()
    daemon.metadata.jobs.set(job.id, state=JobState.LEASED, engine="e")
    cancelled = operations.cancel_job(job.id)
    assert (cancelled.state, cancelled.cancel_requested) == ("leased", True)


def test_cancelling_the_initial_sync_stops_the_backup(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    operations.start_backup(shop)
    (job,) = daemon.open_jobs()
    operations.cancel_job(job.id)
    assert operations.backup_status(shop).state == "stopped"


def test_a_job_that_has_ended_can_not_be_cancelled(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    ended = operations.jobs(synced)[0]
    with pytest.raises(Refused, match="ended already: done"):
        operations.cancel_job(ended.id)


@pytest.mark.parametrize(
    ("state", "finished", "note"),
    [(JobState.CANCELLED, False, "it ended here"), (JobState.DONE, True, "")],
)
def test_of_what_has_ended_nothing_goes_on_and_nothing_stands_still(
    operations: Operations, daemon: Daemon, synced: str, state: JobState, finished: bool, note: str
) -> None:
    operations.take_snapshot(synced)
    (job,) = daemon.open_jobs()
    phase = PhaseProgress("delivering", 75, 7_500, 9.0, 825.0, NOW, NOW)
    daemon.metadata.jobs.set(job.id, state=state, progress=(phase,))
    (told,) = operations.jobs(synced)[0].progress
    assert (told.finished, told.note, told.rate, told.eta_seconds) == (finished, note, 0.0, None)
    assert told.done == 75


def test_a_job_that_is_not_there_is_not_found(operations: Operations) -> None:
    for ask in (operations.job, operations.cancel_job):
        with pytest.raises(NotFound):
            ask("nosuch")
