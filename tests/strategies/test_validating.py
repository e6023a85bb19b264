"""A head's files, looked over while it follows its source; and bytes in them that are wrong."""

import os
import signal
import threading
from typing import Any

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.daemon.mending import mend
from mmsconsole.errors import Cancelled, HeadSuspect, Refused
from mmsconsole.head.validating import in_words
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.metadata.validations import ValidationKind
from mmsconsole.strategies import continuous, validating
from mmsconsole.strategies.consequences import Consequence
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Task
from tests.support.backups import Bench, wait_until
from tests.support.head_files import file_of, fill_with_blocks, spoil
from tests.support.processes import mongods_below


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuous, "AGAIN_SECONDS", 0.1)


@pytest.fixture
def backup(bench: Bench) -> ContinuousBackup:
    """In sync, with files of many blocks."""
    fill_with_blocks(bench)
    return bench.synced()


def test_a_good_head_is_found_good_and_follows_on(bench: Bench, backup: ContinuousBackup) -> None:
    reports: list[tuple[str, int, int | None]] = []
    bench.write(9000)
    bench.assert_head_equals_source()  # with changes that mongod has not written to its files

    found = backup.validate(Task(report=lambda *report: reports.append(report)))

    assert found.good
    assert found.kind is ValidationKind.FILES
    assert found.left_out == ()
    assert reports[-1] == ("validating collections", found.collections, found.collections)
    assert bench.metadata.validations.last(bench.deployment.id, bench.head.id) == found
    bench.write(9001)
    bench.assert_head_equals_source()


@pytest.mark.parametrize("index", ["", "a_1"])
def test_a_wrong_byte_that_the_cache_hides_is_found_and_named(
    bench: Bench, backup: ContinuousBackup, index: str
) -> None:
    spoil(file_of(bench, index))

    with pytest.raises(HeadSuspect, match=r"app\.c: .*checksum error") as raised:
        backup.validate(Task())

    assert file_of_name(raised.value.what)
    assert "app.c" in bench.head.suspect
    assert backup.fallen is not None or backup.failure is not None


def file_of_name(said: str) -> bool:
    return "collection-" in said or "index-" in said


def test_a_wrong_byte_that_came_while_the_head_stood_is_found(
    bench: Bench, backup: ContinuousBackup
) -> None:
    path = file_of(bench)
    backup.stop()
    spoil(path)
    again = bench.backup()

    with pytest.raises(HeadSuspect, match=r"app\.c: .*checksum error"):
        again.validate(Task())


# -- what follows


def test_snapshots_since_the_last_good_validation_are_in_doubt(
    bench: Bench, backup: ContinuousBackup
) -> None:
    before = bench.snapshot(backup)
    backup.validate(Task())
    after = bench.snapshot(backup)
    verified = bench.snapshot(backup)
    bench.metadata.snapshots.set(verified.id, verdict=Verdict.GOOD)
    spoil(file_of(bench))
    rotten = bench.snapshot(backup)
    with pytest.raises(HeadSuspect):
        backup.validate(Task())

    doubts = {one.id: one.doubt for one in bench.metadata.snapshots.of(bench.deployment.id)}
    assert doubts[before.id] == ""
    assert "checksum error" in doubts[after.id]
    assert doubts[verified.id] == "", "it was restored, and every collection was whole"
    assert "checksum error" in doubts[rotten.id]


def test_a_damaged_head_is_rebuilt_from_a_snapshot_without_doubt(
    bench: Bench, backup: ContinuousBackup
) -> None:
    good = bench.snapshot(backup)
    backup.validate(Task())
    bench.write(9001)
    spoil(file_of(bench))
    bench.snapshot(backup)
    with pytest.raises(HeadSuspect):
        backup.validate(Task())
    assert backup.fallen is not None
    assert backup.fallen.consequence is Consequence.REBUILD

    backup.stop()
    mend(bench.resources, backup.fallen)
    again = bench.backup()
    rebuilt = again.rebuild(Task())

    assert rebuilt.rebuilt_from == good.id
    assert rebuilt.suspect == ""
    bench.go_on(again)
    bench.assert_head_equals_source()


