"""Verifications that are due by themselves, one at a time, and never in a snapshot's way."""

from datetime import timedelta
from random import Random

import pytest

from mmsconsole.daemon.runner import BESIDE, Fate, fate_of, may_begin
from mmsconsole.daemon.verifications import drop_outdated_witnesses, queue_due_verifications
from mmsconsole.errors import NoRoom, StorageUnreachable, VerificationBad
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.snapshots import Verdict
from mmsconsole.settings import Settings
from tests.support.backups import Bench, wait_until
from tests.support.clock import ManualClock
from tests.support.daemons import Daemons
from tests.support.metadata import settings_of
from tests.support.processes import mongods_below
from tests.support.snapshots import deployment_record
from tests.verification.records import snapshot, witness

VERIFICATION = JobKind.VERIFICATION


@pytest.mark.parametrize(
    ("kind", "running", "workers", "begins"),
    [
        (JobKind.SNAPSHOT, [], 1, True),
        (JobKind.SNAPSHOT, [VERIFICATION], 1, True),
        (JobKind.SNAPSHOT, list(BESIDE), 1, True),
        (JobKind.SNAPSHOT, [JobKind.RESTORE], 1, False),
        (JobKind.RESTORE, [JobKind.RESTORE, JobKind.SNAPSHOT], 2, False),
        (JobKind.RESTORE, [JobKind.RESTORE, VERIFICATION], 2, True),
        (VERIFICATION, [JobKind.RESTORE] * 4, 4, True),
        (VERIFICATION, [VERIFICATION], 4, False),
        (VERIFICATION, [JobKind.GROOM], 4, True),
    ],
)
def test_a_verification_takes_no_workers_place(
    kind: JobKind, running: list[JobKind], workers: int, begins: bool
) -> None:
    assert may_begin(kind, running, workers) is begins


@pytest.mark.parametrize(
    ("running", "restores", "begins"),
    [
        ([], 1, True),
        ([JobKind.RESTORE], 1, False),
        ([JobKind.RESTORE], 2, True),
        ([JobKind.SNAPSHOT, JobKind.INITIAL_SYNC], 1, True),
        ([JobKind.RESTORE, JobKind.RESTORE], 2, False),
        ([JobKind.RESTORE, JobKind.RESTORE], None, True),
        ([JobKind.SNAPSHOT] * 4, 2, False),
    ],
)
def test_restores_have_a_limit_of_their_own_beside_the_workers(
    running: list[JobKind], restores: int | None, begins: bool
) -> None:
    assert may_begin(JobKind.RESTORE, running, 4, restores) is begins
    assert may_begin(JobKind.SNAPSHOT, [JobKind.RESTORE] * 3, 4, restores)


JOB = Job("j1", VERIFICATION, "d1", "verification", snapshot("s", 1).created_at, subject="s1")


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (VerificationBad("it differs"), Fate.FAILED),  # it has done what it was for
        (NoRoom("no room"), Fate.FAILED),  # put off: the schedule asks again
        (StorageUnreachable("away"), Fate.AGAIN),
    ],
)
def test_what_says_nothing_of_the_backup_is_tried_again(error: Exception, fate: Fate) -> None:
    assert fate_of(JOB, error, stopping=False) is fate


# -- what is queued


@pytest.fixture
def settings(short_folder) -> Settings:  # type: ignore[no-untyped-def]
    return settings_of(short_folder)


@pytest.fixture
def known(metadata: Metadata) -> Metadata:
    metadata.deployments.add(deployment_record())
    return metadata


def queue(metadata: Metadata, settings: Settings, clock: ManualClock) -> list[str]:
    queue_due_verifications(metadata, settings, clock, Random(1))
    return [job.subject for job in metadata.jobs.open("d1", VERIFICATION)]


def end(metadata: Metadata, subject: str, clock: ManualClock, state: JobState) -> None:
    job = metadata.jobs.one({"subject": subject, "finished_at": None})
    assert job is not None
    metadata.jobs.set(job.id, state=state, finished_at=clock.now())


