"""A block: at most 256 KiB of a file, named by the sha256 of its raw bytes."""

import hashlib
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.compression import Zstd

BLOCK_BYTES = 256 * 1024
"""Every block of a file but its last one has exactly this size."""

HASH_BYTES = 32
ZERO_HASH = hashlib.sha256(bytes(BLOCK_BYTES)).digest()
"""A whole block of zero bytes is not stored: it becomes a hole."""


class Place(NamedTuple):
    """Where a block's stored bytes lie."""

    pack: str
    """Id of the pack; empty for ZERO."""
    offset: int
    stored_bytes: int


ZERO = Place("", 0, 0)


def block_count(size: int) -> int:
    """How many blocks a file of `size` bytes has."""
    return -(-size // BLOCK_BYTES)


def hash_of(raw: Buffer) -> bytes:
    return hashlib.sha256(raw).digest()


def packed(raw: Buffer, zstd: Zstd) -> bytes:
    """The bytes to store: compressed, or raw where that does not make them fewer."""
    compressed = zstd.compress(raw)
    return compressed if len(compressed) < memoryview(raw).nbytes else bytes(raw)


def unpacked(stored: Buffer, raw_bytes: int, hash_: bytes, key: str, zstd: Zstd) -> Buffer:
    """The raw bytes, if they are what the hash names. Raises ObjectCorrupt naming the pack."""
    whole = memoryview(stored).nbytes == raw_bytes
    raw = stored if whole else zstd.decompress(stored, raw_bytes, key)
    if hash_of(raw) != hash_:
        raise ObjectCorrupt(f"the block {hash_.hex()} in it has other bytes", where=key)
    return raw
