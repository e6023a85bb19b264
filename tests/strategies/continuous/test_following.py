"""A head follows its source, whatever happens to either meanwhile; and it is stopped."""

import os
import signal
import threading
from typing import Any

import pytest

from mmsconsole.errors import (
    Cancelled,
    MetadataError,
    ObjectMissing,
    StorageError,
)
from mmsconsole.metadata.tails import Tail
from mmsconsole.secret import Secret
from mmsconsole.strategies import tailing
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Task
from tests.support.backups import Bench, wait_until
from tests.support.processes import mongods_below


def kill_head(bench: Bench) -> None:
    (pid,) = mongods_below(bench.folder)
    os.kill(pid, signal.SIGKILL)


def test_a_head_follows_its_source(bench: Bench, backup: ContinuousBackup) -> None:
    bench.write(*range(100, 200))
    bench.client.app.c.delete_many({"_id": {"$lt": 10}})
    bench.client.app.c.create_index("a")

    bench.assert_head_equals_source()
    assert backup.trouble == ""


def test_a_killed_head_comes_back_by_itself(bench: Bench, backup: ContinuousBackup) -> None:
    bench.wait_applied(bench.write(60))
    kill_head(bench)
    bench.write(61)

    bench.assert_head_equals_source()


def test_what_the_head_waits_for_is_told_and_forgotten_when_it_is_over(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk that can not be read is no reason to give the head up: the disk may be away."""

    def away(*_: object) -> bytes:
        raise ObjectMissing("is not in the storage", where="a chunk")

    bench.wait_applied(bench.newest())
    with monkeypatch.context() as patch:
        patch.setattr(bench.storage, "get", away)
        bench.write(60)
        assert "not in the storage" in wait_until(lambda: backup.trouble)

    bench.assert_head_equals_source()
    wait_until(lambda: backup.trouble == "")
    assert backup.failure is None


def test_a_store_that_takes_nothing_is_told_of_and_not_the_source(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise StorageError("the disk is read-only")

    def tail() -> Tail:
        return bench.metadata.tails.get(bench.deployment.id)

    bench.wait_applied(bench.newest())
    monkeypatch.setattr(bench.storage, "put", refused)
    bench.write(60)
    wait_until(lambda: "read-only" in tail().error)
    assert tail().unstored

    monkeypatch.undo()
    bench.assert_head_equals_source()
    wait_until(lambda: not tail().error)
    assert not tail().unstored


def test_a_store_that_takes_nothing_is_told_of_until_it_takes_something(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source is read again for every try: that is no end of the trouble, which alerts go by."""
    refusals: list[int] = []

    def refused(*_: object) -> int:
        refusals.append(1)
        raise StorageError("the disk is read-only")

    def tail() -> Tail:
        return bench.metadata.tails.get(bench.deployment.id)

    bench.wait_applied(bench.newest())
    monkeypatch.setattr(tailing, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(bench.storage, "put", refused)
    bench.write(60)
    wait_until(lambda: "read-only" in tail().error)
    since, before = tail().since, len(refusals)

    wait_until(lambda: len(refusals) >= before + 2)

    assert (tail().since, tail().unstored) == (since, True)


def test_a_metadata_database_that_is_away_ends_neither_tail_nor_head(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def away(*args: object, **options: object) -> Any:
        asked.set()
        raise MetadataError("the metadata database does not answer")

    for records in (bench.metadata.chunks, bench.metadata.tails, bench.metadata.heads):
        for method in ("add", "find", "last", "set", "report", "after"):
            if hasattr(records, method):
                monkeypatch.setattr(records, method, away)
    bench.write(60)
    assert asked.wait(120)
    wait_until(lambda: backup.trouble)
    monkeypatch.undo()

    bench.assert_head_equals_source()


def test_an_edited_connection_string_is_used_by_a_new_tail(
    bench: Bench, backup: ContinuousBackup
) -> None:
    edited = Secret(bench.deployment.uri.reveal() + "&retryReads=false")
    before = backup._tailing
    assert before is not None
    bench.metadata.deployments.set(bench.deployment.id, uri=edited)

    wait_until(lambda: bench.go_on(backup) and backup._tailing is not before)

    assert not before.alive
    bench.write(60)
    bench.assert_head_equals_source()


def test_a_tail_whose_thread_has_ended_is_started_again(
    bench: Bench, backup: ContinuousBackup
) -> None:
    assert backup._tailing is not None
    backup._tailing.stop()
    bench.go_on(backup)
    bench.write(60)

    bench.assert_head_equals_source()


def test_a_stopped_backup_leaves_no_mongod_and_goes_on_later(
    bench: Bench, backup: ContinuousBackup
) -> None:
    backup.stop()
    assert mongods_below(bench.folder) == []
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"tail-shop", "head-shop"}
    bench.write(*range(60, 80))

    bench.go_on(bench.backup())

    bench.assert_head_equals_source()


def test_nothing_is_started_behind_a_stop(bench: Bench, backup: ContinuousBackup) -> None:
    backup.stop()

    bench.go_on(backup)
    with pytest.raises(Cancelled):
        bench.snapshot(backup)
    with pytest.raises(Cancelled):
        backup.sync(Task())

    assert mongods_below(bench.folder) == []


def test_stopping_waits_for_a_sync_that_is_being_cancelled(bench: Bench) -> None:
    bench.write(*range(10))
    backup, task = bench.backup(), Task()
    begun = threading.Event()

    def report(phase: str, done: int, total: int | None) -> None:
        begun.set()
        assert task.cancellation.event.wait(120)

    task.report = report

    def sync() -> None:
        with pytest.raises(Cancelled):
            backup.sync(task)

    syncing = threading.Thread(target=sync)
    syncing.start()
    assert begun.wait(120)
    stopping = threading.Thread(target=backup.stop)
    stopping.start()
    task.cancellation.cancel()

    for thread in (stopping, syncing):
        thread.join(120)
        assert not thread.is_alive()
    assert mongods_below(bench.folder) == []
