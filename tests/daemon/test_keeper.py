"""Backups that are started run, the others do not, and people learn what hinders one."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.daemon import keeper as module
from mmsconsole.daemon.keeper import BackupKeeper, folder_bytes, wanted
from mmsconsole.errors import (
    ApplyFailed,
    Cancelled,
    HeadLost,
    MetadataError,
    MmsError,
    MongodError,
    Refused,
)
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.consequences import Consequence
from mmsconsole.strategies.judging import Fallen
from mmsconsole.task import Task
from tests.support.backups import WAIT_SECONDS, wait_until
from tests.support.snapshots import deployment_record, write_files

STARTED = replace(deployment_record("d1"), backup=BackupState.STARTED)
OTHER = replace(deployment_record("d2"), backup=BackupState.STARTED)


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({}, True),
        ({"backup": BackupState.STOPPED}, False),
        ({"backup": BackupState.INACTIVE}, False),
        ({"backup": BackupState.RESYNC_REQUIRED}, False),
        ({"removed": True}, False),
    ],
)
def test_started_backups_are_wanted(changes: dict[str, Any], runs: bool) -> None:
    deployment = replace(STARTED, **changes)
    assert wanted([deployment, OTHER]) == (
        {"d1": deployment, "d2": OTHER} if runs else {"d2": OTHER}
    )


class FakeBackup:
    """Stands for ContinuousBackup: what the keeper sees of one."""

    made: list["FakeBackup"]

    def __init__(self, resources: Resources, deployment: Deployment) -> None:
        self.deployment = deployment
        self.in_sync = True
        self.failure: MmsError | None = None
        self.trouble = ""
        self.fallen: Fallen | None = None
        self.error: Exception | None = None
        self.rounds: list[Deployment] = []
        self.stopped = threading.Event()
        self.may_stop = threading.Event()
        self.may_stop.set()
        FakeBackup.made.append(self)

    def go_on(self, deployment: Deployment) -> bool:
        self.rounds.append(deployment)
        if self.error is not None:
            raise self.error
        return self.in_sync

    def mended(self) -> None:
        self.fallen = None

    def stop(self) -> None:
        self.may_stop.wait(WAIT_SECONDS)
        self.stopped.set()


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> list[FakeBackup]:
    FakeBackup.made = []
    monkeypatch.setattr(module, "ContinuousBackup", FakeBackup)
    monkeypatch.setattr(module, "RECONCILE_SECONDS", 0.01)
    return FakeBackup.made


@pytest.fixture
def keeper(resources: Resources) -> Iterator[BackupKeeper]:
    """Runs, with one started deployment."""
    resources.metadata.deployments.add(STARTED)
    keeper = BackupKeeper(resources)
    keeper.start()
    yield keeper
    for fake in FakeBackup.made:
        fake.may_stop.set()
    keeper.stop(WAIT_SECONDS)


def events(resources: Resources) -> list[tuple[str, str]]:
    return [(event.kind, event.text) for event in resources.metadata.events.recent()]


def test_a_started_backup_is_looked_after_again_and_again(
    keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes and len(fakes[0].rounds) > 2)
    assert len(fakes) == 1
    assert keeper.backup_of("d1") is fakes[0]


def test_an_edit_reaches_the_running_backup(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    resources.metadata.deployments.set("d1", name="renamed")

    wait_until(lambda: fakes[0].rounds and fakes[0].rounds[-1].name == "renamed")


def test_a_backup_that_is_stopped_ends_and_one_that_is_started_again_is_a_new_one(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    resources.metadata.deployments.set("d1", backup=BackupState.STOPPED)
    assert fakes[0].stopped.wait(WAIT_SECONDS)
    with pytest.raises(Refused, match="stopped"):
        keeper.backup_of("d1")

    resources.metadata.deployments.set("d1", backup=BackupState.STARTED)
    wait_until(lambda: len(fakes) == 2)


def test_nothing_new_begins_while_the_old_one_still_ends(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    """Two mongods on one folder would not do."""
    wait_until(lambda: fakes)
    fakes[0].may_stop.clear()
    resources.metadata.deployments.set("d1", backup=BackupState.STOPPED)
    wait_until(lambda: keeper._is_ending("d1"))
    resources.metadata.deployments.set("d1", backup=BackupState.STARTED)
    with pytest.raises(MongodError, match="still being shut down"):
        keeper.backup_of("d1")
    assert len(fakes) == 1

    fakes[0].may_stop.set()

    wait_until(lambda: len(fakes) == 2)


def test_one_that_takes_its_time_to_end_does_not_hold_up_the_others(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    fakes[0].may_stop.clear()
    resources.metadata.deployments.set("d1", backup=BackupState.STOPPED)
    resources.metadata.deployments.add(OTHER)

    wait_until(lambda: len(fakes) == 2 and fakes[1].rounds)
    assert not fakes[0].stopped.is_set()


def test_a_resync_that_is_required_is_told_once_with_its_reason(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    fakes[0].failure = ApplyFailed("the document is missing")

    assert fakes[0].stopped.wait(WAIT_SECONDS)
    told = resources.metadata.deployments.get("d1")
    assert (told.backup, told.reason) == (BackupState.RESYNC_REQUIRED, "the document is missing")
    assert events(resources) == [("resync required", "the document is missing")]
    assert len(fakes) == 1


def test_a_resync_is_told_when_the_metadata_database_is_back(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = threading.Event()

    def away(*args: object, **changes: object) -> None:
        asked.set()
        raise MetadataError("the metadata database does not answer")

    wait_until(lambda: fakes)
    monkeypatch.setattr(resources.metadata.deployments, "set_where", away)
    fakes[0].failure = ApplyFailed("the document is missing")
    assert asked.wait(WAIT_SECONDS)
    monkeypatch.undo()
    monkeypatch.setattr(module, "ContinuousBackup", FakeBackup)

    assert fakes[0].stopped.wait(WAIT_SECONDS)
    assert resources.metadata.deployments.get("d1").backup is BackupState.RESYNC_REQUIRED


def test_a_head_that_can_not_go_on_gets_a_job_and_the_backup_stays_started(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    head = lost_head(resources)
    fakes[0].in_sync = False
    fakes[0].fallen = Fallen(head, Consequence.REBUILD, HeadLost("its folder is missing"), None)

    wait_until(lambda: list(resources.metadata.jobs.open("d1", JobKind.REBUILD)))

    assert fakes[0].fallen is None
    assert resources.metadata.heads.get("h1").phase is SyncPhase.REBUILDING
    told = resources.metadata.deployments.get("d1")
    assert told.backup is BackupState.STARTED
    assert "its folder is missing" in told.reason
    rounds = len(fakes[0].rounds)
    wait_until(lambda: len(fakes[0].rounds) > rounds + 2)
    assert len(list(resources.metadata.jobs.all())) == 1


def lost_head(resources: Resources) -> Head:
    now = resources.clock.now()
    head = Head("h1", "d1", "/h1", "6.0.5", "6.0", now, phase=SyncPhase.IN_SYNC)
    resources.metadata.deployments.set("d1", head="h1")
    return resources.metadata.heads.add(head)


def test_what_a_backup_waits_for_is_told_and_taken_back(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    def reason() -> str:
        return resources.metadata.deployments.get("d1").reason

    wait_until(lambda: fakes)
    fakes[0].trouble = "the head's mongod has died"
    wait_until(lambda: reason() == "the head's mongod has died")
    fakes[0].trouble = ""

    wait_until(lambda: reason() == "")
    assert events(resources) == [("backup waits", "the head's mongod has died")]


def test_an_error_of_one_backup_does_not_concern_the_others(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    fakes[0].error = MetadataError("a record can not be read")
    resources.metadata.deployments.add(OTHER)

    wait_until(lambda: len(fakes) == 2 and len(fakes[1].rounds) > 2)


def test_a_fault_is_told_to_the_engine(keeper: BackupKeeper, fakes: list[FakeBackup]) -> None:
    wait_until(lambda: fakes)
    fakes[0].error = ZeroDivisionError()

    wait_until(lambda: keeper.failure)
    assert isinstance(keeper.failure, ZeroDivisionError)


def test_a_release_waits_until_nothing_runs_any_more(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    resources.metadata.deployments.set("d1", removed=True)
    keeper.release("d1", Task())

    assert fakes[0].stopped.is_set()


def test_waiting_for_a_release_can_be_cancelled(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    wait_until(lambda: fakes)
    fakes[0].may_stop.clear()
    resources.metadata.deployments.set("d1", removed=True)
    task = Task()
    task.cancellation.cancel()
    with pytest.raises(Cancelled):
        keeper.release("d1", task)


def test_stopping_ends_all_at_the_same_time_and_waits_no_longer_than_it_may(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup]
) -> None:
    resources.metadata.deployments.add(OTHER)
    wait_until(lambda: len(fakes) == 2)
    fakes[0].may_stop.clear()

    keeper.stop(0.2)

    assert fakes[1].stopped.wait(WAIT_SECONDS)
    assert not fakes[0].stopped.is_set()
    with pytest.raises(Cancelled):
        keeper.backup_of("d1")


def test_a_keeper_that_was_never_started_can_be_stopped(resources: Resources) -> None:
    BackupKeeper(resources).stop(1)


def test_a_sample_holds_the_lag_and_the_size_of_the_head(
    resources: Resources, keeper: BackupKeeper, fakes: list[FakeBackup], tmp_path: Path
) -> None:
    wait_until(lambda: fakes)
    metadata, now = resources.metadata, resources.clock.now()
    write_files(tmp_path, {"a.wt": b"x" * 1000, "journal/b": b"y" * 500})
    head = Head("h1", "d1", str(tmp_path), "6.0.5", "6.0", now, optime=Optime(100, 1))
    metadata.heads.add(head)
    metadata.tails.report(Tail("d1", "db1:27017", now, source=Optime(107, 1)))

    keeper.sample()

    assert metadata.heads.get("h1").bytes == 1500
    assert [s.lag_seconds for s in metadata.lag_samples.all()] == [7]


def test_files_that_are_not_there_any_more_do_not_count(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": b"12", "deeper/b": b"345"})
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")

    assert folder_bytes(tmp_path) == 5
    assert folder_bytes(tmp_path / "nowhere") == 0
