"""The metadata stays small: what nobody asks for any more goes, and what is in use stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.daemon.forgetting import (
    EVENTS_KEPT,
    JOBS_KEPT,
    RESTORES_KEPT,
    VALIDATIONS_KEPT,
    forget_old,
)
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.validations import Validation, ValidationKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add_job(metadata: Metadata, id_: str, ended: datetime | None, **changes: Any) -> None:
    at = ended or NOW
    fields = {"state": JobState.DONE if ended else JobState.QUEUED, "finished_at": ended, **changes}
    kind = fields.pop("kind", JobKind.SNAPSHOT)
    metadata.jobs.add(Job(id_, kind, "d1", f"head:{id_}", at, **fields))


def ids(records: Any) -> set[str]:
    return {record.id for record in records.all()}


def test_jobs_that_ended_long_ago_go(metadata: Metadata) -> None:
    add_job(metadata, "old", NOW - JOBS_KEPT - HOUR)
    add_job(metadata, "failed", NOW - JOBS_KEPT - HOUR, state=JobState.FAILED)
    add_job(metadata, "young", NOW - JOBS_KEPT + HOUR)
    add_job(metadata, "open", None)
    forget_old(metadata, NOW)
    assert ids(metadata.jobs) == {"young", "open"}


def test_the_newest_job_of_a_kind_stays_for_the_next_one_is_due_by_it(metadata: Metadata) -> None:
    add_job(metadata, "v1", NOW - 3 * JOBS_KEPT, kind=JobKind.VALIDATION)
    add_job(metadata, "v2", NOW - 2 * JOBS_KEPT, kind=JobKind.VALIDATION)
    add_job(metadata, "s1", NOW - 4 * JOBS_KEPT, kind=JobKind.INITIAL_SYNC)
    forget_old(metadata, NOW)
    assert ids(metadata.jobs) == {"v2", "s1"}


def test_restores_that_ended_a_year_ago_go_and_open_ones_stay(metadata: Metadata) -> None:
    long_ago = NOW - RESTORES_KEPT - HOUR
    for id_, state, ended in (
        ("old", RestoreState.DONE, long_ago),
        ("young", RestoreState.FAILED, NOW - RESTORES_KEPT + HOUR),
        ("open", RestoreState.QUEUED, None),
    ):
        metadata.restores.add(
            Restore(id_, "d1", "s1", "/to", long_ago, state=state, finished_at=ended)
        )
    forget_old(metadata, NOW)
    assert ids(metadata.restores) == {"young", "open"}


def test_events_of_more_than_two_years_ago_go(metadata: Metadata) -> None:
    metadata.events.add(Event("old", NOW - EVENTS_KEPT - HOUR, "k", "t"))
    metadata.events.add(Event("young", NOW - EVENTS_KEPT + HOUR, "k", "t"))
    forget_old(metadata, NOW)
    assert ids(metadata.events) == {"young"}


def test_the_newest_validations_of_each_head_kind_and_verdict_stay(metadata: Metadata) -> None:
    for head in ("h1", "h2"):
        for number in range(VALIDATIONS_KEPT + 3):
            at = NOW - number * HOUR
            kind, good = ValidationKind.FILES, head == "h1"
            metadata.validations.add(
                Validation(f"{head}-{number}", "d1", head, kind, at, at, None, good)
            )
    at = NOW - 1000 * HOUR
    metadata.validations.add(
        Validation("good", "d1", "h2", ValidationKind.FILES, at, at, None, True)
    )
    forget_old(metadata, NOW)
    stay = {f"{head}-{number}" for head in ("h1", "h2") for number in range(VALIDATIONS_KEPT)}
    assert ids(metadata.validations) == stay | {"good"}


def test_forgetting_again_changes_nothing(metadata: Metadata) -> None:
    add_job(metadata, "old", NOW - JOBS_KEPT - HOUR)
    forget_old(metadata, NOW)
    before = ids(metadata.jobs)
    forget_old(metadata, NOW)
    assert ids(metadata.jobs) == before == {"old"}
