"""A head that is lost comes back by itself, from a snapshot and the stored oplog alone."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mmsconsole.head import server
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.mongod.fingerprint import Fingerprint, differences
from mmsconsole.strategies import continuous, tailing
from tests.support.backups import Bench, wait_until
from tests.support.daemons import Daemons
from tests.support.paused import held
from tests.support.processes import mongods_below


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (continuous, tailing):
        monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(server, "DYING_SECONDS", 0.1)


def prepared(bench: Bench, daemons: Daemons) -> tuple[Head, Fingerprint]:
    """A head with a snapshot behind it and oplog after that, and what it has to hold."""
    bench.write(*range(2000), s="x" * 200)
    daemons.start()
    daemons.sync()
    daemons.snapshot()
    bench.client.app.c.delete_many({"_id": {"$lt": 20}})
    bench.client.app.c.create_index("s")
    bench.wait_applied(bench.write(5000))
    return bench.head, bench.state()


def rebuilt(bench: Bench, before: Head) -> Head:
    """The head that takes the place of another one, when it has come as far as that had."""
    reached = before.optime
    assert reached is not None

    def another() -> Head | None:
        head = bench.head
        there = head.id != before.id and head.optime is not None and head.optime >= reached
        return head if there else None

    found = wait_until(another, "there is no other head")
    assert isinstance(found, Head)
    return found


def events(bench: Bench) -> list[str]:
    return [event.kind for event in bench.metadata.events.recent(bench.deployment.id)]


def flip_bytes(path: Path) -> None:
    path.write_bytes(bytes(byte ^ 0xFF for byte in path.read_bytes()))


def test_a_head_that_was_lost_while_the_engine_was_away_is_rebuilt_without_the_source(
    bench: Bench, daemons: Daemons, no_source: Callable[[], None]
) -> None:
    head, state = prepared(bench, daemons)
    daemons.close()
    no_source()
    shutil.rmtree(head.path)

    daemons.start()

    rebuilt(bench, head)
    assert differences(state, bench.head_state()) == []
    assert {"head given up", "head rebuilt"} <= set(events(bench))
    wait_until(lambda: bench.metadata.heads.find(head.id) is None)
    told = bench.metadata.deployments.get(bench.deployment.id)
    assert told.backup is BackupState.STARTED


def test_damaged_files_lead_to_a_rebuild_and_a_damaged_snapshot_to_an_older_one(
    bench: Bench, daemons: Daemons, no_source: Callable[[], None]
) -> None:
    head, state = prepared(bench, daemons)
    damaged = daemons.snapshot()
    daemons.close()
    no_source()
    flip_bytes(Path(head.path, "WiredTiger.wt"))
    flip_bytes(bench.folder / "storage" / damaged.manifest_key)

    daemons.start()

    found = rebuilt(bench, head)
    assert found.rebuilt_from != damaged.id
    assert differences(state, bench.head_state()) == []
    assert "objects damaged" in events(bench)
    wait_until(lambda: not Path(head.path).exists())


def test_a_head_whose_folder_is_deleted_while_it_runs_is_rebuilt_and_follows(
    bench: Bench, daemons: Daemons
) -> None:
    head, _ = prepared(bench, daemons)
    (pid,) = mongods_below(bench.folder)
    with held(pid):  # or it makes files in a folder that is being emptied
        shutil.rmtree(head.path)
        os.kill(pid, 9)
    bench.write(6000)

    rebuilt(bench, head)

    bench.assert_head_equals_source()
    wait_until(lambda: bench.metadata.deployments.get(bench.deployment.id).reason == "")
    assert daemons.snapshot().state is SnapshotState.COMPLETE


def test_a_rebuild_that_was_killed_begins_again_and_leaves_nothing_behind(
    bench: Bench,
    daemons: Daemons,
    no_source: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a killed engine leaves: a leased job, a record that is not active, half a folder."""
    head, state = prepared(bench, daemons)
    daemons.close()
    no_source()
    half = Path(head.path).with_name("half")
    half.mkdir()
    (half / "collection-1.wt").write_bytes(b"half of it")
    bench.metadata.heads.add(
        Head(
            "half", bench.deployment.id, str(half), head.mongod_version, head.fcv,
            bench.clock.now(), phase=SyncPhase.REBUILDING, active=False,
        )
    )  # fmt: skip
    bench.metadata.heads.set(head.id, phase=SyncPhase.REBUILDING, reason="it was lost")
    job = daemons.queue(JobKind.REBUILD, head.id)
    bench.metadata.jobs.set(
        job.id, state=JobState.LEASED, engine="e1", lease_until=bench.clock.now()
    )

    daemons.start()

    rebuilt(bench, head)
    daemons.wait_done(job)
    assert differences(state, bench.head_state()) == []
    wait_until(lambda: [one.id for one in bench.metadata.heads.all()] == [bench.head.id])
    assert [path.name for path in half.parent.iterdir()] == [bench.head.id]


