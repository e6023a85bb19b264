"""A block: a piece of a file of fixed size, named by the sha256 of its raw bytes."""

import hashlib
from functools import cache
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.deployments import BLOCK_BYTES as BLOCK_BYTES
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.compression import Zstd

BLOCK_BYTES_MIN = 64 << 10
BLOCK_BYTES_MAX = 4 << 20

HASH_BYTES = 32


class Place(NamedTuple):
    """Where a block's stored bytes lie."""

    pack: str
    """Id of the pack; empty for ZERO."""
    offset: int
    stored_bytes: int
    number: int
    """Of the block within its pack, from 0."""


ZERO = Place("", 0, 0, 0)
"""A whole block of zero bytes is not stored: it becomes a hole."""


def is_block_size(block_bytes: object) -> bool:
    """Whether blocks may have this size: a power of two within the bounds.

    Every block of a file but its last one has exactly the size that its snapshot was cut with.
    """
    return (
        isinstance(block_bytes, int)
        and BLOCK_BYTES_MIN <= block_bytes <= BLOCK_BYTES_MAX
        and block_bytes.bit_count() == 1
    )


def block_count(size: int, block_bytes: int) -> int:
    """How many blocks a file of `size` bytes has."""
    return -(-size // block_bytes)


def hash_of(raw: Buffer) -> bytes:
    return hashlib.sha256(raw).digest()


@cache
def zero_hash(block_bytes: int) -> bytes:
    """The name of a whole block of zeros."""
    return hash_of(bytes(block_bytes))


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
