"""When the metadata is backed up: on an interval, and soon after people have changed something."""

from dataclasses import replace
from typing import Any

import pytest

from mmsconsole.daemon.catalogues import CHANGE_SECONDS, is_due, queue_due_catalogues
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from tests.metadata.records import deployment, job, later
from tests.support.clock import ManualClock

HOUR = 3600


def last(state: JobState = JobState.DONE) -> Job:
    return job("j1", kind=JobKind.CATALOGUE, state=state)


@pytest.mark.parametrize(
    ("before", "changed", "now", "due"),
    [
        (None, None, 0, True),
        (last(), None, 6 * HOUR - 1, False),
        (last(), None, 6 * HOUR, True),
        (last(JobState.FAILED), None, 6 * HOUR - 1, False),
        (last(JobState.LEASED), None, 99 * HOUR, False),
        (last(), 10, CHANGE_SECONDS - 1, False),
        (last(), 10, CHANGE_SECONDS, True),
        (last(), -10, CHANGE_SECONDS, False),
        (last(), None, -99 * HOUR, False),
    ],
)
def test_a_catalogue_is_due(before: Job | None, changed: int | None, now: int, due: bool) -> None:
    changed_at = None if changed is None else later(changed)

    assert is_due(6, changed_at, before, later(now)) is due


def queued(metadata: Metadata, clock: Any) -> list[str]:
    queue_due_catalogues(metadata, clock, hours=6)
    return sorted(one.subject for one in metadata.jobs.open(kind=JobKind.CATALOGUE))


def test_every_store_in_use_gets_one(metadata: Metadata, manual_clock: ManualClock) -> None:
    assert queued(metadata, manual_clock) == []
    metadata.deployments.add(replace(deployment("d1"), store="fast", copy_to="offsite"))

    assert queued(metadata, manual_clock) == ["fast", "offsite"]
    assert queued(metadata, manual_clock) == ["fast", "offsite"]


def test_a_store_learns_that_its_last_deployment_was_removed(
    metadata: Metadata, manual_clock: ManualClock
) -> None:
    done = replace(last(), subject="fast", resource="catalogue:fast", created_at=manual_clock.now())
    metadata.jobs.add(done)
    manual_clock.advance(CHANGE_SECONDS)
    metadata.events.add(Event("e1", manual_clock.now(), "deployment removed", "…", actor="ann"))

    assert queued(metadata, manual_clock) == ["fast"]


def test_what_the_engine_does_by_itself_is_no_change(
    metadata: Metadata, manual_clock: ManualClock
) -> None:
    metadata.jobs.add(replace(last(), subject="fast", created_at=manual_clock.now()))
    manual_clock.advance(CHANGE_SECONDS)
    metadata.events.add(Event("e1", manual_clock.now(), "snapshot complete", "…"))

    assert queued(metadata, manual_clock) == []
