"""Batches as insert commands, byte for byte, on two connections.

The insert command puts the current time in the place of a top-level Timestamp(0, 0), so such a
document is written over behind it, by an update that says it literally (kept so by 6.0.5).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Queue
from threading import Lock, Thread
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from mmsconsole.dump.contents import Batch
from mmsconsole.dump.documents import spans
from mmsconsole.errors import ApplyFailed
from mmsconsole.head.sending import DUPLICATE_KEY, NAN_IS_THERE
from mmsconsole.mongod.wire import with_array
from mmsconsole.oplog.zero_timestamps import zero_fields
from mmsconsole.rawbson import Buffer, documents, holds_zero_timestamp, may_hold_zero_timestamp
from mmsconsole.restore.live.primary import DURABLE, Primary

LANES = 2
"""Two connections keep two cores of a mongod busy; more bring nothing (measured)."""
AHEAD = 1
"""Batches that wait for a lane; each may have 16 MB."""
INSERT_SECONDS = 300.0
"""How long one batch may take at a target that is busy with other things."""
_SEQUENCE = b"\x01"
_int32 = struct.Struct("<i")


@dataclass(frozen=True, slots=True)
class Insert:
    database: str
    collection: str
    capped: bool
    batch: Batch


def insert_parts(database: str, collection: str, batch: Batch) -> list[Buffer]:
    """An insert command whose documents are the batch's, as they lie there: an array in its
    body, or a document sequence behind it (OP_MSG, kind 1).
    """
    command = {
        "insert": collection,
        "ordered": False,
        "bypassDocumentValidation": True,
        "writeConcern": DURABLE,
        "$db": database,
    }
    if batch.is_array:
        return with_array(command, b"documents", batch.data)
    length = 4 + len(b"documents\0") + len(batch.data)
    head = _SEQUENCE + _int32.pack(length) + b"documents\0"
    return [bson.encode(command), head, batch.data]


class Lanes:
    """put() from one thread; written in any order, but for capped collections."""

    def __init__(self, primary: Primary) -> None:
        self._failures: list[BaseException] = []
        self._lock = Lock()
        self._closed = False
        self._next = 0
        self.bytes = 0
        """Written, and with a majority."""
        self.documents: dict[str, int] = {}
        """By namespace: how many were written."""
        self._queues = [Queue[Insert | None](AHEAD) for _ in range(LANES)]
        self._threads = [
            Thread(target=self._run, args=(primary.another(), queue), name="live", daemon=True)
            for queue in self._queues
        ]
        for thread in self._threads:
            thread.start()

    def put(self, insert: Insert) -> None:
        """Raises what a lane has failed with."""
        self._check()
        # A capped collection remembers the order of its inserts.
        lane = 0 if insert.capped else self._next % LANES
        self._next += 1
        self._queues[lane].put(insert)

    def drain(self) -> None:
        """Until all that was put is written. Raises what a lane has failed with."""
        for queue in self._queues:
            queue.join()
        self._check()

    def close(self) -> None:
        """What waits is not written any more."""
        self._closed = True
        for queue in self._queues:
            queue.put(None)
        for thread in self._threads:
            thread.join()

    def _check(self) -> None:
        if self._failures:
            raise self._failures[0]

    def _run(self, primary: Primary, queue: "Queue[Insert | None]") -> None:
        while (insert := queue.get()) is not None:
            try:
                if not self._failures and not self._closed:
                    self._write(primary, insert)
            except BaseException as error:  # noqa: BLE001 - carried to who puts
                self._failures.append(error)
            finally:
                queue.task_done()
        queue.task_done()
        primary.close()

    def _write(self, primary: Primary, insert: Insert) -> None:
        batch = insert.batch
        ns = f"{insert.database}.{insert.collection}"
        parts = insert_parts(insert.database, insert.collection, batch)
        reply = primary.call(parts, seconds=INSERT_SECONDS)
        again = _check_errors(reply, ns)
        for document in _with_zeros(batch):
            _replace(primary, insert, document)
        with self._lock:
            self.bytes += len(batch.data)
            self.documents[ns] = self.documents.get(ns, 0) + int(reply.get("n", 0)) + again


def _check_errors(reply: dict[str, Any], ns: str) -> int:
    """How many were there from before the answer was lost. Raises ApplyFailed."""
    errors = reply.get("writeErrors", ())
    for error in errors:
        known = error.get("code") in (DUPLICATE_KEY, NAN_IS_THERE) and reply.get("sentAgain")
        if not known:
            said = str(error.get("errmsg"))[:300]
            raise ApplyFailed(f"a document was refused: {said}", where=ns)
    return len(errors)


def _with_zeros(batch: Batch) -> Iterator[bytes]:
    """The documents that the insert command did not keep as they are."""
    data = bytes(batch.data)
    if batch.is_array:
        found = documents(data) if holds_zero_timestamp(data) else ()
    else:
        found = spans(data) if may_hold_zero_timestamp(data, 0, len(data)) else ()
    for start, end in found:
        if zero_fields(data, start):
            yield data[start:end]


def _replace(primary: Primary, insert: Insert, document: bytes) -> None:
    raw = RawBSONDocument(document)
    literally = [{"$replaceWith": {"$literal": raw}}]
    update = {"q": {"_id": {"$eq": raw["_id"]}}, "u": literally}
    command = {"update": insert.collection, "updates": [update], "bypassDocumentValidation": True}
    reply = primary.write(insert.database, command)
    if reply.get("writeErrors") or reply.get("n") != 1:
        where = f"{insert.database}.{insert.collection}"
        raise ApplyFailed("a document with an empty timestamp could not be written", where=where)
