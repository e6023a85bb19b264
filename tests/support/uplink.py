"""An uplink that remembers what it was given."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bson
from bson.raw_bson import RawBSONDocument

from mmsconsole import rawbson
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.metadata.tails import Tail
from mmsconsole.oplog.entry import entries
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.oplog.chunk_contents import optimes_of, up_to
from mmsconsole.stores.oplog.oplog_store import ChunkBody, OplogStore

WAIT_SECONDS = 180


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
        self.rollbacks: list[tuple[Optime, str]] = []
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

    def stored_before(self, position: Optime | None, limit: int) -> list[Optime]:
        ends = [chunk.end for chunk in self.chunks if position is None or chunk.end < position]
        return ends[::-1][:limit]

    def entries_between(self, start: Optime, end: Optime) -> list[Optime]:
        chunk = next(chunk for chunk in self.chunks if chunk.end.same_entry(end))
        return [optime for optime in optimes_of(_joined(chunk)) if optime > start]

    def roll_back(self, common: Optime, reason: str) -> None:
        with self._change():
            self.rollbacks.append((common, reason))
            behind = [chunk for chunk in self.chunks if chunk.end > common]
            self.chunks = self.chunks[: len(self.chunks) - len(behind)]
            kept = up_to(_joined(behind[0]), common) if behind else None
            if kept is not None:
                start = behind[0].start
                body = ChunkBody(start, common, kept.entries, kept.arrays, kept.wall)
                self.chunks.append(body)

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
        """Until what was recorded makes the condition true; fails after three minutes."""
        with self._changed:
            assert self._changed.wait_for(condition, WAIT_SECONDS), "it did not come"

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._changed:
            yield
            self._changed.notify_all()


class StoringUplink(RecordingUplink):
    """Keeps the chunks in an oplog store, as the engine does; `entries` are what is read back."""

    def __init__(self, store: OplogStore, deployment: str) -> None:
        super().__init__()
        self._store = store
        self._deployment = deployment

    def put_chunk(self, body: ChunkBody) -> None:
        self._store.put(self._deployment, body)
        super().put_chunk(body)

    def stored_before(self, position: Optime | None, limit: int) -> list[Optime]:
        return self._store.ends_before(self._deployment, position, limit)

    def entries_between(self, start: Optime, end: Optime) -> list[Optime]:
        return self._store.optimes(self._deployment, start, end)

    def roll_back(self, common: Optime, reason: str) -> None:
        self._store.cut_back(self._deployment, common)
        super().roll_back(common, reason)

    def entries(self) -> list[RawBSONDocument]:
        window = self._store.window(self._deployment)
        if window is None:
            return []
        stored = self._store.entries(self._deployment, window.start)
        return [RawBSONDocument(each.raw) for _, arrays in stored for each in entries(arrays)]


def _joined(chunk: ChunkBody) -> bytes:
    return b"".join(map(bytes, chunk.arrays))


def decoded(raw: list[bytes]) -> list[dict[str, object]]:
    return [bson.decode(each) for each in raw]
