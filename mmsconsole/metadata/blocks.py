"""Where a block lies: the index of the blockstore, per pool."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from bson.binary import Binary
from pymongo import InsertOne, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from mmsconsole.metadata.codec import Document
from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors

DUPLICATE_KEY = 11000
LOOK_UP_MAX = 1000
PAGE = 256

TAG_BYTES = 8
UNTOLD = 1 << 62
"""Condemned, and the epoch is yet to be raised: no cut has one as high."""


@dataclass(frozen=True, slots=True)
class Pack:
    """An object that gathers blocks (16 to 64 MB)."""

    id: str
    """Bytes in hex: the places of its blocks name it by them."""
    pool: str
    key: str
    sha256: str
    blocks: int
    """0: not known, for a rebuild could not read its index."""
    stored_bytes: int
    condemned: int = 0
    """The pool's epoch from which on no snapshot may refer to it; 0: it may be referred to."""
    dropped: bool = False
    """Its object is gone; where its blocks are now is told by the object beside it."""
    attempt: str = ""
    """Of the cut that made it; empty: a groom did."""
    sizes: bytes = b""
    """Stored bytes of its blocks by their numbers, u32 each, little-endian; empty: see the pack."""


class Packs(Records[Pack]):
    name = "packs"
    record = Pack
    noun = "pack"
    indexes: ClassVar[Indexes] = [([("pool", 1)], {})]

    def found(self, ids: Sequence[str]) -> dict[str, Pack]:
        """Those of them that have a record, by id."""
        packs: dict[str, Pack] = {}
        for at in range(0, len(ids), LOOK_UP_MAX):
            some = self.all({"_id": {"$in": list(ids[at : at + LOOK_UP_MAX])}})
            packs.update((pack.id, pack) for pack in some)
        return packs

    def of(self, pool: str) -> Iterator[Pack]:
        return self.all({"pool": pool})

    def in_order(self, pool: str) -> Iterator[Pack]:
        """By id, in pages: whoever takes long over each of them keeps no cursor open."""
        last = ""
        while page := list(self._behind(pool, last)):
            yield from page
            last = page[-1].id

    def _behind(self, pool: str, id_: str) -> Iterator[Pack]:
        query = {"pool": pool, "_id": {"$gt": id_}}
        return self.all(query, sort=[("_id", 1)], limit=PAGE)

    def condemn(self, ids: Sequence[str]) -> None:
        """Those that are not; from which epoch on is told when that has been raised."""
        self._set_condemned(ids, 0, UNTOLD)

    def tell_epoch(self, ids: Sequence[str], epoch: int) -> None:
        self._set_condemned(ids, UNTOLD, epoch)

    @metadata_errors()
    def _set_condemned(self, ids: Sequence[str], before: int, after: int) -> None:
        for at in range(0, len(ids), LOOK_UP_MAX):
            some = {"_id": {"$in": list(ids[at : at + LOOK_UP_MAX])}, "condemned": before}
            self.collection.update_many(some, {"$set": {"condemned": after}})


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """A block named by the sha256 of its raw bytes, and where its stored bytes lie."""

    hash: bytes
    pack: str
    offset: int
    stored_bytes: int
    raw_bytes: int
    number: int
    """Of the block within its pack, from 0."""


class Blocks:
    """pool and hash -> place. The first place wins: a second writer's copy is left unused.

    There are four million blocks in a terabyte, so a document is as small as can be, and has no
    index but that of its _id: which blocks a pack has is told by the pack itself.
    """

    name = "blocks"

    def __init__(self, database: Database[Document]) -> None:
        self.collection = database[self.name]

    @metadata_errors()
    def add(self, pool: str, places: Iterable[BlockPlace]) -> None:
        writes = [InsertOne(block_document(pool, place)) for place in places]
        if not writes:
            return
        try:
            self.collection.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            # A write concern that failed is no less than a failed write: not yet durable.
            if error.details["writeConcernErrors"] or any(
                failed["code"] != DUPLICATE_KEY for failed in error.details["writeErrors"]
            ):
                raise

    @metadata_errors()
    def places(self, pool: str, hashes: Sequence[bytes]) -> dict[bytes, BlockPlace]:
        """The places of those hashes that are stored; the others are not in the answer."""
        found: dict[bytes, BlockPlace] = {}
        for at in range(0, len(hashes), LOOK_UP_MAX):
            ids = [block_id(pool, hash_) for hash_ in hashes[at : at + LOOK_UP_MAX]]
            for document in self.collection.find({"_id": {"$in": ids}}):
                place = _place(document)
                found[place.hash] = place
        return found

    @metadata_errors()
    def move(self, pool: str, pack: str, places: Sequence[BlockPlace]) -> None:
        """Those of the blocks that lie in `pack` by the index lie at these places from now on."""
        old = Binary(bytes.fromhex(pack))
        writes = []
        for place in places:
            new = block_document(pool, place)
            writes.append(UpdateOne({"_id": new.pop("_id"), "p": old}, {"$set": new}))
        if writes:
            self.collection.bulk_write(writes, ordered=False)

    @metadata_errors()
    def forget(self, pool: str, pack: str, hashes: Sequence[bytes]) -> None:
        """Those of the blocks that lie in `pack` by the index are not stored any more."""
        old = Binary(bytes.fromhex(pack))
        for at in range(0, len(hashes), LOOK_UP_MAX):
            ids = [block_id(pool, hash_) for hash_ in hashes[at : at + LOOK_UP_MAX]]
            self.collection.delete_many({"_id": {"$in": ids}, "p": old})


def block_id(pool: str, hash_: bytes) -> Binary:
    """The _id of a block's document: which pool, and the hash."""
    return Binary(_tag(pool) + hash_)


@cache
def _tag(pool: str) -> bytes:
    return hashlib.sha256(pool.encode()).digest()[:TAG_BYTES]


def block_document(pool: str, place: BlockPlace) -> Document:
    return {
        "_id": block_id(pool, place.hash),
        "p": Binary(bytes.fromhex(place.pack)),
        "o": place.offset,
        "s": place.stored_bytes,
        "r": place.raw_bytes,
        "n": place.number,
    }


def _place(document: Document) -> BlockPlace:
    return BlockPlace(
        bytes(document["_id"][TAG_BYTES:]), bytes(document["p"]).hex(), document["o"],
        document["s"], document["r"], document["n"],
    )  # fmt: skip
