"""An initial sync copies everything, whatever happens in the source meanwhile."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from mmsconsole.agent.initial_sync import InitialSync, SyncOptions, SyncPlan
from mmsconsole.clock import SystemClock
from mmsconsole.errors import Cancelled, StorageError
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.task import Cancellation, Task
from tests.support.guarded import GuardedSet
from tests.support.uplink import RecordingUplink, decoded

Client = MongoClient[dict[str, Any]]
SMALL_SLICES = SyncOptions(slice_bytes=50_000)


@pytest.fixture
def sync(guarded: GuardedSet, uplink: RecordingUplink, clock: SystemClock) -> Iterator[InitialSync]:
    sync = InitialSync(guarded.origin(), uplink, clock, SMALL_SLICES)
    yield sync
    sync.close()


@pytest.fixture
def db(root: Client, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A database of the test's own, the only one besides the server's."""
    for name in root.list_database_names():
        if name not in ("admin", "config", "local"):
            root.drop_database(name)
    yield root["app"]
    root.drop_database("app")


def fill(collection: Any, count: int, bytes_each: int = 200) -> None:
    collection.insert_many([{"_id": n, "x": "y" * bytes_each} for n in range(count)])


def named(plan: SyncPlan, ns: str) -> SyncCollection:
    return next(each for each in plan.collections if each.ns == ns)


def stored(collection: Any) -> list[bytes]:
    """As the source has it, raw, in natural order."""
    raw = collection.with_options(
        codec_options=collection.codec_options.with_options(document_class=RawBSONDocument)
    )
    return [document.raw for document in raw.find().hint([("$natural", 1)])]


def once(uplink: RecordingUplink, ns: str, act: Callable[[], None], sequence: int = 1) -> None:
    """Act in the source while slice `sequence` of the collection is on its way."""
    acted = threading.Event()

    def before(collection: SyncCollection, number: int) -> None:
        if collection.ns == ns and number == sequence and not acted.is_set():
            acted.set()
            act()

    uplink.before_slice = before


def test_slices_put_together_are_the_collection_byte_for_byte(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 5000)
    db.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    fill(db.clustered, 3000)
    db.create_collection("capped", capped=True, size=1_000_000)
    fill(db.capped, 3000)
    db.create_collection("weather", timeseries={"timeField": "at", "metaField": "place"})
    day = datetime(2024, 1, 1, tzinfo=UTC)
    db.weather.insert_many([{"at": day, "place": n, "x": "y" * 100} for n in range(2000)])
    plan = sync.begin("head", task)
    end = sync.run(plan.start, plan.collections, task)
    assert end >= plan.start
    for name in ("things", "clustered", "capped", "system.buckets.weather"):
        listed = named(plan, f"app.{name}")
        assert len(uplink.slices[listed.id]) > 2
        assert uplink.documents(listed) == stored(db[name])


def test_slices_are_about_as_large_as_asked_for(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 10_000, 1000)
    plan = sync.begin("head", task)
    sync.run(plan.start, plan.collections, task)
    slices = uplink.slices[named(plan, "app.things").id]
    sizes = [len(slices[number]) for number in range(len(slices))]
    assert all(45_000 < size < 55_000 for size in sizes[1:-1])


