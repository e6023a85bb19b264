"""An initial sync from an empty folder to "in sync", through everything that may break it."""

import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.client_session import ClientSession

from mmsconsole.errors import ApplyFailed, Cancelled, MmsError, SourceUnreachable
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.optime import Optime
from mmsconsole.strategies.catching_up import CatchUp
from mmsconsole.strategies.embedded import OplogIngest
from mmsconsole.task import Task
from tests.support.backups import Bench, wait_until
from tests.support.processes import mongods_below

DOCUMENTS = 3000


class Break(Exception):
    """What a test raises to break a sync."""


class At:
    """A reporter that does something when a phase is first reported, and counts phases."""

    def __init__(self, **mischief: Callable[[], object]) -> None:
        self._waiting = {name.replace("_", " "): act for name, act in mischief.items()}
        self.phases: list[str] = []

    @property
    def task(self) -> Task:
        return Task(report=self)

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        name = phase.split(" (")[0]
        if name not in self.phases:
            self.phases.append(name)
        if act := self._waiting.pop(name, None):
            act()

    @property
    def all_done(self) -> bool:
        return not self._waiting


def breaks() -> None:
    raise Break


def fill(bench: Bench) -> None:
    """Some slices of plain documents, and whatever is special."""
    app = bench.client.app
    app.c.insert_many([{"_id": n, "a": n % 7, "u": n, "s": "x" * 1000} for n in range(DOCUMENTS)])
    app.c.create_index("a")
    app.c.create_index("u", unique=True)
    app.create_collection("capped", capped=True, size=1 << 22)
    app.capped.insert_many([{"n": n, "s": "y" * 700} for n in range(2500)])
    app.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    now = datetime(2024, 1, 1, tzinfo=UTC)
    app.series.insert_many([{"t": now, "m": n % 3, "v": n} for n in range(50)])
    app.create_collection("view", viewOn="c", pipeline=[{"$match": {"a": 1}}])
    app.create_collection("strict", validator={"a": {"$exists": True}})
    app.strict.insert_one({"_id": 1}, bypass_document_validation=True)
    bench.client.admin.command("createUser", "app", pwd="x", roles=["readWriteAnyDatabase"])


@pytest.fixture(autouse=True)
def no_users_left(bench: Bench) -> Any:
    yield
    bench.client.admin.command("dropAllUsersFromDatabase")


def test_a_head_in_sync_equals_its_source(bench: Bench) -> None:
    fill(bench)
    reports = At()

    bench.synced(reports.task)

    assert reports.phases == [
        "listing collections", "transferring", "building", "applying oplog",
        "comparing with the source", "creating indexes",
    ]  # fmt: skip
    bench.assert_head_equals_source()


def test_a_head_in_sync_keeps_nothing_of_the_sync(bench: Bench) -> None:
    fill(bench)
    bench.synced()

    head, metadata = bench.head, bench.metadata
    assert head.phase is SyncPhase.IN_SYNC
    assert list(metadata.slices.of(head.id)) == []
    assert list(metadata.sync_collections.of(head.id)) == []
    assert list(bench.storage.list("slices")) == []
    with bench.head_client() as client:
        ours = [n for n in client.local.list_collection_names() if n.startswith("mmsconsole")]
        left = {name: client.local[name].count_documents({}) for name in ours}
    assert left.pop("mmsconsole") == 1
    assert set(left.values()) <= {0}


PHASES = [
    "listing collections", "transferring", "building", "applying oplog",
    "comparing with the source", "creating indexes",
]  # fmt: skip


def test_a_sync_that_breaks_in_every_phase_goes_on_each_time(bench: Bench) -> None:
    fill(bench)
    starts = set()
    for phase in PHASES:
        at = At(**{phase.replace(" ", "_"): breaks})
        with pytest.raises(Break):
            bench.backup().sync(at.task)
        assert at.all_done, phase
        starts.add(bench.head.sync_start)
        bench.client.app.c.update_many({"a": 3}, {"$inc": {"broken": 1}})

    bench.synced()

    assert len(starts - {None}) == 1  # never begun anew
    bench.assert_head_equals_source()


@pytest.mark.parametrize("phase", ["transferring", "building", "applying oplog"])
def test_a_killed_head_costs_no_new_sync(bench: Bench, phase: str) -> None:
    """SIGKILL: mongod loses the last tenth of a second, and the sync knows."""
    fill(bench)

    def kill() -> None:
        with bench.head_client() as client:
            pid = client.admin.command("serverStatus")["pid"]
        os.kill(pid, signal.SIGKILL)

    at = At(**{phase.replace(" ", "_"): kill})
    with pytest.raises(MmsError):
        bench.backup().sync(at.task)
    start = bench.head.sync_start

    bench.synced()

    assert bench.head.sync_start == start
    bench.assert_head_equals_source()


