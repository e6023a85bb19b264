"""The uplink of an agent that runs inside the engine: straight into the stores."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from mmsconsole.errors import MmsError, StorageError
from mmsconsole.metadata.syncs import Slice, SyncCollection
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

RollBack = Callable[[Optime, str], None]
"""What OplogUplink.roll_back does; it needs the head, too."""


class SliceReceiver(Protocol):
    """Who builds the head while slices still come in."""

    def add(self, collection: SyncCollection, stored: Slice) -> None: ...

    def restart(self, collection: SyncCollection) -> None: ...

    def done(self, collection: SyncCollection) -> None: ...


class OplogIngest:
    """The tail's half: chunks into the oplog store; `arrived` is set after each."""

    def __init__(self, resources: Resources, deployment: str, roll_back: RollBack) -> None:
        self._resources = resources
        self._deployment = deployment
        self._roll_back = roll_back
        self.arrived = threading.Event()
        self.after_gap = False
        """The next chunk begins a new stretch of oplog: what lies before it is not known."""
        self.failure: MmsError | None = None
        """Why no more oplog will come."""
        self.interruption: MmsError | None = None
        """Why nobody may work with what is stored just now."""
        self._unstored = ""
        """Why the last chunk was not stored."""

    def check(self) -> None:
        """For who waits for some. Raises what keeps it from coming."""
        for error in (self.failure, self.interruption):
            if error is not None:
                raise error

    def put_chunk(self, body: ChunkBody) -> None:
        store = self._resources.oplog_store
        try:
            store.put(self._deployment, body, after_gap=self.after_gap)
        except StorageError as error:
            self._unstored = str(error)
            raise
        self._unstored = ""
        self.after_gap = False
        self.arrived.set()

    def report_tail(self, tail: Tail) -> None:
        """That the source is read again is no end of a store's trouble: a stored chunk is."""
        if self._unstored and not tail.error:
            tail = replace(tail, member="", error=self._unstored, unstored=True)
        self._resources.metadata.tails.report(tail)
        self.arrived.set()

    def stored_before(self, position: Optime | None, limit: int) -> list[Optime]:
        return self._resources.oplog_store.ends_before(self._deployment, position, limit)

    def entries_between(self, start: Optime, end: Optime) -> list[Optime]:
        return self._resources.oplog_store.optimes(self._deployment, start, end)

    def roll_back(self, common: Optime, reason: str) -> None:
        self._roll_back(common, reason)
        self.arrived.set()


class SliceIngest:
    """The initial sync's half: slices into the sync store, and on to who builds the head."""

    def __init__(self, resources: Resources, head: str, receiver: SliceReceiver) -> None:
        self._resources = resources
        self._head = head
        self._receiver = receiver

    def put_slice(self, collection: SyncCollection, sequence: int, array: Buffer) -> None:
        stored = self._resources.sync_store.put(self._head, collection, sequence, array)
        self._receiver.add(collection, stored)

    def restart_collection(self, collection: SyncCollection) -> None:
        self._receiver.restart(collection)
        self._resources.sync_store.drop_collection(self._head, collection.id, Task())

    def collection_done(self, collection: SyncCollection) -> None:
        self._resources.metadata.sync_collections.set(collection.id, done=True)
        self._receiver.done(collection)
