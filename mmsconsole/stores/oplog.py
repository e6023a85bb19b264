"""The oplog store: a deployment's oplog as chunks, each beginning where the last one ended."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mmsconsole.clock import Clock
from mmsconsole.errors import AlreadyExists, ObjectCorrupt, OplogError, StorageError, UsageError
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.stores.compression import Zstd, check_raw_bytes
from mmsconsole.stores.framing import CHUNK, Header, frame, optime_document, unframe
from mmsconsole.stores.objects import delete_below, get_verified, plain_id, sha256_hex
from mmsconsole.task import Task

PAGE = 256
"""Chunk records that are fetched at one time: a slow reader holds no cursor open."""


@dataclass(frozen=True, slots=True)
class ChunkBody:
    """What the tail hands over: the entries after `start`, up to and including `end`."""

    start: Optime
    end: Optime
    entries: int
    arrays: list[Buffer]
    """BSON arrays of entries, exactly as they came in the replies, in order."""
    wall: datetime | None
    """The source's wall clock at the last entry."""


@dataclass(frozen=True, slots=True)
class StoredOplog:
    """An unbroken stretch of stored oplog: the entries after `start`, up to and including `end`."""

    start: Optime
    end: Optime


class OplogStore:
    def __init__(self, storage: Storage, metadata: Metadata, clock: Clock) -> None:
        self._storage = storage
        self._chunks = metadata.chunks
        self._clock = clock
        self._zstd = Zstd(checksum=True)

    def put(self, deployment_id: str, body: ChunkBody, *, after_gap: bool = False) -> OplogChunk:
        """Store a chunk behind the last one; durable on return.

        It must start with the very entry that the last chunk ended with, else OplogError.
        `after_gap` allows a start beyond that end: for the tail of a new initial sync, when the
        source's oplog no longer reaches the stored one. The same chunk once more is no error.
        """
        if body.end <= body.start:
            raise UsageError(f"a chunk from {body.start} to {body.end} holds nothing")
        last = self._chunks.last(deployment_id)
        if last is not None and _same_chunk(last, body):
            return last
        continues = last is not None and _same_position(last.end, body.start)
        if last is not None and not continues:
            _check_gap(deployment_id, last.end, body.start, after_gap)
        chunk, parts = self._made(deployment_id, body, after_gap=not continues)
        self._storage.put(chunk.key, parts)
        return self._recorded(chunk)

    def read(self, chunk: OplogChunk) -> bytes:
        """The arrays, one after another, byte for byte. Raises ObjectMissing, ObjectCorrupt."""
        data = get_verified(self._storage, chunk.key, chunk.sha256)
        header, start = unframe(data, CHUNK, chunk.key)
        if any(header.get(name) != value for name, value in _range(chunk).items()):
            raise ObjectCorrupt("holds another chunk than its record says", where=chunk.key)
        return self._zstd.decompress(memoryview(data)[start:], chunk.raw_bytes, chunk.key)

    def entries(self, deployment_id: str, after: Optime) -> Iterator[tuple[OplogChunk, bytes]]:
        """The chunks that hold entries after `after`, in order, each with its arrays.

        The first one may begin with entries that are not after it. Ends with what is stored.
        Raises OplogError where a stretch is missing, naming it.
        """
        for chunk in self.chunks(deployment_id, after):
            yield chunk, self.read(chunk)

    def chunks(self, deployment_id: str, after: Optime) -> Iterator[OplogChunk]:
        """The records of the same chunks, with the same check, unread."""
        reached, exact = after, False
        while page := list(self._chunks.after(deployment_id, reached, limit=PAGE)):
            for chunk in page:
                _check_reaches(deployment_id, reached, chunk, exact=exact)
                yield chunk
                reached, exact = chunk.end, True

    def window(self, deployment_id: str) -> StoredOplog | None:
        """The newest unbroken stretch: the one that is being continued."""
        stretches = self.windows(deployment_id)
        return stretches[-1] if stretches else None

    def windows(self, deployment_id: str) -> list[StoredOplog]:
        """Every unbroken stretch, oldest first: a resync may begin a new one."""
        first = self._chunks.first(deployment_id)
        last = self._chunks.last(deployment_id)
        if first is None or last is None:
            return []
        gaps = [chunk for chunk in self._chunks.gaps(deployment_id) if chunk.end > first.end]
        ends = [self._chunks.ending_by(deployment_id, chunk.start) for chunk in gaps]
        return [
            StoredOplog(begin.start, (end or last).end)
            for begin, end in zip([first, *gaps], [*ends, last], strict=True)
        ]

    def drop(self, deployment_id: str, task: Task) -> None:
        """Forget every chunk of a deployment, recorded or left behind by a crash."""
        self._chunks.drop(deployment_id)
        delete_below(self._storage, _folder(deployment_id), task)

    def _made(
        self, deployment_id: str, body: ChunkBody, *, after_gap: bool
    ) -> tuple[OplogChunk, list[bytes]]:
        raw_bytes = check_raw_bytes(sum(memoryview(array).nbytes for array in body.arrays))
        id_ = new_id()
        compressed = self._zstd.compress_parts(body.arrays, raw_bytes)
        header = {
            "deployment": deployment_id,
            "start": optime_document(body.start),
            "end": optime_document(body.end),
            "entries": body.entries,
            "raw_bytes": raw_bytes,
            "wall": body.wall,
            "after_gap": after_gap,
        }
        parts = [frame(CHUNK, header), *compressed]
        chunk = OplogChunk(
            id=id_,
            deployment=deployment_id,
            start=body.start,
            end=body.end,
            entries=body.entries,
            # The id makes the key one that nobody else writes to: a late second writer of this
            # stretch can not change the bytes under a record.
            key=f"{_folder(deployment_id)}/{body.end.t:010d}-{body.end.i:010d}-{id_}.chunk",
            sha256=sha256_hex(parts),
            raw_bytes=raw_bytes,
            stored_bytes=sum(len(part) for part in parts),
            wall=body.wall,
            stored_at=self._clock.now(),
            after_gap=after_gap,
        )
        return chunk, parts

    def _recorded(self, chunk: OplogChunk) -> OplogChunk:
        try:
            return self._chunks.add(chunk)
        except AlreadyExists as error:
            # Only tidiness: nothing refers to it, and the error below tells what matters.
            with suppress(StorageError):
                self._storage.delete(chunk.key)
            raise OplogError(
                f"somebody else has stored the oplog from {chunk.start} on", where=chunk.deployment
            ) from error


