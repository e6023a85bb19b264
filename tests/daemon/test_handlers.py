"""Each kind of job on a real backup, and who learns of its end."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.daemon.handlers import Handlers
from mmsconsole.daemon.keeper import BackupKeeper
from mmsconsole.errors import Refused, ResyncRequired
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobError, JobKind, JobState
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.operations.shapes import restore_view
from mmsconsole.restore.delivery.base import Delivered
from mmsconsole.restore.restoring import Restoring
from mmsconsole.restore.target import claim
from mmsconsole.task import Cancellation, Task
from tests.support.backups import Bench, wait_until
from tests.support.daemons import STOP_SECONDS
from tests.support.processes import mongods_below
from tests.support.snapshots import files_below, snapshot_record

RECORD = snapshot_record("s1")


@pytest.fixture
def keeper(bench: Bench) -> Iterator[BackupKeeper]:
    keeper = BackupKeeper(bench.resources)
    keeper.start()
    yield keeper
    keeper.stop(STOP_SECONDS)


@pytest.fixture
def handlers(bench: Bench, keeper: BackupKeeper) -> Handlers:
    return Handlers(bench.resources, keeper)


def job(bench: Bench, kind: JobKind, subject: str = "", **fields: Any) -> Job:
    resource = f"head:{bench.deployment.id}"
    return Job(
        new_id(), kind, bench.deployment.id, resource, bench.clock.now(), subject=subject, **fields
    )


def events(bench: Bench) -> list[tuple[str, Severity]]:
    return [(event.kind, event.severity) for event in bench.metadata.events.recent()]


def test_a_whole_life(bench: Bench, keeper: BackupKeeper, handlers: Handlers) -> None:
    """Sync, follow, snapshot, restore, removal: by jobs alone."""
    bench.write(1)
    result = handlers.initial_sync(job(bench, JobKind.INITIAL_SYNC), Task())
    assert result == {"head": bench.head.id}
    bench.write(2)
    bench.assert_head_equals_source()

    record = bench.snapshot_record()
    taken = handlers.snapshot(job(bench, JobKind.SNAPSHOT, record.id), Task())
    snapshot = bench.metadata.snapshots.get(record.id)
    assert snapshot.state is SnapshotState.COMPLETE
    assert taken == {"bytes": snapshot.bytes, "new_bytes": snapshot.new_bytes}

    checked = handlers.validation(job(bench, JobKind.VALIDATION), Task())
    last = bench.metadata.validations.last(bench.deployment.id, bench.head.id)
    assert last is not None
    assert checked == {"validation": last.id, "collections": last.collections}

    restore = bench.restore_record(snapshot)
    done = handlers.restore(job(bench, JobKind.RESTORE, restore.id), Task())
    assert done == {"path": restore.target}
    assert bench.metadata.restores.get(restore.id).state is RestoreState.DONE

    bench.metadata.deployments.set(bench.deployment.id, removed=True)
    head = bench.head
    handlers.removal(job(bench, JobKind.REMOVAL), Task())
    assert mongods_below(bench.folder) == []
    assert list(bench.metadata.validations.all()) == []
    assert not Path(head.path).exists()
    assert bench.metadata.deployments.find(bench.deployment.id) is None
    assert list(bench.metadata.snapshots.all()) == list(bench.metadata.heads.all()) == []
    assert bench.metadata.chunks.last(bench.deployment.id) is None
    left = files_below(bench.folder / "storage")
    assert left
    assert all(path.startswith("packs/") for path in left)  # groom takes blocks
    assert handlers.removal(job(bench, JobKind.REMOVAL), Task()) == {}  # after a crash: again

    assert [kind for kind, _ in events(bench)] == [
        "restore done", "head validated", "snapshot complete", "in sync", "head validated",
    ]  # fmt: skip


def test_a_removal_waits_for_restores_that_still_read(
    bench: Bench, keeper: BackupKeeper, handlers: Handlers
) -> None:
    bench.metadata.deployments.set(bench.deployment.id, removed=True)
    reading = bench.metadata.jobs.add(job(bench, JobKind.RESTORE, state=JobState.LEASED))
    task = Task()
    seen: list[bool] = []

    def ended() -> None:
        seen.append(bench.metadata.deployments.find(bench.deployment.id) is not None)
        bench.metadata.jobs.set(reading.id, state=JobState.CANCELLED)

    check = task.check
    task.check = lambda: (ended() if not seen else None, check())[1]  # type: ignore[method-assign]
    handlers.removal(job(bench, JobKind.REMOVAL), task)

    assert seen == [True]
    assert bench.metadata.deployments.find(bench.deployment.id) is None


def test_a_removal_waits_for_restores_into_what_is_removed(
    bench: Bench, keeper: BackupKeeper, handlers: Handlers
) -> None:
    """Who goes on with one, or takes away what it wrote, finds the way there in its record."""
    bench.metadata.deployments.set(bench.deployment.id, removed=True)
    where = Target(TargetKind.LIVE, deployment=bench.deployment.id)
    restore = replace(bench.restore_record(RECORD), id=new_id(), deployment="other", where=where)
    bench.metadata.restores.add(restore)
    writing = job(bench, JobKind.RESTORE, restore.id, state=JobState.LEASED)
    bench.metadata.jobs.add(replace(writing, deployment="other"))
    cancellation = Cancellation()
    task = Task(cancellation)
    seen: list[bool] = []

    def look() -> None:
        seen.append(bench.metadata.deployments.find(bench.deployment.id) is not None)
        bench.metadata.jobs.set(writing.id, state=JobState.CANCELLED)

    check = task.check
    task.check = lambda: (look() if not seen else None, check())[1]  # type: ignore[method-assign]
    handlers.removal(job(bench, JobKind.REMOVAL), task)

    assert seen == [True]
    assert bench.metadata.deployments.find(bench.deployment.id) is None


def test_a_job_for_a_backup_that_is_not_started_is_refused(
    bench: Bench, handlers: Handlers
) -> None:
    bench.metadata.deployments.set(bench.deployment.id, backup=BackupState.STOPPED)
    with pytest.raises(Refused, match="the backup is stopped") as caught:
        handlers.initial_sync(job(bench, JobKind.INITIAL_SYNC), Task())

    assert caught.value.hint == "start it: mmsconsole backup start shop"


def ended(bench: Bench, handlers: Handlers, of: Job, state: JobState, code: str = "x") -> None:
    handlers.ended(replace(of, state=state, error=JobError(code, "this and that")))


def test_a_job_that_is_done_leaves_no_further_trace(bench: Bench, handlers: Handlers) -> None:
    handlers.ended(job(bench, JobKind.RESTORE, "gone", state=JobState.DONE))
    assert events(bench) == []


@pytest.mark.parametrize(
    ("state", "severity"),
    [(JobState.FAILED, Severity.ERROR), (JobState.CANCELLED, Severity.INFO)],
)
def test_a_snapshot_fails_with_its_job(
    bench: Bench, handlers: Handlers, state: JobState, severity: Severity
) -> None:
    bench.metadata.deployments.set(bench.deployment.id, head="h1")
    record = bench.metadata.snapshots.add(replace(RECORD, deployment=bench.deployment.id))

    ended(bench, handlers, job(bench, JobKind.SNAPSHOT, record.id), state)

    failed = bench.metadata.snapshots.get(record.id)
    assert (failed.state, failed.reason) == (SnapshotState.FAILED, "this and that")
    assert failed.finished_at is not None
    assert events(bench) == [(f"snapshot {state}", severity)]


def test_a_complete_snapshot_stays_complete_whatever_its_job_says(
    bench: Bench, handlers: Handlers
) -> None:
    record = bench.metadata.snapshots.add(replace(RECORD, state=SnapshotState.COMPLETE))

    ended(bench, handlers, job(bench, JobKind.SNAPSHOT, record.id), JobState.FAILED)

    assert bench.metadata.snapshots.get(record.id).state is SnapshotState.COMPLETE


@pytest.mark.parametrize(
    ("job_state", "state"),
    [
        (JobState.FAILED, RestoreState.FAILED),
        (JobState.CANCELLED, RestoreState.CANCELLED),
    ],
)
def test_a_restore_ends_as_its_job_does(
    bench: Bench, handlers: Handlers, job_state: JobState, state: RestoreState
) -> None:
    record = bench.restore_record(RECORD)

    ended(bench, handlers, job(bench, JobKind.RESTORE, record.id), job_state)

    assert bench.metadata.restores.get(record.id).state is state


@pytest.mark.parametrize(
    ("differs", "severity"), [(False, Severity.INFO), (True, Severity.WARNING)]
)
def test_a_restore_whose_target_differs_is_done_and_warned_of(
    bench: Bench, handlers: Handlers, monkeypatch: pytest.MonkeyPatch, differs: bool,
    severity: Severity,
) -> None:  # fmt: skip
    record = bench.restore_record(RECORD)
    done = Delivered(1, "there", "DIFFERENT: 'a.b'" if differs else "equal", differs)
    monkeypatch.setattr(Restoring, "_delivered", lambda _restoring, _task: done)

    handlers.restore(job(bench, JobKind.RESTORE, record.id), Task())

    view = restore_view(bench.metadata.restores.get(record.id), "shop", None)
    assert (view.state, view.differs, view.verified) == ("done", differs, done.verified)
    (event,) = [one for one in bench.metadata.events.recent() if one.kind == "restore done"]
    assert event.severity is severity
    assert done.verified in event.text


def test_what_a_restore_leaves_behind_is_told_with_its_end(
    bench: Bench, handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = bench.restore_record(RECORD)
    monkeypatch.setattr(Restoring, "abandon", lambda restoring: "the host does not answer")

    ended(bench, handlers, job(bench, JobKind.RESTORE, record.id), JobState.FAILED)

    reason = bench.metadata.restores.get(record.id).reason
    assert reason.endswith("something stays behind: the host does not answer")
    assert ("restore left something", Severity.WARNING) in events(bench)


def test_what_a_restore_wrote_is_gone_before_it_is_said_to_have_ended(
    bench: Bench, handlers: Handlers
) -> None:
    record = bench.restore_record(RECORD)
    claim(Path(record.target), record.id)

    ended(bench, handlers, job(bench, JobKind.RESTORE, record.id), JobState.CANCELLED)

    assert not Path(record.target).exists()


def test_a_restore_that_is_done_stays_done(bench: Bench, handlers: Handlers) -> None:
    record = bench.restore_record(RECORD)
    bench.metadata.restores.set(record.id, state=RestoreState.DONE)

    ended(bench, handlers, job(bench, JobKind.RESTORE, record.id), JobState.FAILED)

    assert bench.metadata.restores.get(record.id).state is RestoreState.DONE


@pytest.mark.parametrize(
    ("code", "backup"),
    [
        ("source_unreachable", BackupState.STARTED),
        ("disk_full", BackupState.STARTED),
        ("apply_failed", BackupState.RESYNC_REQUIRED),
        ("resync_required", BackupState.RESYNC_REQUIRED),
    ],
)
def test_a_failed_sync_tells_why_and_whether_a_new_head_is_needed(
    bench: Bench, handlers: Handlers, code: str, backup: BackupState
) -> None:
    ended(bench, handlers, job(bench, JobKind.INITIAL_SYNC), JobState.FAILED, code)

    told = bench.metadata.deployments.get(bench.deployment.id)
    assert (told.backup, told.reason) == (backup, "this and that")


def test_a_rebuild_that_fails_for_good_needs_a_resync(bench: Bench, handlers: Handlers) -> None:
    ended(bench, handlers, job(bench, JobKind.REBUILD), JobState.FAILED, "resync_required")

    told = bench.metadata.deployments.get(bench.deployment.id)
    assert (told.backup, told.reason) == (BackupState.RESYNC_REQUIRED, "this and that")


def test_a_new_base_that_can_not_be_made_is_no_endless_attempt(
    bench: Bench, handlers: Handlers
) -> None:
    now = bench.clock.now()
    bench.metadata.heads.add(
        Head("h1", bench.deployment.id, "/h1", "6.0.5", "6.0", now, phase=SyncPhase.ENDED)
    )
    bench.metadata.deployments.set(bench.deployment.id, head="h1")

    sync = job(bench, JobKind.INITIAL_SYNC)
    ended(bench, handlers, sync, JobState.FAILED, "no_suitable_mongod")

    told = bench.metadata.deployments.get(bench.deployment.id)
    assert (told.backup, told.reason) == (BackupState.RESYNC_REQUIRED, "this and that")


def test_what_is_gone_meanwhile_does_not_hinder_the_end_of_a_job(
    bench: Bench, handlers: Handlers
) -> None:
    bench.metadata.deployments.remove(bench.deployment.id)
    for kind in (JobKind.INITIAL_SYNC, JobKind.SNAPSHOT, JobKind.RESTORE, JobKind.REMOVAL):
        ended(bench, handlers, job(bench, kind, "gone"), JobState.FAILED)


def test_a_lost_tail_fails_the_sync_that_runs_and_a_new_start_makes_a_new_head(
    bench: Bench, keeper: BackupKeeper, handlers: Handlers
) -> None:
    """Also when the keeper has ended the backup before the sync looks again."""
    bench.write(*range(100))
    backup = keeper.backup_of(bench.deployment.id)

    def lose(phase: str, done: int, total: int | None) -> None:
        if phase == "transferring" and backup.failure is None:
            backup._give_up(ResyncRequired("rolled over"))
            wait_until(lambda: backup._stopping.requested)

    with pytest.raises(ResyncRequired, match="rolled over"):
        handlers.initial_sync(job(bench, JobKind.INITIAL_SYNC), Task(report=lose))
    lost = bench.metadata.deployments.get(bench.deployment.id).head

    def required() -> bool:
        told = bench.metadata.deployments.get(bench.deployment.id)
        return told.backup is BackupState.RESYNC_REQUIRED

    wait_until(required)
    keeper.release(bench.deployment.id, Task())  # it is told first, and then ended
    bench.metadata.deployments.set(
        bench.deployment.id, backup=BackupState.STARTED, head="", reason=""
    )
    handlers.initial_sync(job(bench, JobKind.INITIAL_SYNC), Task())

    assert bench.head.id != lost
    bench.assert_head_equals_source()
