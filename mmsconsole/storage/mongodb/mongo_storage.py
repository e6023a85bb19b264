"""Objects in a database of a MongoDB replica set, as parts below an entry.

Every write is acknowledged by a majority, journaled, and every read is of what a majority has. A
new primary does not know at once how far that is, and may miss what its predecessor acknowledged.
So an entry is read with the read concern "linearizable", and a listing begins with such a read: it
ends when a majority has everything that was acknowledged before, by whomever.

The entry is written after the last part: before that there is no object. A put over an object
that is there swaps the entry, and then removes the parts of the old version.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pymongo
from bson import ObjectId
from pymongo import MongoClient, ReturnDocument
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from mmsconsole.errors import ObjectCorrupt, ObjectMissing, StorageError, StorageRefused
from mmsconsole.storage.base import Buffer, StoredObject
from mmsconsole.storage.keys import check_key, is_key
from mmsconsole.storage.mongodb.entry import Entry, crc_of, entry_of, new_version, parts_of
from mmsconsole.storage.mongodb.failures import mongo_errors
from mmsconsole.storage.pieces import pieces
from mmsconsole.threads import in_order

PART_BYTES = 512 << 10
"""Measured with packs of 32 MB (docs/storage.md): larger parts are no faster, and a range reads
whole parts."""
PARALLEL = 4
"""Parts that one put or get has under way."""
PARTS_OF_A_READ = 8
LIST_PAGE = 1000
"""In one answer: a cursor would not outlive its server."""
READS_MAX = 3
"""A read begins anew when its object was replaced meanwhile, but not for ever."""

PUT_HOURS_MAX = 6
SWEEP_AFTER = timedelta(hours=24)
"""Parts without an entry are left alone for so long: their write may still be going on. By the
server's time on both sides, and no put ends that has taken longer than PUT_HOURS_MAX."""
CLEAN_UP_SECONDS = 5.0
"""A put that has failed does not wait longer for its parts to go: a sweep takes what is left."""


