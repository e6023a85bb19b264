"""A head that is lost: when another one is built, and what is restored from before."""

import threading
from pathlib import Path
from typing import Any

import pytest
from bson import Int64

from mmsconsole.errors import (
    FilesDamaged,
    MmsError,
    MongodError,
    OplogError,
    OutsideWindow,
    ResyncRequired,
    WindowEnded,
)
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.optime import Optime
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.strategies.consequences import DAMAGED_MAX
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.strategies.initial_sync import HeadSync
from mmsconsole.task import Task
from tests.support import oplog_entries as made
from tests.support.backups import Bench, wait_until


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
    rolling[0].join(120)
    lost = bench.head
    assert not lost.active

    backup.sync(Task())
    bench.go_on(backup)

    assert bench.head.id != lost.id
    bench.assert_head_equals_source()