def test_one_waits_at_a_time_and_what_failed_comes_again_later(
    known: Metadata, settings: Settings, manual_clock: ManualClock
) -> None:
    known.snapshots.add(snapshot("s1", 6))
    known.snapshots.add(snapshot("s2", 0))

    assert queue(known, settings, manual_clock) == ["s2"]
    assert queue(known, settings, manual_clock) == ["s2"]
    end(known, "s2", manual_clock, JobState.FAILED)
    assert queue(known, settings, manual_clock) == ["s1"]
    end(known, "s1", manual_clock, JobState.DONE)
    known.snapshots.set("s1", verdict=Verdict.GOOD)
    assert queue(known, settings, manual_clock) == []
    manual_clock.advance(4 * 3600)
    assert queue(known, settings, manual_clock) == ["s2"]


def test_a_snapshot_whose_head_is_still_speaking_waits(
    known: Metadata, settings: Settings, manual_clock: ManualClock
) -> None:
    known.snapshots.add(snapshot("s1", 0))
    now = manual_clock.now()
    taking = known.jobs.add(Job("j", JobKind.SNAPSHOT, "d1", "head:d1", now, subject="s1"))

    assert queue(known, settings, manual_clock) == []
    known.jobs.set(taking.id, state=JobState.DONE)
    assert queue(known, settings, manual_clock) == ["s1"]


@pytest.mark.parametrize(("verify", "queued"), [("never", []), ("daily", []), ("every", ["s2"])])
def test_the_policy_says_which(
    known: Metadata, settings: Settings, manual_clock: ManualClock, verify: str, queued: list[str]
) -> None:
    known.policies.change("d1", {"verify": verify}, manual_clock.now(), "test")
    known.snapshots.add(snapshot("s1", 6, "good"))
    known.snapshots.add(snapshot("s2", 0))
    assert queue(known, settings, manual_clock) == queued


def test_a_moment_a_day_when_no_snapshot_waits(
    known: Metadata, settings: Settings, manual_clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    first, moment = snapshot("s1", 6, "good"), witness("m1", 3)
    known.snapshots.add(first)
    known.witnesses.add(moment)
    stored = [(first.optime, moment.optime)]
    monkeypatch.setattr(known.chunks, "stretches", lambda deployment: stored)

    assert queue(known, settings, manual_clock) == ["m1"]
    end(known, "m1", manual_clock, JobState.DONE)
    known.witnesses.set("m1", verdict=Verdict.GOOD, verified_at=manual_clock.now())
    assert queue(known, settings, manual_clock) == []
    manual_clock.advance(timedelta(days=1).total_seconds())
    assert queue(known, settings, manual_clock) == ["m1"]


def test_witnesses_of_what_is_gone_are_dropped(known: Metadata) -> None:
    known.snapshots.add(snapshot("s1", 6))
    for one in (witness("a", 20), witness("b", 6, "s1"), witness("c", 3), witness("d", 2, "gone")):
        known.witnesses.add(one)
    drop_outdated_witnesses(known)
    assert [one.id for one in known.witnesses.of("d1")] == ["b", "c"]


# -- with a daemon


def test_a_daemon_verifies_by_itself_and_removes_what_a_killed_one_left(
    bench: Bench, daemons: Daemons, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsconsole.daemon.daemon.VERIFICATION_SECONDS", 0.2)
    root = bench.resources.settings.verification_folder
    root.joinpath("data").mkdir(parents=True)
    bench.verify_every()
    bench.write(*range(20))
    with bench.mongod_on(root / "data"):
        daemons.start()
        assert not mongods_below(root)
        assert not root.exists()
    daemons.sync()
    taken = daemons.snapshot()

    def verdict() -> Verdict:
        return bench.metadata.snapshots.get(taken.id).verdict

    wait_until(lambda: verdict() is not Verdict.NONE)
    assert verdict() is Verdict.GOOD
    jobs = bench.metadata.jobs
    wait_until(lambda: all(job.ended for job in jobs.all({"kind": VERIFICATION.value})))
    (job,) = jobs.all({"subject": taken.id, "kind": VERIFICATION.value})
    assert (job.state, job.result["verdict"]) == (JobState.DONE, "good")
    assert job.progress[0].phase == "materialising"
    events = bench.metadata.events.recent(bench.deployment.id)
    assert "verified" in [event.kind for event in events]
