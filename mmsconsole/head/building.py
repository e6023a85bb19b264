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
import threading
from collections.abc import Iterator

import bson

from mmsconsole import rawbson
from mmsconsole.clock import Clock
from mmsconsole.errors import CommandFailed, ObjectMissing
from mmsconsole.head.batch import Batch, alone
from mmsconsole.head.busy import Pauses, refused
from mmsconsole.head.creating import MADE_BY_THE_HEAD
from mmsconsole.head.sending import DUPLICATE_KEY, NAN_IS_THERE
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.syncs import Slice, SyncCollection
from mmsconsole.mongod.wire import DECODING, WireConnection, with_array
from mmsconsole.oplog.operation import operation
from mmsconsole.oplog.zero_timestamps import setting_zeros, zero_fields
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.sync import SyncStore
from mmsconsole.task import Task

PHASE = "building"
WRITERS = 2
"""Two connections keep two cores of the head's mongod busy; more bring nothing (measured)."""

BUILT = "mmsconsole_built"
FCV_DOCUMENT = "featureCompatibilityVersion"


def insert_command(ns: str, array: bytes, *, ordered: bool) -> list[Buffer]:
    """The parts of an insert command whose documents are `array`, byte for byte."""
    database, name = ns.split(".", 1)
    command = {"insert": name, "ordered": ordered, "bypassDocumentValidation": True}
    return with_array({**command, "$db": database}, b"documents", array)


class BuiltSlices:
    """Which slices are in the head: one small document each, in its local database."""

    def __init__(self, server: HeadServer) -> None:
        self._collection = server.client.local[BUILT]
        self._server = server

    def ids(self) -> set[str]:
        with self._server.errors():
            return {document["_id"] for document in self._collection.find({}, {"_id": 1})}

    def mark(self, slice_id: str) -> None:
        """mongod journals in order: a mark that survives a crash has its documents before it."""
        with self._server.errors():
            self._collection.replace_one({"_id": slice_id}, {}, upsert=True)

    def drop(self) -> None:
        with self._server.errors():
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

    def __init__(self, server: HeadServer, store: SyncStore, clock: Clock) -> None:
        self._server = server
        self._store = store
        self._clock = clock
        self._built = BuiltSlices(server)
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
            threading.Thread(
                target=self._write, args=(lane, feed, failures, task), name="build", daemon=True
            )
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
        pauses = Pauses(self._clock, task)
        try:
            with self._server.errors(), self._server.connect() as connection:
                while (item := lane.get()) is not None:
                    if failures or feed.abandoned or task.cancellation.requested:
                        return
                    self._take(connection, pauses, feed, *item)
                    self._progress(item[1], task)
        except BaseException as error:  # noqa: BLE001 - carried to run(), which raises it
            failures.append(error)

    def _progress(self, stored: Slice, task: Task) -> None:
        with self._lock:
            self._done += stored.raw_bytes
            self.total = max(self.total, self._done)
            task.report(PHASE, self._done, self.total)

    def _take(
        self, connection: WireConnection, pauses: Pauses, feed: SliceFeed,
        collection: SyncCollection, one: Slice,
    ) -> None:  # fmt: skip
        try:
            if collection.capped:  # what it has taken of the slice would come twice
                self._insert(connection, collection, one)
            else:
                pauses.until_done(lambda: self._insert(connection, collection, one))
        except ObjectMissing:
            if not feed.forgotten(one):
                raise

    def _insert(self, connection: WireConnection, collection: SyncCollection, one: Slice) -> None:
        array = self._store.get(one)
        if _needs_apply_ops(collection.ns) or rawbson.holds_zero_timestamp(array):
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
    errors = bson.decode(reply, DECODING)["writeErrors"]
    for error in errors:
        if error["code"] not in (DUPLICATE_KEY, NAN_IS_THERE) or collection.capped:
            what = f"a slice was refused: {error['errmsg']}"
            raise refused(what, error["code"], where=collection.ns)


def _apply_inserts(connection: WireConnection, collection: SyncCollection, array: bytes) -> None:
    batch = Batch()
    for entry in map(alone, _operations(collection, array)):
        if not batch.add(entry):
            _apply(connection, collection, batch)
            batch = Batch()
            batch.add(entry)
    if batch:
        _apply(connection, collection, batch)


def _operations(collection: SyncCollection, array: bytes) -> Iterator[bytes]:
    ns = collection.ns.encode()
    for start, end in rawbson.documents(array):
        inserting = _insert_operation(collection, array[start:end])
        if inserting is None:
            continue
        yield inserting
        if zeros := zero_fields(array, start):
            # The document may be there from before a crash: then applyOps replaces them too.
            yield setting_zeros(ns, collection.uuid, array, start, zeros)


def _insert_operation(collection: SyncCollection, document: bytes) -> bytes | None:
    """Raw, as an oplog entry without a time; None for what the head has by itself."""
    made_by_the_head = collection.ns in MADE_BY_THE_HEAD
    if made_by_the_head and bson.decode(document, DECODING).get("_id") == FCV_DOCUMENT:
        return None
    uuid = b"" if made_by_the_head else collection.uuid
    return operation(b"i", collection.ns.encode(), uuid, document)


def _apply(connection: WireConnection, collection: SyncCollection, batch: Batch) -> None:
    try:
        connection.call(batch.command)
    except CommandFailed as error:
        what = f"documents of a slice were refused: {error.what}"
        raise refused(what, error.server_code, where=collection.ns) from error
