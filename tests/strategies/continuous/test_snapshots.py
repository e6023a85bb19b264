"""Snapshots of a head that follows."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    MongodError,
    Refused,
)
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.optime import Optime
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Task
from tests.support.backups import Bench, wait_until
from tests.support.faulty import no_space
from tests.support.processes import mongods_below


def test_a_snapshot_is_complete_and_holds_what_was_stored(
    bench: Bench, backup: ContinuousBackup
) -> None:
    written = bench.write(60)
    bench.wait_stored(written)

    snapshot = bench.snapshot(backup)

    assert snapshot.state is SnapshotState.COMPLETE
    assert snapshot.optime is not None
    assert snapshot.optime >= written
    restored = bench.restore(snapshot)
    assert differences(bench.state(), bench.state_of(Path(restored.target))) == []


def test_a_head_goes_on_after_a_snapshot_and_the_next_one_stores_little(
    bench: Bench, backup: ContinuousBackup
) -> None:
    first = bench.snapshot(backup)
    bench.write(60)
    bench.assert_head_equals_source()

    second = bench.snapshot(backup)

    assert second.new_bytes < first.new_bytes
    assert backup.trouble == ""


def test_a_full_disk_fails_the_snapshot_and_nothing_else(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise no_space()

    pids = mongods_below(bench.folder)
    record = bench.snapshot_record()
    with monkeypatch.context() as patch:
        patch.setattr(bench.storage, "put", full)
        with pytest.raises(DiskFull):
            backup.take_snapshot(record, Task())
    bench.write(60)

    bench.assert_head_equals_source()
    assert mongods_below(bench.folder) == pids
    assert backup.take_snapshot(record, Task()).state is SnapshotState.COMPLETE


def test_a_cancelled_snapshot_leaves_a_head_that_follows(
    bench: Bench, backup: ContinuousBackup
) -> None:
    pids = mongods_below(bench.folder)
    task = Task()
    task.report = lambda phase, done, total: task.cancellation.cancel()
    with pytest.raises(Cancelled):
        bench.snapshot(backup, task)
    bench.write(60)

    bench.assert_head_equals_source()
    assert mongods_below(bench.folder) == pids


def test_a_head_that_dies_during_a_snapshot_comes_back(
    bench: Bench, backup: ContinuousBackup
) -> None:
    def report(phase: str, done: int, total: int | None) -> None:
        if phase == "cutting blocks":
            for pid in mongods_below(bench.folder):
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(MongodError):
        bench.snapshot(backup, Task(report=report))
    bench.write(60)

    bench.assert_head_equals_source()
    assert bench.snapshot(backup).state is SnapshotState.COMPLETE


def test_the_follower_lets_go_of_a_head_that_is_far_behind(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two chunks: a snapshot does not wait until the head has come to the end."""
    waiting, taken = threading.Event(), threading.Event()
    entries = bench.resources.oplog_store.entries

    def slow(deployment: str, after: Optime) -> Any:
        for chunk in entries(deployment, after):
            waiting.set()
            if threading.current_thread().name.startswith("head-"):
                wait_until(backup._held.wanted.is_set)
            yield chunk

    monkeypatch.setattr(bench.resources.oplog_store, "entries", slow)
    for number in range(60, 63):
        bench.wait_stored(bench.write(number))
    assert waiting.wait(120)

    def take() -> None:
        bench.snapshot(backup)
        taken.set()

    threading.Thread(target=take, daemon=True).start()

    assert taken.wait(120)


def test_a_snapshot_needs_a_head_in_sync(bench: Bench) -> None:
    backup = bench.backup()
    record = Snapshot("s1", bench.deployment.id, "", bench.clock.now())
    with pytest.raises(Refused, match="no head in sync"):
        backup.take_snapshot(record, Task())


def test_a_complete_snapshot_is_not_taken_again(bench: Bench, backup: ContinuousBackup) -> None:
    """Its job was: the engine died before it could say so."""
    snapshot = bench.snapshot(backup)

    assert backup.take_snapshot(snapshot, Task()) == snapshot
