"""What a running mongod of ours holds, as Content: batches as they come over the wire."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument

from mmsconsole.agent.listing import list_collections
from mmsconsole.agent.reader import Reader
from mmsconsole.agent.scan import BATCH_MAX, FIRST_BATCH, FULL_BATCH_BYTES, next_batch_size
from mmsconsole.dump.collections import (
    BUCKETS,
    COLLECTION,
    NO_OPTIONS,
    TIMESERIES,
    DumpedCollection,
)
from mmsconsole.dump.contents import Batch
from mmsconsole.errors import Refused
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.mongod.fingerprint import hash_of_collection
from mmsconsole.mongod.wire import CursorBatch, cursor_batch
from mmsconsole.rawbson import documents
from mmsconsole.restore.selecting import SYSTEM_DATABASES, USERS
from mmsconsole.task import Task

BATCH_BYTES = 10 << 20
"""About so much in one batch: what the sync's slices have been measured best with."""


class ServerContent:
    """Nobody else writes to it. Raises as HeadServer.errors does, Cancelled.

    `filters`: namespace -> a query, raw BSON; of that collection only what it finds.
    """

    where = "the restored data"

    def __init__(self, server: HeadServer, filters: Mapping[str, bytes], task: Task) -> None:
        self.server = server
        self._filters = filters
        with server.errors(), closing(self._reader()) as reader:
            self.server_version = str(reader.run("admin", {"buildInfo": 1})["version"])
            listed = list_collections(reader, "", Task(task.cancellation))
            found = [_described(reader, one) for one in listed if _goes_along(one)]
        sizes = {one.ns: one.total_bytes for one in listed}
        self.collections = tuple(
            DumpedCollection(
                one.database, one.name, one.kind, one.options, one.indexes, one.uuid,
                sizes.get(one.data_ns, 0),
            )
            for one in sorted(found, key=_turn)
        )  # fmt: skip
        self._check_filters()

    def _reader(self) -> Reader:
        return Reader("restored", self.server.connect())

    def _check_filters(self) -> None:
        plain = {one.ns for one in self.collections if one.kind == COLLECTION}
        for ns in self._filters:
            if ns not in plain:
                raise Refused("a filter is for a collection", where=ns)

    def batches(self, wanted: frozenset[str], task: Task) -> Iterator[Batch]:
        with self.server.errors(), closing(self._reader()) as reader:
            for one in self.collections:
                if one.ns not in wanted or not one.has_documents:
                    continue
                query = self._filters.get(one.ns, NO_OPTIONS)
                for array in scan(reader, one.database, one.data_name, query):
                    task.check()
                    yield Batch(one, array, -1, is_array=True)
                yield Batch(one, b"", 0, is_array=True, last=True)

    def hash_of(self, database: str, name: str) -> str:
        """dbHash's MD5 of a collection."""
        with self.server.errors():
            return hash_of_collection(self.server.client, database, name)


def scan(
    reader: Reader, database: str, name: str, query: bytes
) -> Generator[memoryview, None, None]:
    """The BSON arrays of all that `query` finds, in natural order, none of them empty. The next
    one is asked for before the last is handed on. Raises SourceError.
    """
    reader.send(database, _find(name, query))
    size = FIRST_BATCH
    while True:
        reply = reader.receive()
        batch = cursor_batch(reply)
        if batch.cursor_id:
            size = _measured(reply, batch, size)
            more = {"getMore": Int64(batch.cursor_id), "collection": name, "batchSize": size}
            reader.send(database, more)
        if not batch.empty:
            yield memoryview(reply)[batch.start : batch.end]
        if not batch.cursor_id:
            return


def _find(name: str, query: bytes) -> dict[str, Any]:
    return {
        "find": name,
        "filter": RawBSONDocument(query),
        "batchSize": FIRST_BATCH,
        "noCursorTimeout": True,  # who writes may have to wait long; it ends with its mongod
        # A filter may use an index; without one the order is that of the records.
        **({} if query != NO_OPTIONS else {"hint": {"$natural": 1}}),
    }


def _measured(reply: bytearray, batch: CursorBatch, asked: int) -> int:
    size = batch.end - batch.start
    count = asked
    if size >= FULL_BATCH_BYTES:
        count = sum(1 for _ in documents(reply, batch.start))
    return min(BATCH_MAX, next_batch_size(count, size, BATCH_BYTES))


def _goes_along(one: SyncCollection) -> bool:
    """Buckets go with their time series, views one by one."""
    database, _, name = one.ns.partition(".")
    if database in SYSTEM_DATABASES:
        return database == "admin" and name in USERS
    return not name.startswith(BUCKETS) and name != "system.views"


def _turn(one: DumpedCollection) -> tuple[bool, str, str]:
    """Users first, as mongodump has them."""
    return one.database != "admin", one.database, one.name


def _described(reader: Reader, one: SyncCollection) -> DumpedCollection:
    database, _, name = one.ns.partition(".")
    indexes = one.indexes
    if one.kind == TIMESERIES:
        indexes = tuple(
            reader.documents(database, {"listIndexes": name, "cursor": {}}, "$cmd.listIndexes")
        )
    elif one.id_index:
        indexes = (one.id_index, *indexes)
    return DumpedCollection(database, name, one.kind, one.options, indexes, one.uuid)
