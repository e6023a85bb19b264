"""Verifications are asked for, and shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.errors import NotFound, Refused
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState, Verdict
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.operations.records import NOW, Daemon
from tests.verification.records import witness


@pytest.fixture
def taken(daemon: Daemon, synced: str) -> Snapshot:
    deployment = daemon.metadata.deployments.named(synced)
    return daemon.metadata.snapshots.add(
        Snapshot(
            "s1", deployment.id, "h1", NOW, SnapshotState.COMPLETE, optime=Optime(5, 1),
            finished_at=NOW,
        )
    )  # fmt: skip


def test_a_verification_is_a_job_of_its_own_resource(
    operations: Operations, daemon: Daemon, taken: Snapshot
) -> None:
    asked = operations.verify_snapshot(taken.id)

    (job,) = daemon.open_jobs()
    assert (job.id, job.kind, job.subject) == (asked.id, JobKind.VERIFICATION, taken.id)
    assert (job.resource, job.created_by) == ("verification", "ada")
    newest = next(daemon.metadata.events.recent(taken.deployment, 1))
    assert (newest.kind, newest.actor) == ("verification asked for", "ada")


def test_a_second_time_changes_nothing(
    operations: Operations, daemon: Daemon, taken: Snapshot
) -> None:
    ids = {operations.verify_snapshot(taken.id).id for _ in range(3)}
    assert ids == {job.id for job in daemon.open_jobs()}


@pytest.mark.parametrize(
    "state", [one for one in SnapshotState if one is not SnapshotState.COMPLETE]
)
def test_what_is_not_complete_is_not_verified(
    operations: Operations, daemon: Daemon, taken: Snapshot, state: SnapshotState
) -> None:
    daemon.metadata.snapshots.set(taken.id, state=state)
    with pytest.raises(Refused, match=state.value):
        operations.verify_snapshot(taken.id)
    with pytest.raises(NotFound):
        operations.verify_snapshot("nothing")
    assert daemon.open_jobs() == []


def test_a_moment_needs_one_that_the_head_told_of(
    operations: Operations, daemon: Daemon, synced: str, taken: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with pytest.raises(Refused, match="no moment"):
        operations.verify_moment(synced)
    moment = replace(witness("m1", 0), deployment=taken.deployment)
    daemon.metadata.witnesses.add(moment)
    stored = [(taken.optime, moment.optime)]
    chunks = operations._desk.metadata.chunks
    monkeypatch.setattr(chunks, "stretches", lambda deployment: stored)

    asked = operations.verify_moment(synced)

    assert (asked.subject, asked.kind) == ("m1", "verification")
    assert operations.verify_moment(synced).id == asked.id


def test_the_status_tells_the_newest_good_one_and_warns_of_bad_ones(
    operations: Operations, daemon: Daemon, synced: str, taken: Snapshot
) -> None:
    assert operations.backup_status(synced).last_verified is None
    snapshots = daemon.metadata.snapshots
    snapshots.set(taken.id, verdict=Verdict.GOOD, verified_at=NOW)
    status = operations.backup_status(synced)
    assert status.last_verified is not None
    assert status.last_verified.id == taken.id
    assert [one for one in status.warnings if one.kind == "verification"] == []

    snapshots.set(taken.id, verdict=Verdict.BAD, verdict_text="app.c: its documents differ")
    status = operations.backup_status(synced)
    assert status.last_verified is None
    (warning,) = [one for one in status.warnings if one.kind == "verification"]
    assert (warning.level, warning.text) == (
        "critical", "snapshot s1 is bad: app.c: its documents differ",
    )  # fmt: skip


def test_what_nobody_has_verified_for_long_is_warned_of(
    operations: Operations, daemon: Daemon, synced: str, taken: Snapshot
) -> None:
    long_ago = NOW - timedelta(hours=49)
    daemon.metadata.snapshots.set(taken.id, created_at=long_ago, finished_at=long_ago)
    (warning,) = [
        one for one in operations.backup_status(synced).warnings if one.kind == "verification"
    ]
    assert warning.level == "warning"
