"""When the files of a head are validated by themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.daemon.runner import Fate, fate_of
from mmsconsole.daemon.validations import is_due, queue_due_validations
from mmsconsole.errors import HeadSuspect, MongodError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from tests.support.clock import ManualClock
from tests.support.snapshots import deployment_record

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


HEAD = Head("h1", "d1", "/nowhere", "6.0.5", "6.0", ago(100), phase=SyncPhase.IN_SYNC)
DONE = Job(
    "j1", JobKind.VALIDATION, "d1", "validation:d1", ago(10), state=JobState.DONE, subject="h1"
)


@pytest.mark.parametrize(
    ("hours", "head", "last", "due"),
    [
        (24, HEAD, None, True),
        (24, replace(HEAD, created_at=ago(23)), None, False),  # its files are new
        (24, HEAD, DONE, False),
        (9, HEAD, DONE, True),
        (9, HEAD, replace(DONE, state=JobState.FAILED), True),
        (9, HEAD, replace(DONE, state=JobState.QUEUED), False),  # one is enough
        (9, replace(HEAD, created_at=ago(2)), DONE, False),  # that was the head before
        (0, HEAD, None, False),  # only when somebody asks
        (24, replace(HEAD, unclean_at=ago(1)), DONE, True),  # its mongod was killed
        (24, replace(HEAD, unclean_at=ago(11)), DONE, False),  # looked at since
        (0, replace(HEAD, unclean_at=ago(1)), DONE, False),
        (9, replace(HEAD, suspect="a wrong byte"), DONE, False),  # known
    ],
)
def test_a_validation_is_due_by_its_interval_and_after_a_kill(
    hours: float, head: Head, last: Job | None, due: bool
) -> None:
    assert is_due(hours, head, last, NOW) is due


@pytest.fixture
def due(metadata: Metadata, manual_clock: ManualClock) -> Metadata:
    """A deployment in sync whose head is two hours old."""
    made = manual_clock.now() - timedelta(hours=2)
    metadata.heads.add(replace(HEAD, created_at=made))
    record = replace(deployment_record(), backup=BackupState.STARTED, head="h1")
    metadata.deployments.add(record)
    return metadata


def test_a_due_validation_is_queued_once(due: Metadata, manual_clock: ManualClock) -> None:
    for _ in range(3):
        queue_due_validations(due, manual_clock, 1)
    (job,) = due.jobs.all()
    assert (job.kind, job.resource, job.subject) == (JobKind.VALIDATION, "validation:d1", "h1")
    assert job.created_by == "schedule"


@pytest.mark.parametrize(
    ("backup", "phase"),
    [
        (BackupState.STOPPED, SyncPhase.IN_SYNC),
        (BackupState.STARTED, SyncPhase.CREATING_INDEXES),
        (BackupState.STARTED, SyncPhase.REBUILDING),
    ],
)
def test_nothing_is_queued_without_a_head_that_follows(
    due: Metadata, manual_clock: ManualClock, backup: BackupState, phase: SyncPhase
) -> None:
    due.deployments.set("d1", backup=backup)
    due.heads.set("h1", phase=phase)
    queue_due_validations(due, manual_clock, 1)
    assert list(due.jobs.all()) == []


def test_a_validation_that_found_something_is_not_tried_again() -> None:
    assert fate_of(DONE, HeadSuspect("damaged"), stopping=False) is Fate.FAILED
    assert fate_of(DONE, MongodError("busy"), stopping=False) is Fate.AGAIN
