"""The seeded data set: 1.2 GB of BSON at scale 1, inserted as raw arrays.

    bench.medium   700k documents of about 1 KB, indexes on a and on (b, c)
    bench.small    2M documents of about 150 B, index on k
    bench.large    200 documents of 1 MB

A document is a template with its numbers patched in, so that making them costs a microsecond
each. There are POOL templates of a kind: about 40 % of their bytes do not compress, and none is
repeated within what a block compressor sees at once.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import bson
from pymongo import MongoClient

from mmsconsole.mongod.wire import WireConnection, with_array
from mmsconsole.rawbson import array_of

DATABASE = "bench"
SEED = 11
POOL = 2048
BATCH_BYTES = 8_000_000
BATCH_DOCUMENTS = 50_000
MARKS = tuple(0x7A00_0000_0000_0000 + number for number in range(4))
"""Values that stand in a template where a number is patched in."""

_int64 = struct.Struct("<q")


@dataclass(frozen=True, slots=True)
class Kind:
    """One collection: how many documents at scale 1, and about how many bytes each has."""

    name: str
    count: int
    text_bytes: int
    noise_bytes: int
    pool: int
    indexes: tuple[str, ...]


KINDS = (
    Kind("medium", 700_000, 540, 400, POOL, ("a", "b,c")),
    Kind("small", 2_000_000, 40, 40, POOL, ("k",)),
    Kind("large", 200, 600_000, 400_000, 8, ()),
)


def fill(client: MongoClient[dict[str, Any]], connection: WireConnection, scale: float) -> int:
    """Write the data set and build its indexes; returns the bytes of BSON."""
    written = 0
    for kind in KINDS:
        for array in arrays(kind, max(1, int(kind.count * scale))):
            command = {"insert": kind.name, "ordered": False, "$db": DATABASE}
            connection.call(with_array(command, b"documents", array))
            written += len(array)
    build_indexes(client)
    return written


def build_indexes(client: MongoClient[dict[str, Any]]) -> None:
    for kind in KINDS:
        for fields in kind.indexes:
            client[DATABASE][kind.name].create_index([(field, 1) for field in fields.split(",")])


def arrays(kind: Kind, count: int) -> Iterator[bytes]:
    """BSON arrays, each of one insert's size."""
    random = Random(f"{SEED} {kind.name}")
    templates = [Template(_document(kind, random)) for _ in range(min(kind.pool, count))]
    size = len(templates[0].raw)
    per_array = max(1, min(BATCH_DOCUMENTS, BATCH_BYTES // size))
    for start in range(0, count, per_array):
        made = [
            templates[number % len(templates)].document(number, random.getrandbits(31))
            for number in range(start, min(start + per_array, count))
        ]
        yield array_of(made)


def _document(kind: Kind, random: Random) -> dict[str, Any]:
    """Compressible text, noise, and four numbers: _id, and the indexed ones."""
    id_, first, second, third = MARKS
    words = ["order", "customer", "street", "paid", "open", "note", "parcel", "number"]
    text = " ".join(random.choices(words, k=kind.text_bytes // 5))[: kind.text_bytes]
    noise = random.randbytes(kind.noise_bytes)
    numbers = {"k": first} if kind.name == "small" else {"a": first, "b": second, "c": third}
    return {"_id": id_, **numbers, "text": text, "noise": noise}


class Template:
    """An encoded document and the places of its numbers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.raw = bson.encode(document)
        places = [self.raw.find(_int64.pack(mark)) for mark in MARKS]
        self._id, *self._numbers = [place for place in places if place >= 0]

    def document(self, number: int, draw: int) -> bytes:
        """`number` becomes the _id, `draw` the indexed numbers."""
        made = bytearray(self.raw)
        _int64.pack_into(made, self._id, number)
        for shift, place in enumerate(self._numbers):
            _int64.pack_into(made, place, draw >> (shift * 7))
        return bytes(made)
