"""A value as people type it, as the BSON values that it may stand for. Pure."""

import json
import re
import uuid
from datetime import datetime

import bson
from bson import json_util
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.errors import BSONError
from bson.int64 import Int64
from bson.objectid import ObjectId

from mmsconsole.errors import UsageError
from mmsconsole.rawbson import fields

Candidates = frozenset[tuple[int, bytes]]
"""(type byte, bytes of the value)."""

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})")
_WORDS = {"true": True, "false": False, "null": None}
_INT32, _INT64 = 1 << 31, 1 << 63
HINT = 'write a string, a number, an ObjectId, or extended JSON as {"$oid": "..."}'


def guessed(text: str) -> Candidates:
    """Every value that is written like this. Raises UsageError."""
    if text[:1] in ("{", "[", '"'):
        return frozenset({_encoded(_from_json(text), text)})
    return frozenset(_encoded(value, text) for value in _values(text))


def _values(text: str) -> list[object]:
    values: list[object] = [text]
    if text in _WORDS:
        values.append(_WORDS[text])
    if _INTEGER.fullmatch(text):
        number = int(text)
        values += [number] if -_INT32 <= number < _INT32 else []
        values += [Int64(number)] if -_INT64 <= number < _INT64 else []
    if _NUMBER.fullmatch(text):
        values += [float(text), Decimal128(text)]
    if _OBJECT_ID.fullmatch(text):
        values.append(ObjectId(text))
    if _UUID.fullmatch(text):
        values += [Binary(uuid.UUID(text).bytes, subtype) for subtype in (3, 4)]
    if _TIME.fullmatch(text):
        values += _time(text)
    return values


def _time(text: str) -> list[object]:
    try:
        return [datetime.fromisoformat(text)]
    except ValueError:
        return []  # then it is a string that looks like one


def _from_json(text: str) -> object:
    try:
        return json_util.loads(text)
    except (ValueError, TypeError, BSONError, RecursionError, json.JSONDecodeError) as error:
        raise UsageError("not extended JSON", where=text, hint=HINT) from error


def _encoded(value: object, text: str) -> tuple[int, bytes]:
    try:
        raw = bson.encode({"v": value})
    except (BSONError, OverflowError, RecursionError, UnicodeEncodeError, TypeError) as error:
        raise UsageError("no value that a document may hold", where=text, hint=HINT) from error
    field = next(fields(raw))
    return field.kind, raw[field.start : field.end]
