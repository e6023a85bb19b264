"""What is written down of a head that can not go on, before anything is done about it."""

from dataclasses import replace
from typing import Any

import pytest

from mmsconsole.daemon.mending import mend, see_to_job
from mmsconsole.errors import FilesDamaged, HeadLost, HeadSuspect, MmsError, WindowEnded
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.metadata.validations import Validation, ValidationKind
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.consequences import Consequence
from mmsconsole.strategies.judging import Fallen
from tests.support.snapshots import deployment_record

PAST = Optime(9, 1)
LOST = HeadLost("its folder is missing")


@pytest.fixture
def started(resources: Resources) -> Resources:
    deployment = replace(deployment_record("d1"), backup=BackupState.STARTED, head="h1")
    resources.metadata.deployments.add(deployment)
    return resources


def add_head(resources: Resources, **changes: Any) -> Head:
    fields = {"phase": SyncPhase.IN_SYNC, **changes}
    now = resources.clock.now()
    return resources.metadata.heads.add(Head("h1", "d1", "/h1", "6.0.5", "6.0", now, **fields))


def fall(resources: Resources, head: Head, error: MmsError) -> Head:
    ended = isinstance(error, WindowEnded)
    consequence = Consequence.NEW_BASE if ended else Consequence.REBUILD
    mend(resources, Fallen(head, consequence, error, PAST))
    return resources.metadata.heads.get(head.id)


def test_a_head_to_be_rebuilt_remembers_why_and_how_far_it_had_come(started: Resources) -> None:
    head = fall(started, add_head(started), LOST)

    assert (head.phase, head.reason) == (SyncPhase.REBUILDING, "its folder is missing")
    assert head.rebuild_past == PAST
    (told,) = started.metadata.events.recent("d1")
    assert told.kind == "head given up"
    assert "its folder is missing" in started.metadata.deployments.get("d1").reason


def test_it_is_told_once(started: Resources) -> None:
    head = add_head(started)
    fall(started, head, LOST)
    fall(started, head, LOST)

    assert len(list(started.metadata.events.recent("d1"))) == 1


def test_an_ended_window_is_noted_where_it_ends(started: Resources) -> None:
    error = WindowEnded("the version changes", at=(7, 3))
    head = add_head(started)
    ended = fall(started, head, error)
    fall(started, head, error)

    assert ended.phase is SyncPhase.ENDED
    (end,) = started.metadata.window_ends.of("d1")
    assert (end.at, end.reason) == (Optime(7, 3), "the version changes")
    (told,) = started.metadata.events.recent("d1")
    assert told.kind == "window ended"


@pytest.mark.parametrize(
    ("error", "rebuilt_from", "unfit"),
    [
        (HeadSuspect("wrong"), "s2", ("s1", "s2")),
        (FilesDamaged("rotten"), "s2", ("s1", "s2")),
        (HeadSuspect("wrong"), "", ("s1",)),
        (LOST, "s2", ("s1",)),
    ],
)
def test_a_snapshot_that_made_a_wrong_head_is_not_taken_again(
    started: Resources, error: MmsError, rebuilt_from: str, unfit: tuple[str, ...]
) -> None:
    head = add_head(started, rebuilt_from=rebuilt_from, unfit=("s1",))
    assert fall(started, head, error).unfit == unfit


def test_a_head_that_was_once_found_good_does_not_speak_against_its_snapshot(
    started: Resources,
) -> None:
    head, now = add_head(started, rebuilt_from="s2"), started.clock.now()
    started.metadata.validations.add(
        Validation("v", "d1", "h1", ValidationKind.FILES, now, now, PAST, good=True)
    )
    assert fall(started, head, HeadSuspect("wrong")).unfit == ()


@pytest.mark.parametrize(
    ("phase", "kinds"),
    [
        (SyncPhase.REBUILDING, [JobKind.REBUILD]),
        (SyncPhase.ENDED, [JobKind.INITIAL_SYNC]),
        (SyncPhase.TRANSFERRING, []),
        (SyncPhase.IN_SYNC, []),
    ],
)
def test_a_head_gets_the_job_that_it_waits_for_once(
    started: Resources, phase: SyncPhase, kinds: list[JobKind]
) -> None:
    add_head(started, phase=phase)
    for _ in range(2):
        see_to_job(started, started.metadata.deployments.get("d1"))

    assert [job.kind for job in started.metadata.jobs.open("d1")] == kinds


def test_a_job_that_was_cancelled_is_made_again_for_who_still_waits(started: Resources) -> None:
    add_head(started, phase=SyncPhase.REBUILDING)
    see_to_job(started, started.metadata.deployments.get("d1"))
    (job,) = started.metadata.jobs.open("d1")
    started.metadata.jobs.set(job.id, state=JobState.CANCELLED)

    see_to_job(started, started.metadata.deployments.get("d1"))

    assert len(list(started.metadata.jobs.open("d1"))) == 1
