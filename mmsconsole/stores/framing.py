"""How every object of ours begins: what it is, which version of the format, and a BSON header.

    0   8 bytes   magic
    8   u16       version of the format
    10  u16       0
    12  u32       length of the header
    16  u32       CRC-32 of the 16 bytes before and the header
    20  ...       the header, a BSON document that says what the object holds

Integers are little-endian. An object can so be understood without the metadata database.
"""

import struct
import zlib
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions
from bson.errors import BSONError

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.optime import Optime

VERSION = 1
HEADER_BYTES_MAX = 1 << 20

SLICE = b"MMSSLICE"
CHUNK = b"MMSCHUNK"
PACK = b"MMSPACK\x00"
MANIFEST = b"MMSMANIF"
CATALOGUE = b"MMSCATAL"
MOVED = b"MMSMOVED"

_prefix = struct.Struct("<8sHHI")
_checksum = struct.Struct("<I")
PREFIX_BYTES = _prefix.size + _checksum.size

Header = dict[str, Any]
_AWARE: CodecOptions[Header] = CodecOptions(tz_aware=True)


class Framed(NamedTuple):
    header: Header
    end: int
    """Where the header ends and the content begins."""


def frame(magic: bytes, header: Header) -> bytes:
    """The first bytes of an object."""
    encoded = bson.encode(header)
    assert len(encoded) <= HEADER_BYTES_MAX
    prefix = _prefix.pack(magic, VERSION, 0, len(encoded))
    return prefix + _checksum.pack(zlib.crc32(prefix + encoded)) + encoded


def content_start(data: bytes, magic: bytes, key: str) -> int:
    """Where the content begins, told by the first PREFIX_BYTES. Raises ObjectCorrupt."""
    if len(data) < PREFIX_BYTES:
        raise ObjectCorrupt("too short to be an object of ours", where=key)
    found, version, _, length = _prefix.unpack_from(data)
    if found != magic:
        raise ObjectCorrupt(f"begins with {found!r} instead of {magic!r}", where=key)
    if version != VERSION:
        raise ObjectCorrupt(
            f"is written in version {version} of its format; this program reads {VERSION}",
            where=key,
            hint="read it with the version of mmsconsole that wrote it, or a newer one",
        )
    if length > HEADER_BYTES_MAX:
        raise ObjectCorrupt(f"claims a header of {length} bytes", where=key)
    return PREFIX_BYTES + int(length)


def unframe(data: bytes, magic: bytes, key: str) -> Framed:
    """Take the frame apart; `key` names the object in errors. Raises ObjectCorrupt."""
    end = content_start(data, magic, key)
    (checksum,) = _checksum.unpack_from(data, _prefix.size)
    if zlib.crc32(data[: _prefix.size] + data[PREFIX_BYTES:end]) != checksum:
        raise ObjectCorrupt("its header differs from its checksum", where=key)
    return Framed(decoded(data[PREFIX_BYTES:end], key), end)


def decoded(data: bytes, key: str) -> Header:
    """One BSON document, times aware. Raises ObjectCorrupt."""
    try:
        return bson.decode(data, _AWARE)
    except BSONError as error:
        raise ObjectCorrupt("holds something that is not BSON", where=key) from error


def optime_document(optime: Optime | None) -> Header | None:
    return None if optime is None else {"ts": optime.timestamp, "term": optime.term}