def test_a_snapshot_of_a_suspect_head_is_in_doubt_from_the_beginning(
    bench: Bench, backup: ContinuousBackup
) -> None:
    bench.metadata.heads.set(bench.head.id, suspect="a wrong byte")
    snapshot = bench.snapshot(backup)
    assert (snapshot.state, snapshot.doubt) == (SnapshotState.COMPLETE, "a wrong byte")


def test_a_head_whose_mongod_dies_of_a_rotten_block_is_suspect(
    bench: Bench, backup: ContinuousBackup
) -> None:
    """No endless restarts: the file is named, and the snapshots of the head are in doubt."""
    snapshot = bench.snapshot(backup)
    path = file_of(bench)
    backup.stop()
    spoil(path)
    again = bench.backup()
    bench.go_on(again)

    bench.client.app.c.update_many({}, {"$set": {"s": "y"}})

    wait_until(lambda: again.fallen or again.failure)
    assert path.name in bench.head.suspect
    assert bench.metadata.snapshots.get(snapshot.id).doubt != ""


def test_a_killed_head_is_remembered(bench: Bench, backup: ContinuousBackup) -> None:
    backup.stop()
    again = bench.backup()
    bench.go_on(again)
    bench.write(9001)
    bench.assert_head_equals_source()
    assert bench.head.unclean_at is None

    (pid,) = mongods_below(bench.folder)
    os.kill(pid, signal.SIGKILL)

    bench.write(9002)
    bench.assert_head_equals_source()
    assert bench.head.unclean_at is not None


# -- between its other work


def test_a_validation_lets_the_head_follow_in_between(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With turns of one collection: what is written meanwhile is applied before the last one."""
    monkeypatch.setattr(validating, "TURN_SECONDS", 0.0)
    for n in range(3):
        bench.client.app[f"more{n}"].insert_one({"_id": 1})
    bench.assert_head_equals_source()
    pauses: list[float] = []
    wait = SystemClock.wait

    def writing(self: SystemClock, event: Any, seconds: float) -> bool:
        if threading.current_thread() is threading.main_thread() and not pauses:
            pauses.append(seconds)
            bench.wait_applied(bench.write(9100))
        return wait(self, event, seconds)

    monkeypatch.setattr(SystemClock, "wait", writing)

    assert backup.validate(Task()).good
    assert pauses


def test_a_cancelled_validation_finds_nothing(bench: Bench, backup: ContinuousBackup) -> None:
    task = Task()

    def report(phase: str, done: int, total: int | None) -> None:
        task.cancellation.cancel()

    task.report = report
    with pytest.raises(Cancelled):
        backup.validate(task)
    assert bench.metadata.validations.last_of_files(bench.head.id) is None


def test_without_a_head_in_sync_nothing_is_validated(bench: Bench) -> None:
    with pytest.raises(Refused, match="no head in sync"):
        bench.backup().validate(Task())


# -- mongod's words

DUMP = '{"msg":"__wt_bm_corrupt_dump:77:{0: 4096, 4096, 0x1}: (chunk 1 of 4): 73 65 63 72 65 74"}'


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([], "it is not valid"),
        ([DUMP], "it is not valid"),
        (
            ['{"msg":"__wt_block_read_off:220:c-4.wt: read checksum error"}', DUMP, "broken"],
            "c-4.wt: read checksum error; broken",
        ),
        (["a", "a", "b", "c", "d"], "a; b"),
        (["x" * 1000], "x" * 300),
        (['{"other": 1}', "[1]"], "; [1]"),
    ],
)
def test_mongods_words_are_told_without_anybodys_data(errors: list[str], said: str) -> None:
    assert in_words(errors) == said
