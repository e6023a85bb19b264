"""BSON values as short text for people, in the shell's way of writing. Pure.

The bytes are walked over and nothing is decoded that is not shown, so a document of 16 MB costs
no more than a small one. Whatever the bytes are, the text steers no terminal.
"""

import json
import math
import re
import struct
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC

from bson.decimal128 import Decimal128

from mmsconsole.errors import UnreadableEntry
from mmsconsole.harmless import harmless
from mmsconsole.rawbson import (
    ARRAY,
    BINARY,
    BOOLEAN,
    DATETIME,
    DOCUMENT,
    DOUBLE,
    INT32,
    INT64,
    STRING,
    TIMESTAMP,
    Field,
    datetime_at,
    fields,
    int32_at,
    int64_at,
    string_at,
    timestamp_at,
)

BROKEN = (UnreadableEntry, ValueError, IndexError, struct.error)
"""What looking into bytes that are not BSON comes to."""

VALUE_CHARS = 120
DEPTH_MAX = 16
MORE = "..."

OBJECT_ID, REGEX, CODE, CODE_WITH_SCOPE, DECIMAL = 0x07, 0x0B, 0x0D, 0x0F, 0x13
_UUIDS = (3, 4)
"""Subtypes of a binary."""
_BARE = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_double = struct.Struct("<d")


def value_text(data: bytes, field: Field, limit: int = VALUE_CHARS) -> str:
    """One value in about `limit` characters. Raises one of BROKEN."""
    return shortened(_value(data, field.kind, field.start, field.end, 0), limit)


def document_text(data: bytes, start: int, limit: int = VALUE_CHARS) -> str:
    """The document that begins at `start`. Raises one of BROKEN."""
    return shortened(_inside(data, start, 0), limit)


def name_text(name: bytes) -> str:
    """The name of a field, a collection or a database, as it is; only harmless."""
    return harmless(name.decode(errors="backslashreplace"))


def shortened(parts: Iterable[str], limit: int) -> str:
    """No more parts are asked for than are needed; what is left out is shown by dots."""
    taken: list[str] = []
    room = limit
    for part in parts:
        taken.append(part)
        room -= len(part)
        if room < 0:
            return "".join(taken)[: max(0, limit - len(MORE))] + MORE
    return "".join(taken)


def _inside(data: bytes, start: int, depth: int) -> Iterator[str]:
    """The fields of a document in braces."""
    yield "{"
    for number, field in enumerate(fields(data, start)):
        yield ", " if number else ""
        yield f"{_name(field.name)}: "
        yield from _value(data, field.kind, field.start, field.end, depth + 1)
    yield "}"


def _items(data: bytes, start: int, depth: int) -> Iterator[str]:
    yield "["
    for number, field in enumerate(fields(data, start)):
        yield ", " if number else ""
        yield from _value(data, field.kind, field.start, field.end, depth + 1)
    yield "]"


def _value(data: bytes, kind: int, start: int, end: int, depth: int) -> Iterator[str]:
    if kind in (DOCUMENT, ARRAY) and depth >= DEPTH_MAX:
        yield "{...}" if kind == DOCUMENT else "[...]"
    elif kind == DOCUMENT:
        yield from _inside(data, start, depth)
    elif kind == ARRAY:
        yield from _items(data, start, depth)
    elif kind in _SCALARS:
        yield _SCALARS[kind](data, start)
    elif kind in _CONSTANTS:
        yield _CONSTANTS[kind]
    else:
        yield f"<{end - start} bytes of BSON type 0x{kind:02x}>"


def _name(name: bytes) -> str:
    text = name.decode(errors="backslashreplace")
    return text if _BARE.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return harmless(json.dumps(text, ensure_ascii=False))


def _string(data: bytes, start: int) -> str:
    """Not more of it than anybody shows."""
    length = int32_at(data, start) - 1
    shown = bytes(data[start + 4 : start + 4 + min(length, 4096)])
    return _quoted(shown.decode(errors="backslashreplace"))


def _double_text(data: bytes, start: int) -> str:
    number = float(_double.unpack_from(data, start)[0])
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return repr(number)


def _binary(data: bytes, start: int) -> str:
    length, subtype = int32_at(data, start), data[start + 4]
    if subtype in _UUIDS and length == 16:
        return f"UUID('{uuid.UUID(bytes=bytes(data[start + 5 : start + 21]))}')"
    return f"<{length} bytes, subtype {subtype}>"


def _date(data: bytes, start: int) -> str:
    at = datetime_at(data, start)
    if at is None:
        return f"Date({int64_at(data, start)})"
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _timestamp(data: bytes, start: int) -> str:
    return "Timestamp({}, {})".format(*timestamp_at(data, start))


def _regex(data: bytes, start: int) -> str:
    pattern_end = data.index(0, start)
    flags = data[pattern_end + 1 : data.index(0, pattern_end + 1)]
    return f"/{name_text(bytes(data[start:pattern_end]))}/{name_text(bytes(flags))}"


def _code(data: bytes, start: int) -> str:
    return f"Code({_string(data, start)})"


_SCALARS: dict[int, Callable[[bytes, int], str]] = {
    STRING: _string,
    DOUBLE: _double_text,
    BINARY: _binary,
    OBJECT_ID: lambda data, start: f"ObjectId('{data[start : start + 12].hex()}')",
    BOOLEAN: lambda data, start: "true" if data[start] else "false",
    DATETIME: _date,
    REGEX: _regex,
    CODE: _code,
    0x0E: _string,  # a symbol
    CODE_WITH_SCOPE: lambda data, start: _code(data, start + 4),
    INT32: lambda data, start: str(int32_at(data, start)),
    TIMESTAMP: _timestamp,
    INT64: lambda data, start: str(int64_at(data, start)),
    DECIMAL: lambda data, start: f"Decimal128('{Decimal128.from_bid(data[start : start + 16])}')",
}

_CONSTANTS = {0x06: "undefined", 0x0A: "null", 0x7F: "MaxKey", 0xFF: "MinKey"}


def text_at(data: bytes, field: Field | None) -> bytes:
    """Of a string; empty where it is none."""
    return string_at(data, field.start) if field is not None and field.kind == STRING else b""
