"""A head that follows its source, and everything that may happen to it meanwhile."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from bson import Int64

from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    FilesDamaged,
    MetadataError,
    MmsError,
    MongodError,
    ObjectMissing,
    OplogError,
    OutsideWindow,
    Refused,
    ResyncRequired,
    StorageError,
    WindowEnded,
)
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.tails import Tail
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.strategies import continuous, tailing
from mmsconsole.strategies.consequences import DAMAGED_MAX
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.strategies.initial_sync import HeadSync
from mmsconsole.task import Task
from tests.support import oplog_entries as made
from tests.support.backups import Bench, wait_until
from tests.support.faulty import no_space
from tests.support.processes import mongods_below


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a failure to pass waits shortly."""
    for module in (continuous, tailing):
        monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)


@pytest.fixture
def backup(bench: Bench) -> ContinuousBackup:
    """In sync, with a few documents."""
    bench.write(*range(50))
    return bench.synced()


def kill_head(bench: Bench) -> None:
    (pid,) = mongods_below(bench.folder)
    os.kill(pid, signal.SIGKILL)


# -- following


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
    bench: Bench, backup: ContinuousBackup
) -> None:
    """A chunk that can not be read is no reason to give the head up: the disk may be away."""
    bench.wait_applied(bench.newest())
    for nth in range(1, 11):
        bench.storage.fail("get", nth, ObjectMissing("is not in the storage", where="a chunk"))
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
    assert asked.wait(20)
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


# -- started and stopped


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
        assert task.cancellation.event.wait(20)

    task.report = report

    def sync() -> None:
        with pytest.raises(Cancelled):
            backup.sync(task)

    syncing = threading.Thread(target=sync)
    syncing.start()
    assert begun.wait(20)
    stopping = threading.Thread(target=backup.stop)
    stopping.start()
    task.cancellation.cancel()

    for thread in (stopping, syncing):
        thread.join(20)
        assert not thread.is_alive()
    assert mongods_below(bench.folder) == []


# -- resync


def lose_tail(bench: Bench, backup: ContinuousBackup) -> None:
    """Nothing of the stored oplog is in the source's history."""
    bench.wait_stored(bench.write(9000))
    backup.stop()
    chunks = bench.metadata.chunks
    first, last = chunks.first(bench.deployment.id), chunks.last(bench.deployment.id)
    assert first is not None
    assert last is not None
    chunks.drop(bench.deployment.id)
    end = Optime(last.end.t, last.end.i + 1, 99)
    entry = made.noop(end.t) | {"ts": end.timestamp, "t": Int64(99)}
    body = ChunkBody(first.start, end, 1, [made.array(entry)], None)
    bench.resources.oplog_store.put(bench.deployment.id, body)
    bench.write(9001, 9002)  # beyond that end, so that it is judged at once


def test_a_lost_tail_is_told_with_its_reason(bench: Bench, backup: ContinuousBackup) -> None:
    bench.wait_applied(bench.write(60))
    lose_tail(bench, backup)
    again = bench.backup()
    bench.go_on(again)

    wait_until(lambda: again.failure)

    assert isinstance(again.failure, ResyncRequired)
    assert "nothing that is stored is in it" in str(again.failure)


def test_after_a_resync_older_snapshots_are_restored_and_points_in_the_gap_are_not(
    bench: Bench, backup: ContinuousBackup
) -> None:
    state = bench.state()
    snapshot = bench.snapshot(backup)
    lose_tail(bench, backup)
    in_the_gap = bench.write(60)
    first_head = bench.head
    bench.metadata.deployments.set(bench.deployment.id, head="")

    bench.synced()
    bench.write(61)

    bench.assert_head_equals_source()
    assert bench.head.id != first_head.id
    assert not Path(first_head.path).exists()
    assert bench.metadata.heads.find(first_head.id) is None
    restored = bench.restore(snapshot)
    assert differences(state, bench.state_of(Path(restored.target))) == []
    with pytest.raises((OplogError, OutsideWindow)):
        bench.restore(snapshot, in_the_gap)
    with pytest.raises((OplogError, OutsideWindow)):
        bench.restore(snapshot, bench.newest())


def test_a_point_behind_the_gap_is_restored_from_a_snapshot_of_the_new_head(
    bench: Bench, backup: ContinuousBackup
) -> None:
    lose_tail(bench, backup)
    bench.write(60)
    bench.metadata.deployments.set(bench.deployment.id, head="")
    snapshot = bench.snapshot(bench.synced())
    point = bench.write(61)
    bench.wait_stored(point)

    restored = bench.restore(snapshot, point)

    assert differences(bench.state(), bench.state_of(Path(restored.target))) == []


