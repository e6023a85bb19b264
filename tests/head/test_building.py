"""Slices into a head: byte for byte, whatever they hold, and again after a crash."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp

from mmsconsole import rawbson
from mmsconsole.clock import SystemClock
from mmsconsole.errors import ApplyFailed, Cancelled, MongodFailed, ObjectMissing
from mmsconsole.head.building import BUILT, BuiltSlices, HeadBuilder, SliceFeed, insert_command
from mmsconsole.head.creating import create_collections
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.syncs import Slice, SyncCollection
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.task import Task

SIXTEEN_MEGABYTES = 16 * 1024 * 1024


def collection(ns: str = "building.c", **fields: Any) -> SyncCollection:
    made = SyncCollection(
        id=ns, head="h1", ns=ns, uuid=os.urandom(6) + b"\x40\x00\x80" + os.urandom(7),
        kind="collection", options=bson.encode(fields.pop("options", {})),
        id_index=bson.encode({"v": 2, "key": {"_id": 1}, "name": "_id_"}), indexes=(),
    )  # fmt: skip
    return replace(made, **fields)


class Store:
    """Slices in memory, as the sync store gives them."""

    def __init__(self) -> None:
        self._arrays: dict[str, bytes] = {}

    def put(self, of: SyncCollection, documents: list[bytes], sequence: int = 0) -> Slice:
        array = rawbson.array_of(documents)
        id_ = f"{of.ns}-{sequence}"
        self._arrays[id_] = array
        return Slice(id_, "h1", of.id, sequence, id_, "", len(array), len(array))

    def get(self, slice_: Slice) -> bytes:
        if slice_.id not in self._arrays:
            raise ObjectMissing("is not in the storage", where=slice_.key)
        return self._arrays[slice_.id]

    def drop(self, slice_: Slice) -> None:
        del self._arrays[slice_.id]


class Bench:
    """A fresh head, a store, and a builder between them."""

    def __init__(self, process: MongodProcess, version: Any) -> None:
        self.server = HeadServer(process, process.client(), version)
        self.client = self.server.client
        self.store: Any = Store()
        self.feed = SliceFeed()
        self.reports: list[tuple[str, int, int | None]] = []

    @property
    def builder(self) -> HeadBuilder:
        return HeadBuilder(self.server, self.store, SystemClock())

    def create(self, *collections: SyncCollection) -> None:
        create_collections(self.client, collections, Task())

    def build(self, of: SyncCollection, *slices: Slice) -> None:
        feed = SliceFeed()
        for one in slices:
            feed.add(of, one)
        feed.done(of)
        feed.finish()
        self.builder.run(feed, Task(report=lambda *told: self.reports.append(told)))

    def raw(self, ns: str = "building.c", **find: Any) -> list[bytes]:
        database, name = ns.split(".", 1)
        found = self.client[database].get_collection(
            name, codec_options=CodecOptions(document_class=RawBSONDocument)
        )
        return [bytes(document.raw) for document in found.find(**find)]

    def built(self) -> set[str]:
        return BuiltSlices(self.server).ids()


@pytest.fixture
def bench(standalone: MongodProcess, mongod_binary: MongodBinary) -> Iterator[Bench]:
    bench = Bench(standalone, mongod_binary.version)
    yield bench
    bench.client.drop_database("building")
    bench.client.local[BUILT].drop()
    bench.client.admin["system.users"].delete_many({})
    bench.client.close()


def encoded(*documents: dict[str, Any]) -> list[bytes]:
    return [bson.encode(document) for document in documents]


# -- the command


def test_the_insert_command_holds_the_array_byte_for_byte() -> None:
    array = rawbson.array_of(encoded({"_id": 1}, {"_id": 2, "a": "x"}))

    parts = insert_command("building.a.b", array, ordered=True)

    assert parts[1] is array
    assert bson.decode(b"".join(parts)) == {
        "insert": "a.b", "documents": [{"_id": 1}, {"_id": 2, "a": "x"}], "ordered": True,
        "bypassDocumentValidation": True, "$db": "building",
    }  # fmt: skip


# -- documents


@pytest.mark.parametrize(
    "documents",
    [
        encoded({"_id": 1, "b": 1, "a": {"z": 1, "y": [1, {"x": None}]}}),
        encoded({"_id": {"b": 1, "a": 2}}, {"_id": {"a": 2, "b": 1}}),
        encoded({"_id": 1, "t": Timestamp(0, 0)}, {"_id": 2, "": Timestamp(0, 0), "s": "x"}),
        encoded({"_id": 1, "in": {"t": Timestamp(0, 0)}}, {"_id": 2, "v": 0.0}),
        encoded({"_id": Timestamp(0, 0), "v": 1}),
        encoded({"_id": 1, "$dollar": 1, "a.b": 2, "": 3}),
        encoded(*({"_id": n, "t": Timestamp(0, 0)} for n in range(2500))),
    ],
    ids=["order", "ids by order", "zero time", "deep zero time", "id", "names", "many zero times"],
)
def test_documents_arrive_byte_for_byte(bench: Bench, documents: list[bytes]) -> None:
    of = collection()
    bench.create(of)

    bench.build(of, bench.store.put(of, documents))

    assert bench.raw() == documents


@pytest.mark.parametrize("fields", [{"v": 1}, {"t": Timestamp(0, 0)}], ids=["insert", "applyOps"])
def test_the_largest_document_arrives(bench: Bench, fields: dict[str, Any]) -> None:
    of = collection()
    bench.create(of)
    room = SIXTEEN_MEGABYTES - len(bson.encode({"_id": 1, **fields, "s": b""}))
    document = bson.encode({"_id": 1, **fields, "s": b"x" * room})
    assert len(document) == SIXTEEN_MEGABYTES

    bench.build(of, bench.store.put(of, [document]))

    assert bench.raw() == [document]


def test_a_validator_is_not_asked(bench: Bench) -> None:
    options = {"validator": {"a": {"$exists": True}}, "validationAction": "error"}
    of = collection(options=options)
    bench.create(of)
    documents = encoded({"_id": 1}, {"_id": 2, "t": Timestamp(0, 0)})

    bench.build(of, bench.store.put(of, documents[:1], 0), bench.store.put(of, documents[1:], 1))

    assert sorted(bench.raw()) == sorted(documents)


def test_a_capped_collection_keeps_its_order_whatever_order_its_slices_come_in(
    bench: Bench,
) -> None:
    of = collection(options={"capped": True, "size": 1 << 20}, capped=True)
    bench.create(of)
    batches = [
        encoded(*({"_id": -n, "n": n} for n in range(at, at + 50))) for at in range(0, 400, 50)
    ]
    slices = [bench.store.put(of, batch, n) for n, batch in enumerate(batches)]

    bench.build(of, *slices[::-1])

    assert bench.raw() == [document for batch in batches for document in batch]


def test_users_and_roles_come_in_although_insert_refuses_them(bench: Bench) -> None:
    of = collection("admin.system.users")
    bench.create(of)
    documents = encoded({"_id": "app.u", "user": "u", "db": "app", "credentials": {}, "roles": []})

    bench.build(of, bench.store.put(of, documents))

    assert bench.raw("admin.system.users") == documents


def test_the_heads_own_version_document_stays_and_the_others_come(bench: Bench) -> None:
    of = collection("admin.system.version")
    slices = encoded(
        {"_id": "featureCompatibilityVersion", "version": "4.0"},
        {"_id": "authSchema", "currentVersion": 5},
    )

    bench.build(of, bench.store.put(of, slices))

    found = {d["_id"]: d for d in bench.client.admin["system.version"].find()}
    assert found["authSchema"] == {"_id": "authSchema", "currentVersion": 5}
    assert found["featureCompatibilityVersion"]["version"] == "6.0"


# -- crashes and errors


def test_a_slice_that_was_inserted_but_not_marked_is_inserted_again(bench: Bench) -> None:
    of = collection()
    bench.create(of)
    documents = encoded(*({"_id": n} for n in range(10)))
    bench.client.building.c.insert_many([{"_id": 3, "newer": True}, {"_id": 7}])

    bench.build(of, bench.store.put(of, documents))

    assert sorted(d["_id"] for d in bench.client.building.c.find()) == list(range(10))
    assert bench.client.building.c.find_one({"_id": 3}) == {"_id": 3, "newer": True}
    assert bench.built() == {"building.c-0"}


@pytest.mark.parametrize("clustered", [False, True])
def test_a_slice_is_inserted_again_whatever_its_ids_are(bench: Bench, clustered: bool) -> None:
    """A clustered collection tells of NaN by an error of its own; some dates are too late."""
    key = {"clusteredIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_", "unique": True}}
    of = collection(options=key, id_index=b"") if clustered else collection()
    bench.create(of)
    documents = encoded({"_id": float("nan")}, {"_id": DatetimeMS(2**63 - 1)}, {"_id": 3})
    one = bench.store.put(of, documents)
    bench.build(of, one)
    bench.client.local[BUILT].drop()

    bench.build(of, one)

    assert sorted(bench.raw()) == sorted(documents)


def test_documents_that_the_head_refuses_end_the_build(bench: Bench) -> None:
    of = collection(options={"capped": True, "size": 4096}, capped=True)
    bench.create(of)
    bench.client.building.c.insert_one({"_id": 1})

    with pytest.raises(ApplyFailed, match=r"building\.c: a slice was refused"):
        bench.build(of, bench.store.put(of, encoded({"_id": 1})))

    assert bench.built() == set()


def test_the_first_error_of_a_writer_ends_all_and_is_the_one_that_is_told(bench: Bench) -> None:
    of = collection()
    bench.create(of)
    slices = [bench.store.put(of, encoded({"_id": n}), n) for n in range(8)]
    bench.store.drop(slices[4])

    with pytest.raises(ObjectMissing, match=r"building\.c-4"):
        bench.build(of, *slices)

    assert "building.c-4" not in bench.built()


def test_a_mongod_that_died_is_one_of_ours(mongod: MongodProcess, mongod_binary: Any) -> None:
    bench, of = Bench(mongod, mongod_binary.version), collection()
    mongod.kill()

    with pytest.raises(MongodFailed):
        bench.build(of, bench.store.put(of, encoded({"_id": 1})))
    bench.client.close()


def test_a_cancelled_build_stops(bench: Bench) -> None:
    of = collection()
    bench.create(of)
    task = Task()
    task.cancellation.cancel()
    bench.feed.add(of, bench.store.put(of, encoded({"_id": 1})))
    bench.feed.finish()

    with pytest.raises(Cancelled):
        bench.builder.run(bench.feed, task)


def test_progress_counts_what_was_built_before(bench: Bench) -> None:
    of = collection()
    bench.create(of)
    one = bench.store.put(of, encoded({"_id": 1, "s": "x" * 100}))
    builder = bench.builder
    builder.total = 1000
    builder.count_built(500)
    bench.feed.add(of, one)
    bench.feed.finish()

    builder.run(bench.feed, Task(report=lambda *told: bench.reports.append(told)))

    assert bench.reports == [("building", 500 + one.raw_bytes, 1000)]


# -- the feed


def slice_of(of: SyncCollection, sequence: int) -> Slice:
    return Slice(f"{of.ns}-{sequence}", "h1", of.id, sequence, "", "", 1, 1)


def drained(feed: SliceFeed) -> list[str]:
    feed.finish()
    return [one.id for _, one in feed]


def test_slices_of_a_capped_collection_wait_until_it_is_done_and_come_in_order() -> None:
    feed, plain, capped = (
        SliceFeed(),
        collection("building.p"),
        collection("building.k", capped=True),
    )
    feed.add(capped, slice_of(capped, 1))
    feed.add(plain, slice_of(plain, 0))
    feed.add(capped, slice_of(capped, 0))
    feed.done(plain)
    feed.done(capped)

    assert drained(feed) == ["building.p-0", "building.k-0", "building.k-1"]


def test_a_capped_collection_that_begins_again_forgets_its_slices() -> None:
    feed, capped = SliceFeed(), collection("building.k", capped=True)
    feed.add(capped, slice_of(capped, 0))
    feed.add(capped, slice_of(capped, 1))
    feed.restart(capped)
    feed.add(capped, slice_of(capped, 0))
    feed.done(capped)

    assert drained(feed) == ["building.k-0"]


def test_a_slice_whose_collection_began_again_may_be_gone(bench: Bench) -> None:
    of = collection()
    bench.create(of)
    gone, kept = (
        bench.store.put(of, encoded({"_id": 1}), 0),
        bench.store.put(of, encoded({"_id": 2}), 1),
    )
    bench.feed.add(of, gone)
    bench.feed.restart(of)
    bench.store.drop(gone)
    bench.feed.add(of, kept)
    bench.feed.finish()

    bench.builder.run(bench.feed, Task())

    assert bench.raw() == encoded({"_id": 2})


def test_a_feed_that_was_refused_takes_no_more() -> None:
    feed, of = SliceFeed(), collection()
    feed.refuse(MongodFailed("died"))

    with pytest.raises(MongodFailed, match="died"):
        feed.add(of, slice_of(of, 0))


def test_an_abandoned_feed_lets_the_builder_go(bench: Bench) -> None:
    """The transfer has failed; the builder waits for slices that will never come."""
    building = threading.Thread(target=bench.builder.run, args=(bench.feed, Task()), daemon=True)
    building.start()

    bench.feed.abandon()
    building.join(120)

    assert not building.is_alive()
