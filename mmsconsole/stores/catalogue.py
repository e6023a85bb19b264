"""The format of a catalogue: a backup of the metadata, as an object of the store itself.

    frame (MMSCATAL)   header: engine, at, schema, and whose passwords were left out
    records            one zstd frame with checksum: BSON documents {collection, record}, one
                       after another; a record is the document as it stood in the collection
    trailer            magic (8), number of records (u64), sha256 of everything before the
                       trailer (32)

Its name tells who wrote it and when: catalogue/<engine>/<time>-<id>.catalogue. It is written and
read as a stream. A reader trusts none of its records before it has gone through all its bytes.
"""

import hashlib
import io
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import bson
import zstandard

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.rawbson import int32_at
from mmsconsole.storage.base import Storage
from mmsconsole.stores.framing import (
    CATALOGUE,
    PREFIX_BYTES,
    Header,
    content_start,
    decoded,
    frame,
    unframe,
)
from mmsconsole.stores.objects import plain_id
from mmsconsole.stores.spooled import PART_BYTES, Spool
from mmsconsole.task import Task

FOLDER = "catalogue"
KEPT = 12
"""Of one engine, in one store."""

_END = b"CATALEND"
_trailer = struct.Struct("<8sQ32s")
_TIME = "%Y%m%dT%H%M%S"
_NAME = re.compile(
    rf"{FOLDER}/([A-Za-z0-9_-]{{1,64}})/(\d{{8}}T\d{{6}})(\d{{3}})Z-[0-9a-f]{{1,64}}\.catalogue"
)

DOCUMENT_BYTES_MAX = (16 << 20) + 4096
"""Of a record with what is put around it: mongod keeps no larger ones."""
WINDOW_BYTES_MAX = 8 << 20
"""Of the decompressor's memory: a frame that wants more is not one of ours."""


@dataclass(frozen=True, slots=True)
class CatalogueName:
    """What a key tells."""

    key: str
    engine: str
    at: datetime

    @classmethod
    def of(cls, key: str) -> "CatalogueName | None":
        """None for what is not the name of a catalogue."""
        found = _NAME.fullmatch(key)
        if found is None:
            return None
        try:
            second = datetime.strptime(found[2], _TIME).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(key, found[1], second + timedelta(milliseconds=int(found[3])))


def catalogue_key(engine: str, at: datetime, id_: str) -> str:
    """The names of one engine sort as their times do."""
    millisecond = f"{at.microsecond // 1000:03d}"
    return f"{FOLDER}/{plain_id(engine)}/{at.astimezone(UTC):{_TIME}}{millisecond}Z-{id_}.catalogue"


def names_in(storage: Storage) -> list[CatalogueName]:
    """Of every catalogue in the store, newest first."""
    found = (CatalogueName.of(stored.key) for stored in storage.list(FOLDER))
    return sorted((name for name in found if name), key=lambda n: (n.at, n.key), reverse=True)


def next_time(now: datetime, names: Iterable[CatalogueName]) -> datetime:
    """The time for the next name: behind all others, also after the clock was set back. Pure."""
    newest = max((name.at for name in names), default=None)
    return now if newest is None or now > newest else newest + timedelta(milliseconds=1)


def surplus(names: Sequence[CatalogueName], engine: str, keep: int = KEPT) -> list[CatalogueName]:
    """Those of the engine's that are not its newest ones; never another engine's. Pure."""
    own = [name for name in names if name.engine == engine]
    return sorted(own, key=lambda name: (name.at, name.key), reverse=True)[keep:]


class CatalogueWriter:
    """Collects records; a context manager. Nothing is stored before store()."""

    def __init__(self, header: Header) -> None:
        self.records = 0
        self._spool = Spool("a catalogue")
        self._sha256 = hashlib.sha256()
        self._zstd = zstandard.ZstdCompressor(write_checksum=True).compressobj()
        self._write(frame(CATALOGUE, header))

    def __enter__(self) -> "CatalogueWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spool.close()

    def add(self, collection: str, record: Any) -> None:
        """`record`: a document, raw or not."""
        self._write(self._zstd.compress(bson.encode({"collection": collection, "record": record})))
        self.records += 1

    def store(self, storage: Storage, key: str) -> int:
        """Durable on return; returns its bytes. Raises DiskFull, StorageError."""
        self._write(self._zstd.flush())
        self._write(_trailer.pack(_END, self.records, self._sha256.digest()))
        return storage.put(key, self._spool)

    def _write(self, data: bytes) -> None:
        self._spool.write(data)
        self._sha256.update(data)