def test_a_sync_that_crashed_in_a_batch_behind_the_scan_goes_on(bench: Bench) -> None:
    """The comparison wants a head that is in no doubt."""
    fill(bench)
    with pytest.raises(Break):
        bench.backup().sync(At(comparing_with_the_source=breaks).task)
    newest = bench.write(90_001)
    bench.wait_stored(newest)
    kept = KeptHead.open(bench.resources, bench.head)
    applied = kept.applied()
    PositionStore(kept.connection).write(HeadPosition(applied, applied, newest))
    kept.close()

    bench.synced()

    bench.assert_head_equals_source()


def test_a_broken_sync_leaves_no_mongod_and_keeps_its_tail(bench: Bench) -> None:
    fill(bench)
    backup = bench.backup()
    with pytest.raises(Break):
        backup.sync(At(building=breaks).task)

    assert mongods_below(bench.folder) == []
    bench.wait_stored(bench.write(90_001))


def test_a_cancelled_sync_goes_on_later(bench: Bench) -> None:
    fill(bench)
    task = Task()
    task.report = At(building=task.cancellation.cancel)
    with pytest.raises(Cancelled):
        bench.backup().sync(task)
    assert mongods_below(bench.folder) == []

    bench.synced()

    bench.assert_head_equals_source()


def test_a_half_built_capped_collection_is_made_anew(bench: Bench) -> None:
    """All of its slices are stored, one is in the head and not marked: the order is unknown."""
    fill(bench)
    with pytest.raises(Break):
        bench.backup().sync(At(applying_oplog=breaks).task)
    bench.metadata.heads.set(bench.head.id, sync_end=None)
    forget_built(bench, keep=1)

    bench.synced()

    bench.assert_head_equals_source()


def forget_built(bench: Bench, keep: int) -> None:
    """As if the head had been killed before it noted the slices of the capped collection."""
    kept = KeptHead.open(bench.resources, bench.head)
    of = next(c for c in bench.metadata.sync_collections.of(bench.head.id) if c.capped)
    stored = [one.id for one in bench.metadata.slices.of(bench.head.id, of.id)]
    assert len(stored) > 1
    kept.server.client.local.mmsconsole_built.delete_many({"_id": {"$in": stored[keep:]}})
    kept.close()


def test_a_head_whose_folder_was_emptied_is_built_again_from_its_slices(bench: Bench) -> None:
    fill(bench)
    with pytest.raises(Break):
        bench.backup().sync(At(applying_oplog=breaks).task)
    assert bench.head.sync_end is not None
    shutil.rmtree(bench.head.path)

    bench.synced()

    bench.assert_head_equals_source()


def test_what_is_written_meanwhile_is_in_the_head(bench: Bench) -> None:
    fill(bench)
    app = bench.client.app

    def write() -> None:
        app.c.update_many({"a": 2}, {"$inc": {"n": 1}})
        app.c.delete_many({"a": 4})
        app.c.insert_many([{"_id": 50_000 + n, "u": -1 - n} for n in range(50)])
        app.new.insert_one({"_id": 1})
        app.capped.insert_many([{"n": -n} for n in range(100)])
        with bench.client.start_session() as session:
            session.with_transaction(in_transaction)

    def in_transaction(session: ClientSession) -> None:
        app.c.insert_one({"_id": 60_000, "u": 60_000}, session=session)
        app.c.delete_one({"_id": 0}, session=session)

    bench.synced(At(transferring=write, building=write_more(bench)).task)

    bench.assert_head_equals_source()


def write_more(bench: Bench) -> Callable[[], None]:
    def write() -> None:
        bench.client.app.c.rename("renamed")
        bench.client.app.c.insert_one({"_id": "again"})
        bench.client.gone.c.insert_one({"_id": 1})
        bench.client.drop_database("gone")

    return write


def test_indexes_that_change_meanwhile_are_those_of_the_source(bench: Bench) -> None:
    fill(bench)
    app = bench.client.app

    def change() -> None:
        app.c.create_index("s")
        app.c.drop_index("a_1")
        app.c.create_index([("n", 1)], name="later", sparse=True)
        app.command({"collMod": "c", "index": {"name": "u_1", "hidden": True}})
        app.new.create_index("x", unique=True)
        app.new.insert_one({"x": 1})

    bench.synced(At(transferring=change).task)

    bench.assert_head_equals_source()


