"""Points in transactions. These tests are the last: every replay reads their large oplog."""

from pathlib import Path

import pytest
from pymongo.client_session import ClientSession

from mmsconsole.head.files import snapshot_files
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.restore.restoring.world import assert_holds, stored
from tests.support.backups import Bench

pytestmark = pytest.mark.xdist_group("restores")


def large_transaction(bench: Bench) -> tuple[Optime, Optime]:
    """Several entries of the oplog; returns the first one's position, and the last one's."""
    before = bench.newest()

    def insert(session: ClientSession) -> None:
        for _ in range(20):
            document = {"s": "x" * (1 << 20)}
            bench.client.app.c.insert_one(document, session=session)

    with bench.client.start_session() as session:
        session.with_transaction(insert)
    parts = {"o.partialTxn": True, "ts": {"$gt": before.timestamp}}
    first = bench.client.local["oplog.rs"].find_one(parts, sort=[("$natural", 1)])
    assert first is not None
    return Optime.of(first["ts"]), bench.newest()


def test_a_point_inside_a_transaction_holds_nothing_of_it_and_its_end_all(
    bench: Bench, snapshot: Snapshot
) -> None:
    before = bench.state()
    first, last = large_transaction(bench)
    after = bench.state()
    assert first < last
    stored(bench, last)

    assert_holds(bench, bench.restore(snapshot, first), before)
    assert_holds(bench, bench.restore(snapshot, last), after)


def test_a_snapshot_inside_a_transaction_is_gone_on_from(bench: Bench, snapshot: Snapshot) -> None:
    """The replay begins before the transaction that was open when the snapshot was cut."""
    first, last = large_transaction(bench)
    stored(bench, last)
    inside = bench.restore(snapshot, first)
    root = Path(inside.target)
    record = bench.metadata.snapshots.add(
        Snapshot(
            "inside", bench.deployment.id, bench.head.id, bench.clock.now(),
            optime=first, replay_from=Optime(first.t, first.i - 1),
            mongod_version=snapshot.mongod_version, fcv=snapshot.fcv,
        )
    )  # fmt: skip
    blockstore = bench.resources.blockstore(bench.deployment)
    cut = blockstore.cut(record, root, snapshot_files(root), None, Task())
    record = bench.metadata.snapshots.set(
        "inside", state=SnapshotState.COMPLETE, manifest_key=cut.manifest_key,
        manifest_sha256=cut.manifest_sha256, bytes=cut.bytes,
    )  # fmt: skip

    assert_holds(bench, bench.restore(record, last), bench.state())
