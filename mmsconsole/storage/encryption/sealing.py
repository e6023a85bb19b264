"""Objects of an encrypted store, byte for byte: a header, then segments of AES-256-GCM. Pure.

Described in docs/storage.md, section "Encryption"; tests/storage/encryption/test_sealing.py has
an object written out.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.storage.base import Buffer
from mmsconsole.storage.pieces import pieces

MAGIC = b"MMSCRYPT"
VERSION = 1
KEY_BYTES = 32
ID_BYTES = 16
SALT_BYTES = 32
SEGMENT_BYTES = 64 << 10
"""Of plain bytes; every segment but the last has exactly so many."""
TAG_BYTES = 16
SEALED_BYTES = SEGMENT_BYTES + TAG_BYTES

_header = struct.Struct("<8sHHI16s32s")
_nonce = struct.Struct("<QB3x")
HEADER_BYTES = _header.size
_INFO = b"mmsconsole object"


@dataclass(frozen=True, slots=True)
class DataKey:
    id: bytes
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Header:
    data_key: bytes
    """Its id."""
    salt: bytes

    def packed(self) -> bytes:
        return _header.pack(MAGIC, VERSION, 0, SEGMENT_BYTES, self.data_key, self.salt)


def header_of(data: Buffer, name: str) -> Header:
    """Raises ObjectCorrupt where the object does not begin as one of an encrypted store does."""
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise ObjectCorrupt("is not an encrypted object, but the store is encrypted", where=name)
    if len(data) < HEADER_BYTES:
        raise ObjectCorrupt("ends inside its header", where=name)
    _, version, zero, segment_bytes, data_key, salt = _header.unpack_from(data)
    if (version, zero, segment_bytes) != (VERSION, 0, SEGMENT_BYTES):
        raise ObjectCorrupt("its header is damaged, or of a newer program", where=name)
    return Header(data_key, salt)


class Segments:
    """Seals and opens the segments of one object."""

    def __init__(self, secret: bytes, header: Header, name: str) -> None:
        derived = HKDF(SHA256(), KEY_BYTES, salt=header.salt, info=_INFO).derive(secret)
        self._cipher = AESGCM(derived)
        self._bound = header.packed() + name.encode()
        self._name = name

    def seal(self, number: int, plain: Buffer, *, last: bool) -> bytes:
        return self._cipher.encrypt(_nonce.pack(number, last), plain, self._bound)

    def open(self, number: int, sealed: Buffer, *, last: bool) -> bytes:
        """Raises ObjectCorrupt unless it is that segment of that object, unchanged."""
        try:
            return self._cipher.decrypt(_nonce.pack(number, last), sealed, self._bound)
        except InvalidTag as error:
            what = f"segment {number} is not what was stored"
            raise ObjectCorrupt(what, where=self._name) from error


def sealed_parts(header: Header, segments: Segments, parts: Iterable[Buffer]) -> Iterator[bytes]:
    """The whole object, in a bounded amount of memory."""
    yield header.packed()
    number, held = 0, bytearray()
    for piece in pieces(parts, SEGMENT_BYTES):
        if held:
            yield segments.seal(number, held, last=False)
            number += 1
        held = piece
    yield segments.seal(number, held, last=True)


def opened(segments: Segments, sealed: Buffer, first: int, count: int) -> bytes:
    """The plain bytes of `sealed`, which begins with segment `first` of `count`."""
    view = memoryview(sealed)
    return b"".join(
        segments.open(number, view[at : at + SEALED_BYTES], last=number == count - 1)
        for number, at in enumerate(range(0, len(view), SEALED_BYTES), first)
    )


def plain_size(stored: int) -> int | None:
    """Of an object that has so many bytes in the store; None where none can have so many."""
    body = stored - HEADER_BYTES
    if body < TAG_BYTES:
        return None
    full, rest = divmod(body, SEALED_BYTES)
    # Only an empty object has a segment without a byte.
    if 0 < rest <= TAG_BYTES and (full, rest) != (0, TAG_BYTES):
        return None
    return body - TAG_BYTES * (full + (rest > 0))


def segments_in(plain: int) -> int:
    return max(1, -(-plain // SEGMENT_BYTES))
