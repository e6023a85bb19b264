"""An archive read by the letter of its format, sharing nothing with the product: for tests."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import bson

_POLYNOMIAL = 0xC96C5795D7870F42
_ONES = (1 << 64) - 1


def _row(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_ROWS = [_row(byte) for byte in range(256)]


def crc64(data: bytes) -> int:
    """Signed."""
    value = _ONES
    for byte in data:
        value = _ROWS[(value ^ byte) & 0xFF] ^ value >> 8
    value ^= _ONES
    return value - (1 << 64) if value >> 63 else value


@dataclass
class Strict:
    header: dict[str, object]
    entries: list[dict[str, object]]
    documents: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    ended: list[tuple[str, str]] = field(default_factory=list)
    shapes: list[tuple[str, str, bool]] = field(default_factory=list)
    """(db, collection, EOF) of each block, in order."""


def read(data: bytes) -> Strict:
    """Asserts everything that the format promises."""
    assert data[:4] == bytes.fromhex("6de29981")
    blocks = list(_blocks(data, 4))
    header, bodies = blocks[0]
    found = Strict(bson.decode(header), [bson.decode(body) for body in bodies])
    assert list(found.header) == [
        "concurrent_collections", "version", "server_version", "tool_version"
    ]  # fmt: skip
    for entry in found.entries:
        assert list(entry) == ["db", "collection", "metadata", "size", "type"]
    for raw, bodies in blocks[1:]:
        _take(found, bson.decode(raw), bodies)
    assert sorted(found.ended) == sorted(found.documents)
    return found


def _take(found: Strict, header: dict[str, object], bodies: list[bytes]) -> None:
    assert list(header) == ["db", "collection", "EOF", "CRC"]
    key = str(header["db"]), str(header["collection"])
    assert key not in found.ended
    found.shapes.append((*key, bool(header["EOF"])))
    if header["EOF"]:
        assert not bodies
        assert header["CRC"] == crc64(b"".join(found.documents[key]))
        found.ended.append(key)
    else:
        assert header["CRC"] == 0
        found.documents.setdefault(key, []).extend(bodies)


def _blocks(data: bytes, at: int) -> Iterator[tuple[bytes, list[bytes]]]:
    while at < len(data):
        documents = []
        while (size := struct.unpack_from("<i", data, at)[0]) != -1:
            documents.append(data[at : at + size])
            assert size >= 5
            assert len(documents[-1]) == size
            at += size
        at += 4
        yield documents[0], documents[1:]