class Catalogue:
    """One that is whole: every byte of it has been read once."""

    def __init__(
        self, storage: Storage, name: CatalogueName, header: Header, content: range, count: int
    ) -> None:
        self.name = name
        self.header = header
        self._storage = storage
        self._content = content
        self._count = count

    @classmethod
    def open(cls, storage: Storage, name: CatalogueName, task: Task) -> "Catalogue":
        """Raises ObjectMissing, ObjectCorrupt."""
        key = name.key
        end = storage.size(key) - _trailer.size
        if end < PREFIX_BYTES:
            raise ObjectCorrupt("too short to be a catalogue", where=key)
        magic, count, digest = _trailer.unpack(storage.get_range(key, end, _trailer.size))
        if magic != _END:
            raise ObjectCorrupt("does not end like a catalogue", where=key)
        start = content_start(storage.get_range(key, 0, PREFIX_BYTES), CATALOGUE, key)
        if start > end:
            raise ObjectCorrupt("its header does not fit into it", where=key)
        header = unframe(storage.get_range(key, 0, start), CATALOGUE, key).header
        whole = hashlib.sha256()
        for at in range(0, end, PART_BYTES):
            task.check()
            whole.update(storage.get_range(key, at, min(PART_BYTES, end - at)))
        if whole.digest() != digest:
            raise ObjectCorrupt("its bytes differ from its sha256", where=key)
        return cls(storage, name, header, range(start, end), count)

    def records(self) -> Iterator[tuple[str, Header]]:
        """(collection, record), in the order in which they were written. Raises ObjectCorrupt."""
        count = 0
        for count, data in enumerate(self._documents(), 1):  # noqa: B007 - used below
            found = decoded(data, self.name.key)
            collection, record = found.get("collection"), found.get("record")
            if not isinstance(collection, str) or not isinstance(record, dict):
                raise ObjectCorrupt("holds something that is not a record", where=self.name.key)
            yield collection, record
        if count != self._count:
            raise ObjectCorrupt("has another number of records than it counts", where=self.name.key)

    def _documents(self) -> Iterator[bytes]:
        pages: Any = _Pages(self._storage, self.name.key, self._content)
        zstd = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        try:
            with zstd.stream_reader(pages, read_size=PART_BYTES) as stream:
                while head := self._exactly(stream, 4, may_end=True):
                    length = int32_at(head, 0)
                    if not 5 <= length <= DOCUMENT_BYTES_MAX:
                        raise ObjectCorrupt(f"has a record of {length} bytes", where=self.name.key)
                    yield head + self._exactly(stream, length - 4)
        except zstandard.ZstdError as error:
            what = "its compressed content is damaged"
            raise ObjectCorrupt(what, where=self.name.key) from error

    def _exactly(self, stream: Any, length: int, *, may_end: bool = False) -> bytes:
        data = b""
        while len(data) < length:
            more: bytes = stream.read(length - len(data))
            if not more:
                break
            data += more
        if len(data) == length or (may_end and not data):
            return data
        raise ObjectCorrupt("is cut off inside of a record", where=self.name.key)


class _Pages(io.RawIOBase):
    """A stretch of an object, read once from its beginning, as a file."""

    def __init__(self, storage: Storage, key: str, stretch: range) -> None:
        self._storage = storage
        self._key = key
        self._left = stretch

    def read(self, size: int = -1) -> bytes:
        length = min(size if size >= 0 else PART_BYTES, len(self._left))
        if not length:
            return b""
        data = self._storage.get_range(self._key, self._left.start, length)
        self._left = self._left[length:]
        return data