def test_an_entry_that_does_not_fit_the_head_has_it_rebuilt_once(
    bench: Bench, daemons: Daemons
) -> None:
    """It was the head: the one that is rebuilt takes the entry."""
    head, _ = prepared(bench, daemons)
    with bench.head_client() as client:
        client.app.c.delete_one({"_id": 500})
    bench.client.app.c.update_one({"_id": 500}, {"$set": {"a": 1}})

    wait_until(lambda: bench.head.id != head.id)

    bench.assert_head_equals_source()
    assert events(bench).count("head rebuilt") == 1


def test_a_rebuilt_head_that_fails_at_the_same_entry_again_is_not_rebuilt_any_more(
    bench: Bench, daemons: Daemons
) -> None:
    """The snapshot itself lacks the document: no rebuild would ever help."""
    bench.write(*range(50))
    daemons.start()
    daemons.sync()
    bench.wait_applied(bench.newest())
    with bench.head_client() as client:
        client.app.c.delete_one({"_id": 5})
    daemons.snapshot()
    bench.client.app.c.update_one({"_id": 5}, {"$set": {"a": 1}})

    def told() -> bool:
        found = bench.metadata.deployments.get(bench.deployment.id)
        return found.backup is BackupState.RESYNC_REQUIRED

    wait_until(told)
    reason = bench.metadata.deployments.get(bench.deployment.id).reason
    assert "the document is missing" in reason
    assert events(bench).count("head rebuilt") == 1


def test_oplog_whose_bytes_are_wrong_for_good_ends_the_window_and_a_new_base_is_made(
    bench: Bench, daemons: Daemons
) -> None:
    """No rebuild gets past it, and nobody else could make the head go on."""
    head, _ = prepared(bench, daemons)
    daemons.close()
    damaged = bench.metadata.chunks.last(bench.deployment.id)
    assert damaged is not None
    flip_bytes(bench.folder / "storage" / damaged.key)
    shutil.rmtree(head.path)

    daemons.start()

    def another() -> bool:
        there = bench.head
        made = there.id != head.id and not there.rebuilt_from
        return made and there.phase is SyncPhase.IN_SYNC

    wait_until(another, "no new base was made")
    bench.wait_applied(bench.write(6000))
    bench.assert_head_equals_source()
    assert "window ended" in events(bench)
    (end,) = bench.metadata.window_ends.of(bench.deployment.id)
    assert damaged.start < end.at <= damaged.end
    assert damaged.key in end.reason or "sha256" in end.reason
    assert daemons.snapshot().state is SnapshotState.COMPLETE


def test_without_any_snapshot_a_lost_head_needs_a_resync_and_says_why(
    bench: Bench, daemons: Daemons
) -> None:
    bench.write(1)
    daemons.start()
    daemons.sync()
    daemons.close()
    shutil.rmtree(bench.head.path)

    daemons.start()

    def told() -> bool:
        found = bench.metadata.deployments.get(bench.deployment.id)
        return found.backup is BackupState.RESYNC_REQUIRED

    wait_until(told)
    assert (
        "folder or its files are missing"
        in bench.metadata.deployments.get(bench.deployment.id).reason
    )
