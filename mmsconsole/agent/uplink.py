"""What the agent hands over to: the engine that it runs in, later the Backup HTTP service."""

from typing import Protocol

from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.oplog.oplog_store import ChunkBody


class SliceUplink(Protocol):
    """For the initial sync. When a call returns, what it was given is durable.

    put_slice and collection_done are called from several threads at once. What they raise comes
    out of the agent's run().
    """

    def put_slice(self, collection: SyncCollection, sequence: int, array: Buffer) -> None:
        """Store a BSON array of whole documents; `sequence` is its order in the collection.

        `array` may be a view into a buffer: it is valid during the call only.
        """
        ...

    def restart_collection(self, collection: SyncCollection) -> None:
        """Forget every slice of the collection: it comes again from sequence 0."""
        ...

    def collection_done(self, collection: SyncCollection) -> None:
        """Every slice of it is stored, or the source has dropped it."""
        ...


class OplogUplink(Protocol):
    """For the tail. Everything comes from one thread."""

    def put_chunk(self, body: ChunkBody) -> None:
        """Store oplog entries that begin right behind the stored oplog's end."""
        ...

    def report_tail(self, tail: Tail) -> None: ...

    def stored_before(self, position: Optime | None, limit: int) -> list[Optime]:
        """Where the newest stored chunks end that end before `position` (None: the last ones),
        newest first, `limit` at most."""
        ...

    def entries_between(self, start: Optime, end: Optime) -> list[Optime]:
        """The entries behind `start` of the stored chunk that ends at `end`, in order.

        Raises ObjectMissing, ObjectCorrupt.
        """
        ...

    def roll_back(self, common: Optime, reason: str) -> None:
        """Nothing that was stored after `common` is the source's history any more.

        Forgetting the entries is the last step of it: if it is broken off before, the tail
        finds the same rollback again and calls it once more.
        """
        ...
