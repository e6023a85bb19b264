"""Where a block lies: the index of the blockstore, per group."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from pymongo import InsertOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from mmsconsole.metadata.codec import Document
from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors

DUPLICATE_KEY = 11000
LOOK_UP_MAX = 1000


@dataclass(frozen=True, slots=True)
class Pack:
    """An object that gathers blocks (16 to 64 MB)."""

    id: str
    group: str
    key: str
    sha256: str
    blocks: int
    stored_bytes: int


class Packs(Records[Pack]):
    name = "packs"
    record = Pack
    noun = "pack"
    indexes: ClassVar[Indexes] = [([("group", 1)], {})]


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """A block named by the sha256 of its raw bytes, and where its stored bytes lie."""

    hash: bytes
    pack: str
    offset: int
    stored_bytes: int
    raw_bytes: int


class Blocks:
    """group and hash -> place. The first place wins: a second writer's copy is left unused."""

    name = "blocks"

    def __init__(self, database: Database[Document]) -> None:
        self.collection = database[self.name]

    @metadata_errors()
    def ensure_indexes(self) -> None:
        self.collection.create_index("p")

    @metadata_errors()
    def add(self, group: str, places: Iterable[BlockPlace]) -> None:
        writes = [InsertOne(_document(group, place)) for place in places]
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
    def places(self, group: str, hashes: list[bytes]) -> dict[bytes, BlockPlace]:
        """The places of those hashes that are stored; the others are not in the answer."""
        found: dict[bytes, BlockPlace] = {}
        for at in range(0, len(hashes), LOOK_UP_MAX):
            ids = [{"g": group, "h": h} for h in hashes[at : at + LOOK_UP_MAX]]
            for document in self.collection.find({"_id": {"$in": ids}}):
                place = _place(document)
                found[place.hash] = place
        return found


def _document(group: str, place: BlockPlace) -> Document:
    return {
        "_id": {"g": group, "h": place.hash},
        "p": place.pack,
        "o": place.offset,
        "s": place.stored_bytes,
        "r": place.raw_bytes,
    }


def _place(document: Document) -> BlockPlace:
    return BlockPlace(
        document["_id"]["h"], document["p"], document["o"], document["s"], document["r"]
    )
