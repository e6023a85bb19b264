"""What a head says of its data: at the time of a snapshot, and now and then between two."""

import threading
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import Cancelled
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.witnesses import UNCOUNTED, Witness, unpack
from mmsconsole.mongod.fingerprint import Listed, fingerprint
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.strategies import witness_reading, witnessing
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.strategies.witness_reading import WitnessReading, in_groups
from mmsconsole.strategies.witnessing import next_moment
from mmsconsole.task import Task
from tests.support.backups import Bench, wait_until

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def backup(bench: Bench) -> ContinuousBackup:
    bench.verify_every()
    bench.write(*range(20))
    bench.client.app.command({"create": "view", "viewOn": "c", "pipeline": []})
    bench.client.app.create_collection("capped", capped=True, size=4096)
    bench.client.app.capped.insert_many([{"_id": 2}, {"_id": 1}])
    cluster = {"key": {"_id": 1}, "unique": True}
    bench.client.app.command({"create": "clustered", "clusteredIndex": cluster})
    bench.client.app.clustered.insert_many([{"_id": 2}, {"_id": 1}])
    return bench.synced()


def witness_of(bench: Bench, snapshot: Snapshot) -> Witness:
    found = bench.metadata.witnesses.of_snapshot(snapshot.id)
    assert found is not None
    return found


# -- at the time of a snapshot


def test_a_snapshot_has_a_witness_that_says_what_dbhash_says(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large a collection is: what is read in batches has the same hash."""
    snapshot = bench.snapshot(backup)
    monkeypatch.setattr(witness_reading, "SMALL_BYTES", -1)
    in_batches = bench.snapshot(backup)

    witness = witness_of(bench, snapshot)
    said = unpack(witness.packed)
    with bench.head_client() as head:
        expected = fingerprint(head).namespaces
    assert witness.optime == snapshot.optime
    assert witness.unhashed == 0
    assert {ns: (one.md5, one.uuid, one.kind) for ns, one in said.items()} == {
        ns: (one.md5, one.uuid, one.kind) for ns, one in expected.items()
    }
    assert said["app.c"].documents == 20
    assert unpack(witness_of(bench, in_batches).packed) == said


def test_without_time_documents_are_counted_and_that_is_told(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = WitnessReading.__init__

    def hurried(self: WitnessReading, server: Any, clock: Any, seconds: float, leave: Any) -> None:
        reading(self, server, clock, 0.0, leave)

    monkeypatch.setattr(WitnessReading, "__init__", hurried)
    witness = witness_of(bench, bench.snapshot(backup))

    said = unpack(witness.packed)["app.c"]
    assert (said.md5, said.documents) == ("", 20)
    assert witness.unhashed == sum(
        one.kind == "collection" for one in unpack(witness.packed).values()
    )


def test_a_policy_without_verification_costs_the_head_nothing(
    bench: Bench, backup: ContinuousBackup
) -> None:
    policies, now = bench.metadata.policies, bench.clock.now()
    policies.change(bench.deployment.id, {"verify": "never"}, now, "test")
    snapshot = bench.snapshot(backup)

    assert bench.metadata.witnesses.of_snapshot(snapshot.id) is None


def test_it_is_taken_outside_of_the_pause(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are unlocked by then, and the snapshot is complete."""
    seen = []
    run = WitnessReading.run

    def watched(self: WitnessReading) -> Any:
        with bench.head_client() as head:
            locked = head.admin.command("currentOp").get("fsyncLock", False)
        newest = bench.metadata.snapshots.newest(bench.deployment.id)
        seen.append((locked, newest and newest.state.value))
        return run(self)

    monkeypatch.setattr(WitnessReading, "run", watched)
    bench.snapshot(backup)

    assert seen == [(False, "complete")]


def test_a_backup_that_stops_does_not_wait_for_it(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a rollback. The snapshot is complete all the same."""
    reading, go_on = threading.Event(), threading.Event()
    by_size = WitnessReading._by_size

    def slow(self: WitnessReading, *args: Any) -> Any:
        reading.set()
        assert go_on.wait(120)
        return by_size(self, *args)

    monkeypatch.setattr(WitnessReading, "_by_size", slow)
    record = bench.snapshot_record()
    taking = threading.Thread(target=backup.take_snapshot, args=(record, Task()))
    taking.start()
    assert reading.wait(60)
    stopping = threading.Thread(target=backup.stop)
    stopping.start()
    wait_until(backup._must_leave)
    go_on.set()
    taking.join(120)
    stopping.join(120)

    assert not taking.is_alive()
    assert not stopping.is_alive()
    assert bench.metadata.snapshots.get(record.id).state.value == "complete"
    assert bench.metadata.witnesses.of_snapshot(record.id) is None


def test_it_leaves_the_head_at_every_step(mongod: Any) -> None:
    """Whenever somebody wants it: after any number of looks."""
    client = mongod.client()
    client.app.c.insert_many([{"_id": n} for n in range(3)])
    server = HeadServer(mongod, client, None)  # type: ignore[arg-type]
    looks = 0

    def counting() -> bool:
        nonlocal looks
        looks += 1
        return False

    WitnessReading(server, SystemClock(), 60, counting).run()
    assert looks > 2
    for nth in range(looks):
        left = iter([False] * nth + [True])
        with pytest.raises(Cancelled):
            WitnessReading(server, SystemClock(), 60, lambda left=left: next(left)).run()


# -- between two snapshots


def test_a_moment_between_snapshots_gets_a_witness_when_its_time_has_come(
    bench: Bench, backup: ContinuousBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnessing, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(witnessing, "MOMENTS_KEPT", 2)
    monkeypatch.setattr(witnessing, "DAY", timedelta())
    bench.snapshot(backup)
    backup._witnessing._look_at = 0.0  # it may have looked before that was changed

    def moments() -> list[Witness]:
        return [one for one in bench.metadata.witnesses.of(bench.deployment.id) if not one.snapshot]

    first = wait_until(moments)[0]
    latest = bench.write(100)
    bench.wait_stored(latest)
    wait_until(lambda: any(one.optime >= latest for one in moments()))
    wait_until(lambda: first.id not in {one.id for one in moments()})
    assert len(moments()) <= 3


@pytest.mark.parametrize("seed", range(20))
def test_moments_come_about_as_often_as_the_settings_say(seed: int) -> None:
    due = next_moment(MONDAY, 2.0, Random(seed))

    assert due is not None
    assert timedelta(hours=6) <= due - MONDAY <= timedelta(hours=18)
    assert due == next_moment(MONDAY, 2.0, Random(seed))


def test_without_any_wished_there_are_no_moments() -> None:
    assert next_moment(MONDAY, 0.0, Random(1)) is None


def listed(name: str) -> Listed:
    return Listed("app", name, "collection", "", "", (), natural=False)


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([], []),
        ([1], [1]),
        ([30, 34], [2]),
        ([30, 35], [1, 1]),
        ([0, 0, 64], [3]),
        ([10, 20, 70], [2]),
        ([65, 66], []),
    ],
)
def test_small_collections_are_hashed_together(sizes: list[int], groups: list[int]) -> None:
    """Never more at one time than a fraction of a second takes; large ones are left out."""
    sized = [(size << 20, listed(f"c{number}")) for number, size in enumerate(sizes)]

    assert [len(group) for group in in_groups(sized)] == groups


def test_the_classic_policy_verifies_every_snapshot() -> None:
    assert SnapshotPolicy().verify == "every"
    assert UNCOUNTED < 0