def test_values_that_clash_on_the_way_do_not_hurt_a_unique_index(bench: Bench) -> None:
    """The first documents are read early, the last ones late: two hold the same value."""
    fill(bench)
    app = bench.client.app

    def swap() -> None:
        app.c.update_one({"_id": 0}, {"$set": {"u": -1}})
        app.c.update_one({"_id": DOCUMENTS - 1}, {"$set": {"u": 0}})
        app.c.update_one({"_id": 0}, {"$set": {"u": DOCUMENTS - 1}})

    bench.synced(At(transferring=swap).task)

    bench.assert_head_equals_source()


@pytest.fixture
def before_catching_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """before_catching_up(act): once, when the slices are built and the oplog is not applied."""
    apply_until = CatchUp.apply_until
    waiting: list[Callable[[], None]] = []

    def patched(self: CatchUp, end: Optime, task: Task) -> None:
        if waiting:
            waiting.pop()()
        apply_until(self, end, task)

    monkeypatch.setattr(CatchUp, "apply_until", patched)
    return waiting.append


def test_a_document_that_the_replay_misses_is_fetched(
    bench: Bench, before_catching_up: Callable[[Callable[[], None]], None]
) -> None:
    fill(bench)
    app = bench.client.app

    def update() -> None:
        app.c.update_one({"_id": 5}, {"$set": {"n": 1}})
        app.c.update_one({"_id": 6}, {"$set": {"n": 1}})

    def lose() -> None:
        with bench.head_client() as head:
            assert head.app.c.delete_many({"_id": {"$in": [5, 6]}}).deleted_count == 2
        app.c.delete_one({"_id": 6})  # so there is nothing to be fetched any more

    before_catching_up(lose)
    reports = At(transferring=update)
    bench.synced(reports.task)

    assert "fetching missing documents" in reports.phases
    bench.assert_head_equals_source()


def test_a_sync_that_breaks_while_it_fetches_goes_on(
    bench: Bench, before_catching_up: Callable[[Callable[[], None]], None]
) -> None:
    fill(bench)

    def lose() -> None:
        with bench.head_client() as head:
            head.app.c.delete_many({"_id": {"$lt": 4}})

    before_catching_up(lose)
    at = At(
        transferring=lambda: bench.client.app.c.update_many(
            {"_id": {"$lt": 4}}, {"$set": {"n": 1}}
        ),
        fetching_missing_documents=breaks,
    )
    with pytest.raises(Break):
        bench.backup().sync(at.task)

    bench.synced()

    bench.assert_head_equals_source()


def test_a_head_that_differs_is_given_up(
    bench: Bench, before_catching_up: Callable[[Callable[[], None]], None]
) -> None:
    """A collection that the oplog names, and that neither the listing nor the oplog brought."""
    fill(bench)

    def lose() -> None:
        with bench.head_client() as head:
            head.app.c.drop()

    before_catching_up(lose)
    backup = bench.backup()
    at = At(transferring=lambda: bench.client.app.c.update_one({"_id": 1}, {"$set": {"n": 1}}))
    with pytest.raises(ApplyFailed, match=r"never came"):
        backup.sync(at.task)

    assert isinstance(backup.failure, ApplyFailed)


def test_an_idle_source_that_stores_no_chunk_is_followed_after_a_restart(bench: Bench) -> None:
    """Nothing was written since T0, so the tail has nothing to continue but T0 itself."""
    bench.write(1)
    backup = bench.backup()
    backup.sync(Task())
    backup.stop()
    bench.metadata.chunks.drop(bench.deployment.id)  # a no-op may have come in between
    head = bench.head
    bench.metadata.heads.set(head.id, sync_start=head.optime)

    bench.go_on(bench.backup())
    bench.write(2)

    bench.assert_head_equals_source()


def test_no_oplog_for_too_long_is_a_fault_of_the_source(bench: Bench) -> None:
    bench.write(1)
    bench.synced()

    class Never(KeptHead):
        def __init__(self) -> None:
            self.bytes_applied = 0

        def bytes_ahead(self) -> int:
            return 0

        def applied(self) -> Optime:
            return Optime(1, 1)

        def apply_stored(self, task: Task) -> Any:
            return iter(())

    def not_now(common: Optime, reason: str) -> None:
        raise AssertionError(reason)

    uplink = OplogIngest(bench.resources, bench.deployment.id, not_now)
    with pytest.raises(SourceUnreachable, match="no oplog"):
        CatchUp(Never(), uplink, bench.clock, patience=0).apply_until(Optime(2, 1), Task())


def test_a_second_sync_of_a_head_in_sync_does_nothing(bench: Bench) -> None:
    bench.write(1)
    backup = bench.synced()
    head = bench.head

    assert backup.sync(Task()).id == head.id

    wait_until(lambda: bench.go_on(backup))
    assert differences(bench.state(), bench.head_state()) == []
