"""Documents of every BSON type and some sizes, made from the worker's random source."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from tests.support.workload.world import Document, World

MEGABYTE = 1_000_000
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def common(world: World, key: int) -> Document:
    """The shape that every update operator finds something to do in."""
    random = world.random
    return {
        "_id": key,
        "n": random.randrange(1_000_000),
        "f": random.random(),
        "s": random.choice(("alpha", "Beta", "GAMMA", "élan", "ß", "")),
        "tags": random.sample(["a", "b", "c", "d", "e"], random.randrange(5)),
        "numbers": [random.randrange(100) for _ in range(random.randrange(6))],
        "inner": {"x": random.randrange(10), "y": {"z": [1, {"deep": random.random()}]}},
        "lines": [{"q": random.randrange(9), "r": "r"} for _ in range(random.randrange(1, 5))],
        "at": moment(world),
        "text": "lorem ipsum " * random.randrange(60),
    }


def moment(world: World) -> datetime:
    return EPOCH + timedelta(milliseconds=world.random.randrange(10**11))


def zoo(world: World) -> Document:
    """Every BSON type, the deprecated ones that pymongo still writes, and odd field names."""
    number = world.random.randrange(2**31)
    return {
        "double": [0.0, -0.0, float("nan"), float("inf"), 1e308],
        "string": "\u0000 zero byte, ☃, " + "x" * (number % 50),
        "empty": {"document": {}, "array": [], "string": ""},
        "binary": [
            Binary(b""),
            Binary(b"\x00\xff" * 9, 0),
            Binary(b"user", 0x80),
            Binary.from_uuid(UUID(int=number)),
        ],
        "oid": ObjectId(number.to_bytes(12, "big")),
        "bools": [True, False, None],
        "dates": [moment(world), datetime(1901, 1, 1, tzinfo=UTC)],
        "regex": [Regex("^a.*b$", "imx"), Regex("")],
        "code": [Code("function () {}"), Code("x", {"scope": number})],
        "numbers": [number, Int64(number << 20), Decimal128("1E-6176"), Decimal128("NaN")],
        "timestamps": {"now": Timestamp(number, 1), "zero": Timestamp(0, 0)},
        "keys": [MinKey(), MaxKey()],
        "reference": DBRef("hot", number % 300),
        "$dollar": 1,
        "dotted.name": {"a.b": 1},
        "": "no name",
    }


def odd_id(world: World) -> object:
    """An _id of some type; a document's order of fields is part of its identity."""
    small = world.random.randrange(12)
    return world.random.choice((
        small,
        Int64(small << 40),
        float(small) + 0.5,
        Decimal128(f"{small}.25"),
        f"text {small}",
        Binary(bytes([small]) * 5, 0),
        Binary.from_uuid(UUID(int=small)),
        ObjectId(bytes([small]) * 12),
        EPOCH + timedelta(days=small),
        small % 2 == 0,
        None,
        MinKey(),
        {"b": small, "a": 1},
        {"a": 1, "b": small},
        {"a": {"z": 1, "y": [small]}},
        Timestamp(small + 1, 1),
    ))  # fmt: skip


def bulk(world: World, size: int) -> bytes:
    """Bytes that compress a little."""
    return world.random.randbytes(size // 2) + b"\x00" * (size - size // 2)
