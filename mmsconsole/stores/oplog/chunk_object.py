"""An oplog chunk as an object: how it is made, and how it is read and checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt, OplogError
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.collection import new_id
from mmsconsole.optime import Optime
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.compression import Zstd, check_raw_bytes
from mmsconsole.stores.framing import CHUNK, Header, frame, optime_document, unframe
from mmsconsole.stores.objects import get_verified, plain_id, sha256_hex
from mmsconsole.stores.oplog.chunk_contents import Contents, contents_of, same_position
from mmsconsole.stores.places import Places


@dataclass(frozen=True, slots=True)
class ChunkBody:
    """What the tail hands over: the entries after `start`, up to and including `end`."""

    start: Optime
    end: Optime
    entries: int
    arrays: Sequence[Buffer]
    """BSON arrays of entries, exactly as they came in the replies, in order."""
    wall: datetime | None
    """The source's wall clock at the last entry."""


class MadeChunk(NamedTuple):
    record: OplogChunk
    parts: list[bytes]
    """Of the object that the record refers to."""


class ChunkObjects:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._zstd = Zstd(checksum=True)

    def made(
        self, deployment: str, body: ChunkBody, at: datetime, *, after_gap: bool, id_: str = ""
    ) -> MadeChunk:
        """Nothing is stored yet. Raises OplogError if the entries are not those of the body."""
        raw_bytes = check_raw_bytes(sum(memoryview(array).nbytes for array in body.arrays))
        check_fits(contents_of(map(bytes, body.arrays)), body, deployment)
        compressed = self._zstd.compress_parts(body.arrays, raw_bytes)
        header = {
            **_header(deployment, body.start, body.end, body.entries),
            "raw_bytes": raw_bytes,
            "wall": body.wall,
            "after_gap": after_gap,
        }
        parts = [frame(CHUNK, header), *compressed]
        name = new_id()
        record = OplogChunk(
            id=id_ or name,
            deployment=deployment,
            start=body.start,
            end=body.end,
            entries=body.entries,
            # The name makes the key one that nobody else writes to: a late second writer of
            # this stretch can not change the bytes under a record.
            key=f"{chunk_folder(deployment)}/{key_position(body.end)}-{name}.chunk",
            sha256=sha256_hex(parts),
            raw_bytes=raw_bytes,
            stored_bytes=sum(len(part) for part in parts),
            wall=body.wall,
            stored_at=at,
            after_gap=after_gap,
        )
        return MadeChunk(record, parts)

    def put(self, made: MadeChunk) -> None:
        self._places.of(made.record.deployment).put(made.record.key, made.parts)

    def read(self, chunk: OplogChunk) -> bytes:
        """The arrays, one after another, byte for byte. Raises ObjectMissing, ObjectCorrupt.

        Without a sha256 in its record the chunk's own checksums have to do.
        """
        storage = self._places.of(chunk.deployment)
        if not chunk.sha256:
            return self.opened(chunk, storage.get(chunk.key))
        return self.opened(chunk, get_verified(storage, chunk.key, chunk.sha256))

    def opened(self, chunk: OplogChunk, data: bytes) -> bytes:
        """The arrays in the bytes of the whole object. Raises ObjectCorrupt."""
        header, start = unframe(data, CHUNK, chunk.key)
        told = _header(chunk.deployment, chunk.start, chunk.end, chunk.entries)
        if any(header.get(name) != value for name, value in told.items()):
            raise ObjectCorrupt("holds another chunk than its record says", where=chunk.key)
        arrays = self._zstd.decompress(memoryview(data)[start:], chunk.raw_bytes, chunk.key)
        try:
            check_fits(contents_of([arrays]), chunk, chunk.deployment)
        except OplogError as error:
            raise ObjectCorrupt(f"its record is wrong: {error.what}", where=chunk.key) from error
        return arrays


def check_fits(found: Contents | None, told: ChunkBody | OplogChunk, deployment: str) -> None:
    """Raises OplogError unless the entries are those that are told of: none before, none behind."""
    if found is None:
        raise OplogError(f"a chunk up to {told.end} holds no entries", where=deployment)
    if found.first <= told.start:
        what = f"a chunk from {told.start} on begins with the entry {found.first}: an overlap"
        raise OplogError(what, where=deployment)
    if not same_position(found.last, told.end):
        what = f"a chunk up to {told.end} ends with the entry {found.last}"
        raise OplogError(what, where=deployment)
    if found.entries != told.entries:
        what = f"a chunk of {told.entries} entries holds {found.entries}"
        raise OplogError(what, where=deployment)


def chunk_folder(deployment: str) -> str:
    return f"oplog/{plain_id(deployment)}"


def key_position(position: Optime) -> str:
    """How keys begin; they sort as the positions do."""
    return f"{position.t:010d}-{position.i:010d}"


def _header(deployment: str, start: Optime, end: Optime, entries: int) -> Header:
    return {
        "deployment": deployment,
        "start": optime_document(start),
        "end": optime_document(end),
        "entries": entries,
    }