class MongoStorage:
    """`client` is of the whole replica set. Any number of threads and processes may share it."""

    def __init__(
        self, client: "MongoClient[dict[str, Any]]", database: str, timeout_seconds: float
    ) -> None:
        self._client = client
        self._timeout = timeout_seconds
        self._database = client.get_database(
            database,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern("majority", wtimeout=int(timeout_seconds * 1000), j=True),
        )
        self._objects = self._database["objects"]
        self._parts = self._database["parts"]
        self._newest = self._objects.with_options(read_concern=ReadConcern("linearizable"))

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        version = new_version(self._server_time(check_key(key)))
        try:
            entry = self._put_parts(key, version, parts)
            self._check_in_time(entry)
        except BaseException:
            self._remove_parts(version, min(CLEAN_UP_SECONDS, self._timeout))
            raise
        # From here on the parts stay, whatever happens: the server may have taken the entry.
        replaced = self._put_entry(entry)
        if replaced is not None:
            self._remove_parts(replaced, self._timeout)
        return entry.size

    def get(self, key: str) -> bytes:
        return self._read(key, lambda entry: (0, entry.size))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._read(key, lambda _: (offset, offset + length))

    def size(self, key: str) -> int:
        return self._entry(key).size

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        bounds: dict[str, Any] = {"$gte": ""}
        if prefix:
            folder = check_key(prefix.rstrip("/"))
            bounds = {"$gt": f"{folder}/", "$lt": f"{folder}0"}  # "0" comes after "/"
        if after > bounds.get("$gt", ""):
            bounds["$gt"] = after
        with self._asking("listing"):
            self._newest.find_one({"_id": ""}, ["_id"])
        while page := self._page(bounds):
            for document in page:
                # What has another kind of name is nothing that was put.
                if is_key(document["_id"]):
                    yield StoredObject(document["_id"], int(document["bytes"]))
            bounds = {**bounds, "$gt": page[-1]["_id"]}

    def delete(self, key: str) -> None:
        with self._asking(check_key(key)):
            entry = self._objects.find_one_and_delete({"_id": key}, projection=["version"])
        if entry is not None:
            self._remove_parts(entry["version"], self._timeout)

    def free_bytes(self) -> int | None:
        with self._asking("free space"):
            told = self._database.command("dbStats")
        total, used = told.get("fsTotalSize"), told.get("fsUsedSize")
        return None if total is None or used is None else int(total - used)

    def sweep(self) -> int:
        """Remove what writes that died have left. Others may write meanwhile. Returns how many."""
        before = new_version(self._server_time("sweep") - SWEEP_AFTER)
        with self._asking("sweep"):
            self._objects.create_index("version")
        swept = 0
        for version in self._versions_before(before):
            if not self._has_entry(version):
                self._remove_parts(version, self._timeout)
                swept += 1
        return swept

    # Writing

    def _put_parts(self, key: str, version: ObjectId, parts: Iterable[Buffer]) -> Entry:
        size = 0

        def counted() -> Iterator[tuple[int, bytearray]]:
            nonlocal size
            for number, piece in enumerate(pieces(parts, PART_BYTES)):
                size += len(piece)
                yield number, piece

        write = partial(self._put_part, key, version)
        with closing(in_order(write, counted(), PARALLEL, PARALLEL)) as crcs:
            together = b"".join(crcs)
        return Entry(key, size, version, PART_BYTES, together)

    def _put_part(self, key: str, version: ObjectId, numbered: tuple[int, bytearray]) -> bytes:
        number, piece = numbered
        with self._asking(key):
            self._parts.insert_one({"_id": {"v": version, "n": number}, "data": bytes(piece)})
        return crc_of(piece)

    def _check_in_time(self, entry: Entry) -> None:
        taken = self._server_time(entry.key) - entry.version.generation_time
        if taken > timedelta(hours=PUT_HOURS_MAX):
            raise StorageError(f"writing took longer than {PUT_HOURS_MAX} hours", where=entry.key)

    def _put_entry(self, entry: Entry) -> ObjectId | None:
        """The version that it replaces."""
        with self._asking(entry.key):
            before = self._objects.find_one_and_replace(
                {"_id": entry.key}, entry.document(), projection=["version"], upsert=True,
                return_document=ReturnDocument.BEFORE,
            )  # fmt: skip
        return None if before is None else before["version"]

    def _remove_parts(self, version: ObjectId, seconds: float) -> None:
        """Nothing refers to them: what can not be removed now is swept later."""
        with suppress(StorageError), self._asking("parts", seconds):
            self._parts.delete_many(parts_of(version))

    # Reading

    def _entry(self, key: str) -> Entry:
        with self._asking(check_key(key)):
            document = self._newest.find_one({"_id": key})
        if document is None:
            raise ObjectMissing("is not in the storage", where=key)
        return entry_of(document)

    def _read(self, key: str, span: Callable[[Entry], tuple[int, int]]) -> bytes:
        entry = self._entry(key)
        for _ in range(READS_MAX):
            start, end = span(entry)
            if end > entry.size:
                raise ObjectCorrupt(f"ends before byte {end}", where=key)
            data = self._bytes(entry, start, end)
            if len(data) == end - start:
                return data
            entry = self._entry(key)
        raise ObjectCorrupt("some of its parts are missing", where=key)

    def _bytes(self, entry: Entry, start: int, end: int) -> bytes:
        """b"" where parts are gone."""
        if start == end:
            return b""
        first, last = entry.part_of(start), entry.part_of(end - 1)
        reads = range(first, last + 1, PARTS_OF_A_READ)
        if len(reads) == 1:
            found = [*self._get_parts(entry, last + 1, first)]
        else:
            read = partial(self._get_parts, entry, last + 1)
            with closing(in_order(read, reads, PARALLEL, PARALLEL)) as groups:
                found = [part for group in groups for part in group]
        if len(found) <= last - first:
            return b""
        found[-1] = found[-1][: end - last * entry.part_bytes]
        found[0] = found[0][start - first * entry.part_bytes :]
        return b"".join(found)

    def _get_parts(self, entry: Entry, end: int, first: int) -> Sequence[bytes]:
        """PARTS_OF_A_READ of them, but none from `end` on; none at all if one is gone."""
        end = min(end, first + PARTS_OF_A_READ)
        with self._asking(entry.key):
            documents = self._parts.find(parts_of(entry.version, first, end)).to_list()
        found = {document["_id"]["n"]: document.get("data") for document in documents}
        if found.keys() != {*range(first, end)}:
            return []
        return [entry.checked(number, found[number]) for number in range(first, end)]

    def _page(self, bounds: dict[str, Any]) -> Sequence[dict[str, Any]]:
        with self._asking("listing"):
            found = self._objects.find({"_id": bounds}, ["bytes"], batch_size=LIST_PAGE)
            return found.sort("_id", 1).limit(LIST_PAGE).to_list()

    # Sweeping

    def _versions_before(self, end: ObjectId) -> Iterator[ObjectId]:
        """Of parts, each once, by jumps through the index."""
        after: dict[str, Any] = {"$lt": {"v": end}}
        while True:
            with self._asking("sweep"):
                found = self._parts.find_one({"_id": after}, ["_id"], sort=[("_id", 1)])
            if found is None:
                return
            version = found["_id"]["v"]
            yield version
            after = {**after, "$gt": parts_of(version)["_id"]["$lt"]}

    def _has_entry(self, version: ObjectId) -> bool:
        with self._asking("sweep"):
            return self._objects.find_one({"version": version}, ["_id"]) is not None

    # The server

    @contextmanager
    def _asking(self, where: str, seconds: float | None = None) -> Iterator[None]:
        """Around calls: pymongo tries again through an election until the time is over."""
        with mongo_errors(where), pymongo.timeout(seconds or self._timeout):
            yield

    def _server_time(self, where: str) -> datetime:
        """Raises StorageRefused where it is no replica set: it could not promise a majority."""
        with self._asking(where):
            hello = self._client.admin.command("hello", codec_options=self._client.codec_options)
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise StorageRefused(
                "the MongoDB is not a replica set", where=where,
                hint="a store needs one, of one member at least: mongod --replSet",
            )  # fmt: skip
        found: datetime = hello["localTime"]
        return found