def _folder(deployment_id: str) -> str:
    return f"oplog/{plain_id(deployment_id)}"


def _range(chunk: OplogChunk) -> Header:
    return {
        "deployment": chunk.deployment,
        "start": optime_document(chunk.start),
        "end": optime_document(chunk.end),
    }


def _same_position(a: Optime, b: Optime) -> bool:
    """Whether both name one entry; a term that is not known (-1) can not contradict."""
    return a == b and (a.term == b.term or -1 in (a.term, b.term))


def _same_chunk(chunk: OplogChunk, body: ChunkBody) -> bool:
    return chunk.start.same_entry(body.start) and chunk.end.same_entry(body.end)


def _check_gap(deployment_id: str, end: Optime, start: Optime, after_gap: bool) -> None:
    if start == end:
        raise OplogError(
            f"the stored oplog ends at {end} in term {end.term}, "
            f"the chunk starts there in term {start.term}: the source has rolled back",
            where=deployment_id,
        )
    if not after_gap or start < end:
        raise OplogError(
            f"the stored oplog ends at {end}, the chunk starts at {start}", where=deployment_id
        )


def _check_reaches(deployment_id: str, reached: Optime, chunk: OplogChunk, *, exact: bool) -> None:
    """`exact`: `reached` is the end of the chunk before, so this one starts right there."""
    fits = _same_position(reached, chunk.start) if exact else chunk.start <= reached
    if not fits:
        raise OplogError(
            f"the stored oplog has a gap: nothing between {reached} and {chunk.start}",
            where=deployment_id,
        )