def test_documents_of_sixteen_megabytes_pass(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    for number in range(3):
        db.large.insert_one({"_id": number, "x": "y" * (16 * 1024 * 1024 - 64)})
    plan = sync.begin("head", task)
    sync.run(plan.start, plan.collections, task)
    assert uplink.documents(named(plan, "app.large")) == stored(db.large)


def test_every_collection_with_data_is_done_at_the_end(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 10)
    db.create_collection("empty")
    db.create_collection("view", viewOn="things", pipeline=[])
    plan = sync.begin("head", task)
    sync.run(plan.start, plan.collections, task)
    expected = [each.ns for each in plan.collections if not each.done]
    assert sorted(uplink.done) == sorted(expected)
    assert {"app.things", "app.empty", "admin.system.users"} <= set(uplink.done)


def test_a_collection_renamed_during_the_scan_is_copied_whole(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 5000)
    plan = sync.begin("head", task)
    once(uplink, "app.things", lambda: db.things.rename("renamed"))
    sync.run(plan.start, plan.collections, task)
    assert uplink.documents(named(plan, "app.things")) == stored(db.renamed)
    assert not uplink.restarted
    assert "app.things" in uplink.done


def test_a_collection_dropped_during_the_scan_counts_as_done(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 5000)
    plan = sync.begin("head", task)
    once(uplink, "app.things", db.things.drop)
    sync.run(plan.start, plan.collections, task)
    assert "app.things" in uplink.done
    assert len(uplink.documents(named(plan, "app.things"))) < 5000


def test_the_successor_of_a_dropped_collection_is_not_mistaken_for_it(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 5000)
    plan = sync.begin("head", task)

    def recreate() -> None:
        db.things.drop()
        db.things.insert_many([{"_id": f"new {n}"} for n in range(3000)])

    once(uplink, "app.things", recreate)
    sync.run(plan.start, plan.collections, task)
    ids = [each["_id"] for each in decoded(uplink.documents(named(plan, "app.things")))]
    assert all(isinstance(each, int) for each in ids)


def test_a_database_dropped_during_the_scan_counts_as_done(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    for name in ("a", "b", "c"):
        fill(db[name], 3000)
    plan = sync.begin("head", task)
    once(uplink, "app.a", lambda: db.client.drop_database("app"))
    sync.run(plan.start, plan.collections, task)
    assert {"app.a", "app.b", "app.c"} <= set(uplink.done)


def test_a_capped_collection_that_overruns_the_scan_begins_again(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    db.create_collection("capped", capped=True, size=2_000_000)
    fill(db.capped, 5000)
    plan = sync.begin("head", task)

    def overrun() -> None:
        db.capped.insert_many([{"_id": 10_000 + n, "x": "z" * 200} for n in range(10_000)])

    once(uplink, "app.capped", overrun)
    sync.run(plan.start, plan.collections, task)
    assert uplink.restarted == ["app.capped"]
    assert uplink.documents(named(plan, "app.capped")) == stored(db.capped)


def test_writes_during_the_scan_lose_no_document_that_stays(
    db: Any, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 8000)
    plan = sync.begin("head", task)

    def churn() -> None:
        db.things.delete_many({"_id": {"$mod": [5, 0]}})
        db.things.update_many({"_id": {"$mod": [5, 1]}}, {"$set": {"x": "longer" * 100}})
        db.things.insert_many([{"_id": 100_000 + n} for n in range(500)])

    once(uplink, "app.things", churn)
    sync.run(plan.start, plan.collections, task)
    ids = {each["_id"] for each in decoded(uplink.documents(named(plan, "app.things")))}
    assert {n for n in range(8000) if n % 5} <= ids


def test_the_end_of_the_scan_is_no_older_than_any_write_it_has_read(
    db: Any, root: Client, sync: InitialSync, uplink: RecordingUplink, task: Task
) -> None:
    fill(db.things, 5000)
    plan = sync.begin("head", task)
    written: list[Any] = []

    def write() -> None:
        reply = db.command("insert", "things", documents=[{"_id": "late"}])
        written.append(reply["operationTime"])

    once(uplink, "app.things", write)
    end = sync.run(plan.start, plan.collections, task)
    assert end.timestamp >= written[0]


def test_a_second_run_copies_what_the_first_has_not_done(
    guarded: GuardedSet, db: Any, uplink: RecordingUplink, clock: SystemClock, task: Task
) -> None:
    for name in ("a", "b", "c"):
        fill(db[name], 3000)
    first = InitialSync(guarded.origin(), uplink, clock, SMALL_SLICES)
    plan = first.begin("head", task)
    uplink.before_slice = _fail_at("app.b", 2)
    with pytest.raises(StorageError):
        first.run(plan.start, plan.collections, task)
    first.close()
    assert "app.a" in uplink.done
    assert "app.b" not in uplink.done
    left = [replace(each, done=each.done or each.ns in uplink.done) for each in plan.collections]
    uplink.before_slice = lambda collection, number: None
    second = InitialSync(guarded.origin(), uplink, clock, SMALL_SLICES)
    second.run(plan.start, left, task)
    second.close()
    for name in ("a", "b", "c"):
        assert uplink.documents(named(plan, f"app.{name}")) == stored(db[name])
    assert uplink.done.count("app.a") == 1
    assert "app.a" not in uplink.restarted


def _fail_at(ns: str, sequence: int) -> Callable[[SyncCollection, int], None]:
    def fail(collection: SyncCollection, number: int) -> None:
        if (collection.ns, number) == (ns, sequence):
            raise StorageError("no")

    return fail


def test_a_cancelled_sync_stops_and_leaves_no_cursor_in_the_source(
    db: Any, root: Client, sync: InitialSync, uplink: RecordingUplink
) -> None:
    fill(db.things, 20_000)
    cancellation = Cancellation()
    task = Task(cancellation)
    plan = sync.begin("head", task)
    before = root.admin.command("serverStatus")["metrics"]["cursor"]["open"]["total"]
    once(uplink, "app.things", cancellation.cancel)
    with pytest.raises(Cancelled):
        sync.run(plan.start, plan.collections, task)
    assert "app.things" not in uplink.done
    after = root.admin.command("serverStatus")["metrics"]["cursor"]["open"]["total"]
    assert after <= before


def test_progress_counts_the_bytes_of_documents(
    db: Any, guarded: GuardedSet, uplink: RecordingUplink, clock: SystemClock
) -> None:
    fill(db.things, 5000)
    seen: list[tuple[str, int, int | None]] = []
    task = Task(report=lambda *report: seen.append(report))
    sync = InitialSync(guarded.origin(), uplink, clock, SMALL_SLICES)
    plan = sync.begin("head", task)
    sync.run(plan.start, plan.collections, task)
    sync.close()
    transfer = [(done, total) for phase, done, total in seen if phase == "transferring"]
    assert transfer == sorted(transfer)
    assert transfer[-1][0] == transfer[-1][1] >= 5000 * 200
