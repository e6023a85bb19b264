"""A source whose history does not simply go on: rolled back, or beyond what a head can follow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bson import Int64

from mmsconsole.errors import OutsideWindow
from mmsconsole.head import server
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.mongod.fingerprint import Fingerprint, differences
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.strategies import continuous, tailing
from tests.support import oplog_entries as made
from tests.support.backups import Bench, wait_until
from tests.support.daemons import Daemons

NOWHERE = Secret("mongodb://127.0.0.1:1/?replicaSet=rs0")
NEVER_WAS = 777


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (continuous, tailing):
        monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(server, "DYING_SECONDS", 0.1)


def operations(bench: Bench) -> Operations:
    return Operations(bench.metadata, bench.resources.settings, bench.clock, Actor("ada"))


def events(bench: Bench, kind: str) -> list[str]:
    found = bench.metadata.events.recent(bench.deployment.id)
    return [event.text for event in found if event.kind == kind]


def store_another_history(bench: Bench) -> Optime:
    """Behind what is stored: an insert that the source does not have. Returns its position."""
    last = bench.metadata.chunks.last(bench.deployment.id)
    assert last is not None
    end = Optime(last.end.t, last.end.i + 1, 99)
    (found,) = bench.client.app.list_collections(filter={"name": "c"})
    entry = made.insert(end.t, {"_id": NEVER_WAS}, ui=found["info"]["uuid"])
    entry |= {"ts": end.timestamp, "t": Int64(99)}
    body = ChunkBody(last.end, end, 1, [made.array(entry)], None)
    bench.resources.oplog_store.put(bench.deployment.id, body)
    return end


def rolled_back(bench: Bench, daemons: Daemons) -> tuple[Head, Fingerprint, Optime, Snapshot]:
    """The source has taken back what the head has applied, and a snapshot holds.

    Returns that head, the source before it, its last position then, and that snapshot.
    """
    bench.write(*range(200))
    daemons.start()
    daemons.sync()
    daemons.snapshot()
    good = bench.write(300)
    bench.wait_applied(good)
    state = bench.state()
    daemons.close()
    end = store_another_history(bench)
    bench.metadata.deployments.set(bench.deployment.id, uri=NOWHERE)
    daemons.start()
    bench.wait_applied(end)
    invalid = daemons.snapshot()
    head = bench.head
    bench.write(400)
    bench.metadata.deployments.set(bench.deployment.id, uri=Secret(bench.source.uri))
    return head, state, good, invalid


def test_a_rollback_takes_back_snapshots_and_head_and_goes_on_from_the_common_point(
    bench: Bench, daemons: Daemons
) -> None:
    head, state, good, invalid = rolled_back(bench, daemons)

    wait_until(lambda: bench.head.id != head.id, "the head was not rebuilt")

    bench.assert_head_equals_source()
    with bench.head_client() as client:
        assert client.app.c.find_one({"_id": NEVER_WAS}) is None
    (told,) = events(bench, "rolled back")
    assert "1 stored entries" in told
    assert invalid.id in told
    assert len(events(bench, "head rebuilt")) == 1
    taken_back = bench.metadata.snapshots.get(invalid.id)
    assert taken_back.state is SnapshotState.INVALID
    assert "rolled back" in taken_back.reason
    shown = [each.state for each in operations(bench).snapshots("shop")]
    assert sorted(shown) == ["complete", "invalid"]
    plan = operations(bench).plan_restore(
        "shop", at=f"{good.t}:{good.i}", target=bench.folder / "planned"
    )
    assert plan.snapshot != invalid.id
    restored = bench.restore(bench.metadata.snapshots.get(plan.snapshot), good)
    assert differences(state, bench.state_of(Path(restored.target))) == []


@contextmanager
def fcv_changed(bench: Bench, version: str) -> Iterator[None]:
    bench.client.admin.command({"setFeatureCompatibilityVersion": version})
    try:
        yield
    finally:
        bench.client.admin.command({"setFeatureCompatibilityVersion": "6.0"})


def test_a_changed_version_ends_the_window_and_a_new_base_is_made_by_itself(
    bench: Bench, daemons: Daemons
) -> None:
    bench.write(*range(100))
    daemons.start()
    daemons.sync()
    first = daemons.snapshot()
    before = bench.write(200)
    bench.wait_applied(before)
    state_before = bench.state()
    with fcv_changed(bench, "5.0"):
        changed = bench.newest()
        between = bench.write(201)
        settled = bench.write(203)

        def another() -> bool:
            """One that began when the version was another one already."""
            there = bench.head
            began = there.sync_start is not None and there.sync_start > changed
            return began and there.phase is SyncPhase.IN_SYNC

        wait_until(another, "no new base was made")
        bench.wait_applied(settled)
        assert bench.head.fcv == "5.0"
        second = daemons.snapshot()
        after = bench.write(202)
        bench.wait_stored(after)
        state_after = bench.state()
        bench.assert_head_equals_source()

        for snapshot, point, state in [
            (first, before, state_before),
            (second, after, state_after),
        ]:
            restored = bench.restore(snapshot, point)
            assert differences(state, bench.state_of(Path(restored.target))) == []
        with pytest.raises(OutsideWindow) as refused:
            operations(bench).plan_restore(
                "shop", at=f"{between.t}:{between.i}", target=bench.folder / "planned"
            )
        assert "nearest points" in refused.value.hint
        assert str(second.optime) in refused.value.hint
        assert any("featureCompatibilityVersion" in text for text in events(bench, "window ended"))
        assert bench.metadata.deployments.get(bench.deployment.id).backup is BackupState.STARTED
        daemons.close()