def test_without_a_snapshot_an_entry_that_can_not_be_applied_ends_the_backup(
    bench: Bench, backup: ContinuousBackup
) -> None:
    bench.wait_applied(bench.newest())
    with bench.head_client() as head:
        head.app.c.delete_one({"_id": 5})
    bench.client.app.c.update_one({"_id": 5}, {"$set": {"a": 1}})

    wait_until(lambda: backup.failure)

    assert "the document is missing" in str(backup.failure)
    assert backup.fallen is None


# -- snapshots


def test_a_snapshot_is_complete_and_holds_what_was_stored(
    bench: Bench, backup: ContinuousBackup
) -> None:
    bench.wait_stored(bench.write(60))

    snapshot = bench.snapshot(backup)

    assert snapshot.state is SnapshotState.COMPLETE
    assert snapshot.optime is not None
    assert snapshot.optime >= bench.newest()
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
    bench: Bench, backup: ContinuousBackup
) -> None:
    pids = mongods_below(bench.folder)
    record = bench.snapshot_record()
    for nth in range(1, 6):  # one may meet the tail, which makes a chunk now and then
        bench.storage.fail("put", nth, no_space())
    with pytest.raises(DiskFull):
        backup.take_snapshot(record, Task())
    bench.storage.heal()
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
    assert waiting.wait(20)

    def take() -> None:
        bench.snapshot(backup)
        taken.set()

    threading.Thread(target=take, daemon=True).start()

    assert taken.wait(60)


def test_a_snapshot_needs_a_head_in_sync(bench: Bench) -> None:
    backup = bench.backup()
    record = Snapshot("s1", bench.deployment.id, "", bench.clock.now())
    with pytest.raises(Refused, match="no head in sync"):
        backup.take_snapshot(record, Task())


def test_a_complete_snapshot_is_not_taken_again(bench: Bench, backup: ContinuousBackup) -> None:
    """Its job was: the engine died before it could say so."""
    snapshot = bench.snapshot(backup)

    assert backup.take_snapshot(snapshot, Task()) == snapshot


# -- heads that are lost before they are in sync


def lose_once(monkeypatch: pytest.MonkeyPatch, error: MmsError) -> None:
    """The initial sync fails with it when its data is whole."""
    left = [error]
    run = HeadSync._make_whole

    def fail(self: HeadSync, *arguments: Any) -> None:
        if left:
            raise left.pop()
        run(self, *arguments)

    monkeypatch.setattr(HeadSync, "_make_whole", fail)


@pytest.mark.parametrize(
    ("error", "before", "anew"),
    [
        (WindowEnded("the version changes", at=(7, 3)), 0, True),
        (FilesDamaged("rotten"), DAMAGED_MAX - 1, True),
        (FilesDamaged("rotten"), 0, False),
    ],
)
def test_an_initial_sync_whose_head_is_lost_starts_anew_and_any_other_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: MmsError, before: int, anew: bool
) -> None:
    """`before`: how often the same had happened."""
    bench.write(*range(20))
    backup = bench.backup()
    backup._judge.failed[type(error)] = before
    lose_once(monkeypatch, error)
    with pytest.raises(type(error)):
        backup.sync(Task())
    lost = bench.head

    backup.sync(Task())
    bench.go_on(backup)

    assert (bench.head.id != lost.id) is anew
    bench.assert_head_equals_source()
    ends = list(bench.metadata.window_ends.of(bench.deployment.id))
    assert len(ends) == isinstance(error, WindowEnded)


def test_a_rollback_during_an_initial_sync_ends_it_and_the_next_attempt_starts_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the scan has read may be taken back."""
    bench.write(*range(20))
    backup = bench.backup()
    monkeypatch.setattr(bench.resources.oplog_store, "cut_back", lambda *_: None)
    rolling: list[threading.Thread] = []

    def report(phase: str, done: int, total: int | None) -> None:
        if phase == "transferring" and not rolling:
            common = bench.newest()
            rolling.append(
                threading.Thread(target=backup._uplink.roll_back, args=(common, "rolled back"))
            )
            rolling[0].start()
            wait_until(lambda: backup._uplink.interruption)

    with pytest.raises(MongodError, match="rolled back meanwhile"):
        backup.sync(Task(report=report))
    rolling[0].join(60)
    lost = bench.head
    assert not lost.active

    backup.sync(Task())
    bench.go_on(backup)

    assert bench.head.id != lost.id
    bench.assert_head_equals_source()
