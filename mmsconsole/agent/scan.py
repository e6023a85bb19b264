"""One collection read from beginning to end, in batches that nobody looks into.

The collection is named by its UUID, so that it is found again when it was renamed. With a
resume token a scan goes on where another one ended: on the same running mongod only, for a
record's id belongs to one member's files.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from bson.binary import UUID_SUBTYPE, Binary
from bson.int64 import Int64

from mmsconsole import rawbson
from mmsconsole.agent.reader import Reader, cursor_value
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.mongod.wire import CursorBatch, cursor_batch

FIRST_BATCH = 1000
"""Documents of the first batch: their size is not known yet."""
BATCH_MAX = 100_000
"""Documents that one insert command takes."""
FULL_BATCH_BYTES = 15 << 20
"""From here on the server may have ended the batch at its 16 MB, not at batchSize."""


@dataclass(frozen=True, slots=True)
class ResumeToken:
    """Behind which record to go on, and the mongod process that this holds for."""

    process_id: str
    token: Mapping[str, Any]


def next_batch_size(documents: int, array_bytes: int, slice_bytes: int) -> int:
    """How many documents of the size just seen make a slice. Pure."""
    return max(1, min(BATCH_MAX, slice_bytes * documents // max(array_bytes, 1)))


class CollectionScan:
    """One cursor. The next batch is asked for before the last one is handed on."""

    def __init__(
        self,
        reader: Reader,
        collection: SyncCollection,
        slice_bytes: int,
        resume: ResumeToken | None = None,
    ) -> None:
        self.resume = resume
        """Behind the last batch that was handed on; None before the first."""
        self._reader = reader
        self._database = collection.ns.partition(".")[0]
        self._uuid = Binary(collection.uuid, UUID_SUBTYPE)
        self._slice_bytes = slice_bytes
        self._batch_size = FIRST_BATCH

    def batches(self) -> Generator[memoryview, None, None]:
        """The BSON arrays as they came, none of them empty.

        Close the iterator when leaving it early: that ends the cursor in the source. Raises
        CommandFailed and SourceUnreachable.
        """
        self._reader.send(self._database, self._find())
        while True:
            reply = self._reader.receive()
            batch = cursor_batch(reply)
            if batch.cursor_id:
                self._batch_size = self._measured(reply, batch)
                self._reader.send(self._database, self._more(reply, batch.cursor_id))
            token = cursor_value(reply, b"postBatchResumeToken")
            self.resume = ResumeToken(self._reader.process_id, token) if token else self.resume
            if not batch.empty:
                yield from self._handed_on(reply, batch)
            if not batch.cursor_id:
                return

    def _handed_on(self, reply: bytearray, batch: CursorBatch) -> Generator[memoryview, None, None]:
        try:
            yield memoryview(reply)[batch.start : batch.end]
        except GeneratorExit:
            if batch.cursor_id:
                name = collection_name(reply)
                self._reader.end_cursor(self._database, name, batch.cursor_id, asked=True)
            raise

    def _find(self) -> dict[str, Any]:
        command: dict[str, Any] = {
            "find": self._uuid,
            "hint": {"$natural": 1},
            "batchSize": self._batch_size,
            "readConcern": {"level": "majority"},
            "$_requestResumeToken": True,
        }
        return command | ({"$_resumeAfter": self.resume.token} if self.resume else {})

    def _more(self, reply: bytearray, cursor_id: int) -> dict[str, Any]:
        """getMore wants the name that the collection had when its cursor was made."""
        name = collection_name(reply)
        return {"getMore": Int64(cursor_id), "collection": name, "batchSize": self._batch_size}

    def _measured(self, reply: bytearray, batch: CursorBatch) -> int:
        array_bytes = batch.end - batch.start
        documents = self._batch_size
        if array_bytes >= FULL_BATCH_BYTES:
            documents = sum(1 for _ in rawbson.documents(reply, batch.start))
        return next_batch_size(documents, array_bytes, self._slice_bytes)


def collection_name(reply: bytearray) -> str:
    return str(cursor_value(reply, b"ns")).partition(".")[2]
