"""Slices into a fresh head: every slice is one insert command around the array as it came.

Nothing here looks into a document, with two exceptions. The insert command would replace a
top-level Timestamp(0, 0) by the current time, and system collections take no plain inserts:
documents of such slices go by applyOps.

What has been built is marked inside the head itself, so after a crash exactly the unmarked
slices are inserted again. A document that is already there then stays as it is: any state of
it since the start of the sync is good enough, because the oplog since then is applied on top.
Only in a capped collection the order counts: it is made anew.
"""

import queue
import struct
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import bson
from bson.binary import Binary
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from mmsconsole import rawbson
from mmsconsole.errors import ApplyFailed, ObjectMissing
from mmsconsole.head.creating import MADE_BY_THE_HEAD, UUID_SUBTYPE
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.syncs import Slice, SyncCollection
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.stores.sync import SyncStore
from mmsconsole.task import Task

PHASE = "building"
WRITERS = 2
"""Two connections keep two cores of the head's mongod busy; more bring nothing (measured)."""

BUILT = "mmsconsole_built"
DUPLICATE_KEY = 11000
FCV_DOCUMENT = "featureCompatibilityVersion"
APPLY_BATCH_BYTES = 12 * 1024 * 1024

_int32 = struct.Struct("<i")


def insert_command(ns: str, array: bytes, *, ordered: bool) -> list[bytes]:
    """The parts of an insert command whose documents are `array`, byte for byte."""
    database, name = ns.split(".", 1)
    before = _string(b"insert", name) + b"\x04documents\x00"
    after = (
        b"\x08ordered\x00" + (b"\x01" if ordered else b"\x00")
        + b"\x08bypassDocumentValidation\x00\x01" + _string(b"$db", database) + b"\x00"
    )  # fmt: skip
    length = 4 + len(before) + len(array) + len(after)
    return [_int32.pack(length) + before, array, after]


def _string(name: bytes, value: str) -> bytes:
    text = value.encode() + b"\x00"
    return b"\x02" + name + b"\x00" + _int32.pack(len(text)) + text


class BuiltSlices:
    """Which slices are in the head: one small document each, in its local database."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self._collection = client.local[BUILT]

    def ids(self) -> set[str]:
        return {document["_id"] for document in self._collection.find({}, {"_id": 1})}

    def mark(self, slice_id: str) -> None:
        self._collection.insert_one({"_id": slice_id})

    def forget(self, slice_ids: Iterable[str]) -> None:
        self._collection.delete_many({"_id": {"$in": list(slice_ids)}})

    def drop(self) -> None:
        self._collection.drop()


class SliceFeed:
    """Stored slices on their way to the builder; closed by finish().

    Slices of a capped collection wait until all of them are stored, and go in order: they may be
    stored out of order, and a capped collection remembers the order of its inserts.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[SyncCollection, Slice] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Slice]] = {}
        self._announced: dict[str, list[str]] = {}
        self._forgotten: set[str] = set()
        self._refusal: BaseException | None = None
        self.abandoned = False

    def add(self, collection: SyncCollection, stored: Slice) -> None:
        if self._refusal is not None:
            raise self._refusal
        with self._lock:
            self._announced.setdefault(collection.id, []).append(stored.id)
            if collection.capped:
                self._waiting.setdefault(collection.id, []).append(stored)
                return
        self._queue.put((collection, stored))

    def restart(self, collection: SyncCollection) -> None:
        """Its slices so far are about to be removed: the collection is copied again."""
        with self._lock:
            self._forgotten.update(self._announced.pop(collection.id, ()))
            self._waiting.pop(collection.id, None)

    def done(self, collection: SyncCollection) -> None:
        with self._lock:
            waiting = self._waiting.pop(collection.id, [])
        for stored in sorted(waiting, key=lambda one: one.sequence):
            self._queue.put((collection, stored))

    def forgotten(self, stored: Slice) -> bool:
        with self._lock:
            return stored.id in self._forgotten

    def finish(self) -> None:
        self._queue.put(None)

    def abandon(self) -> None:
        """The transfer has failed: what is queued is not built any more."""
        self.abandoned = True
        self.finish()

    def refuse(self, error: BaseException) -> None:
        """Building has failed: add() raises this from now on."""
        self._refusal = error

    def __iter__(self) -> Iterator[tuple[SyncCollection, Slice]]:
        while (item := self._queue.get()) is not None:
            yield item


