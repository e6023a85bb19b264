"""An uplink that remembers what it was given."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bson
from bson.raw_bson import RawBSONDocument

from mmsconsole import rawbson
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.oplog import ChunkBody

WAIT_SECONDS = 60


def documents_of(array: Buffer) -> list[bytes]:
    data = bytes(array)
    return [data[start:end] for start, end in rawbson.documents(data)]


class RecordingUplink:
    """Implements mmsconsole.agent.uplink.Uplink in memory.

    `before_slice` and `before_chunk` are called before a slice or a chunk is taken: a test puts
    its mischief there. The agent reads no further than a few slices meanwhile.
    """

    def __init__(self) -> None:
        self.slices: dict[str, dict[int, bytes]] = {}
        """By the collection's id, then by sequence."""
        self.done: list[str] = []
        """Namespaces."""
        self.restarted: list[str] = []
        self.chunks: list[ChunkBody] = []
        self.tails: list[Tail] = []
        self.before_slice: Callable[[SyncCollection, int], None] = lambda collection, n: None
        self.before_chunk: Callable[[ChunkBody], None] = lambda body: None
        self._changed = threading.Condition()
        self._one_slice = threading.Lock()

    # -- the protocol

    def put_slice(self, collection: SyncCollection, sequence: int, array: Buffer) -> None:
        with self._one_slice:
            self.before_slice(collection, sequence)
        with self._change():
            self.slices.setdefault(collection.id, {})[sequence] = bytes(array)

    def restart_collection(self, collection: SyncCollection) -> None:
        with self._change():
            self.slices.pop(collection.id, None)
            self.restarted.append(collection.ns)

    def collection_done(self, collection: SyncCollection) -> None:
        with self._change():
            self.done.append(collection.ns)

    def put_chunk(self, body: ChunkBody) -> None:
        self.before_chunk(body)
        with self._change():
            self.chunks.append(body)

    def report_tail(self, tail: Tail) -> None:
        with self._change():
            self.tails.append(tail)

    # -- what tests ask

    def documents(self, collection: SyncCollection) -> list[bytes]:
        """Those of the collection's slices, in order of their sequence, raw."""
        slices = self.slices.get(collection.id, {})
        assert sorted(slices) == list(range(len(slices)))
        return [raw for sequence in sorted(slices) for raw in documents_of(slices[sequence])]

    def entries(self) -> list[RawBSONDocument]:
        """The oplog entries of all chunks."""
        return [
            RawBSONDocument(raw)
            for chunk in self.chunks
            for array in chunk.arrays
            for raw in documents_of(array)
        ]

    def inserted(self, ns: str) -> list[object]:
        """The _ids that the stored oplog inserts into a namespace, in order."""
        return [e["o"]["_id"] for e in self.entries() if e["op"] == "i" and e["ns"] == ns]

    @property
    def end(self) -> Optime | None:
        return self.chunks[-1].end if self.chunks else None

    def wait(self, condition: Callable[[], bool]) -> None:
        """Until what was recorded makes the condition true; fails after a minute."""
        with self._changed:
            assert self._changed.wait_for(condition, WAIT_SECONDS), "it did not come"

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._changed:
            yield
            self._changed.notify_all()


def decoded(raw: list[bytes]) -> list[dict[str, object]]:
    return [bson.decode(each) for each in raw]
