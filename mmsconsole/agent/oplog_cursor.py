"""A tailable cursor on a member's oplog: raw batches of majority-committed entries."""

from typing import Any, NamedTuple

from bson.int64 import Int64

from mmsconsole.agent.reader import Reader
from mmsconsole.errors import SourceUnreachable
from mmsconsole.mongod.wire import cursor_batch
from mmsconsole.optime import Optime

DATABASE, COLLECTION = "local", "oplog.rs"
EMPTY_ARRAY_BYTES = 5


class OplogBatch(NamedTuple):
    """reply[start:end] is the BSON array of entries; it may be empty."""

    reply: bytearray
    start: int
    end: int

    @property
    def bytes(self) -> int:
        return self.end - self.start

    @property
    def empty(self) -> bool:
        return self.bytes == EMPTY_ARRAY_BYTES


class OplogCursor:
    """Ask and receive take turns; the first question has been asked when it is made."""

    def __init__(self, reader: Reader, since: Optime) -> None:
        """From the entry at `since` on, that one included."""
        self._reader = reader
        self._id = 0
        self._asked = True
        reader.send(DATABASE, {
            "find": COLLECTION,
            "filter": {"ts": {"$gte": since.timestamp}},
            "tailable": True,
            "awaitData": True,
            "readConcern": {"level": "majority"},
        })  # fmt: skip

    def ask(self, await_seconds: float) -> None:
        """The source answers at once if there is something, else after `await_seconds`."""
        command: dict[str, Any] = {
            "getMore": Int64(self._id),
            "collection": COLLECTION,
            "maxTimeMS": max(1, int(await_seconds * 1000)),
        }
        self._reader.send(DATABASE, command)
        self._asked = True

    def receive(self) -> OplogBatch:
        """Raises SourceUnreachable, also where the cursor ended, and CommandFailed."""
        self._asked = False
        reply = self._reader.receive()
        batch = cursor_batch(reply)
        self._id = batch.cursor_id
        return OplogBatch(reply, batch.start, batch.end)

    def check_open(self) -> None:
        if not self._id:
            raise SourceUnreachable("ended the cursor on its oplog", where=self._reader.host)

    def close(self) -> None:
        """End it in the source, too, if that can be done without harm."""
        if self._id:
            self._reader.end_cursor(DATABASE, COLLECTION, self._id, asked=self._asked)
            self._id = 0