class HeadBuilder:
    """Moves slices from the sync store into the head with two writers."""

    def __init__(self, server: HeadServer, store: SyncStore, built: BuiltSlices) -> None:
        self._server = server
        self._store = store
        self._built = built
        self._lock = threading.Lock()
        self._done = 0
        self.total = 0
        """Bytes to be expected, as far as they are known."""

    def count_built(self, count: int) -> None:
        """Bytes that an earlier run has built."""
        self._done += count

    def run(self, feed: SliceFeed, task: Task) -> None:
        """Insert until the feed is finished. The first error of a writer ends all of them."""
        lanes = [queue.SimpleQueue[tuple[SyncCollection, Slice] | None]() for _ in range(WRITERS)]
        failures: list[BaseException] = []
        writers = [
            threading.Thread(target=self._write, args=(lane, feed, failures, task), daemon=True)
            for lane in lanes
        ]
        for writer in writers:
            writer.start()
        for number, (collection, stored) in enumerate(feed):
            if failures or feed.abandoned or task.cancellation.requested:
                break
            # A capped collection keeps its order: one writer only.
            lanes[0 if collection.capped else number % WRITERS].put((collection, stored))
        for lane in lanes:
            lane.put(None)
        for writer in writers:
            writer.join()
        if failures:
            raise failures[0]
        task.check()

    def _write(
        self,
        lane: "queue.SimpleQueue[tuple[SyncCollection, Slice] | None]",
        feed: SliceFeed,
        failures: list[BaseException],
        task: Task,
    ) -> None:
        try:
            connection = self._server.connect()
            try:
                while (item := lane.get()) is not None:
                    if failures or feed.abandoned or task.cancellation.requested:
                        return
                    self._take(connection, feed, *item)
                    self._progress(item[1], task)
            finally:
                connection.close()
        except BaseException as error:  # noqa: BLE001 - carried to run(), which raises it
            failures.append(error)

    def _progress(self, stored: Slice, task: Task) -> None:
        with self._lock:
            self._done += stored.raw_bytes
            self.total = max(self.total, self._done)
            task.report(PHASE, self._done, self.total)

    def _take(
        self, connection: WireConnection, feed: SliceFeed, collection: SyncCollection, one: Slice
    ) -> None:
        try:
            self._insert(connection, collection, one)
        except ObjectMissing:
            if not feed.forgotten(one):
                raise

    def _insert(self, connection: WireConnection, collection: SyncCollection, one: Slice) -> None:
        array = self._store.get(one)
        if _needs_apply_ops(collection.ns) or rawbson.may_hold_zero_timestamp(array):
            _apply_inserts(connection, collection, array)
        else:
            reply = connection.call(insert_command(collection.ns, array, ordered=collection.capped))
            _check_write_errors(reply, collection)
        self._built.mark(one.id)


def _needs_apply_ops(ns: str) -> bool:
    name = ns.split(".", 1)[1]
    return name.startswith("system.") and not name.startswith("system.buckets.")


def _check_write_errors(reply: bytearray, collection: SyncCollection) -> None:
    if rawbson.find(reply, b"writeErrors") is None:
        return
    errors = bson.decode(reply)["writeErrors"]
    for error in errors:
        if error["code"] != DUPLICATE_KEY or collection.capped:
            raise ApplyFailed(f"a slice was refused: {error['errmsg']}", where=collection.ns)


def _apply_inserts(connection: WireConnection, collection: SyncCollection, array: bytes) -> None:
    for batch in _batches(array):
        entries = [_insert_entry(collection, document) for document in batch]
        kept = [entry for entry in entries if entry is not None]
        if kept:
            _apply_ops(connection, collection.ns, kept)


def _batches(array: bytes) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for start, end in rawbson.documents(array):
        if batch and size + end - start > APPLY_BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(bytes(array[start:end]))
        size += end - start
    if batch:
        yield batch


def _insert_entry(collection: SyncCollection, document: bytes) -> dict[str, Any] | None:
    entry: dict[str, Any] = {"op": "i", "ns": collection.ns, "o": RawBSONDocument(document)}
    if collection.ns in MADE_BY_THE_HEAD:
        return None if bson.decode(document).get("_id") == FCV_DOCUMENT else entry
    return entry | {"ui": Binary(collection.uuid, UUID_SUBTYPE)}


def _apply_ops(connection: WireConnection, ns: str, entries: list[dict[str, Any]]) -> None:
    reply = connection.run(
        "admin",
        {"applyOps": entries, "allowAtomic": False, "alwaysUpsert": False,
         "bypassDocumentValidation": True},
    )  # fmt: skip
    if not all(reply.get("results", [True])):
        raise ApplyFailed("documents of a slice were refused", where=ns)
