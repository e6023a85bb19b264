"""A whole oplog entry as extended JSON, by lines. Pure."""

from typing import Any

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from mmsconsole.oplog.describing import NOT_SHOWN
from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.unfolding import is_secretive, unfolded
from mmsconsole.oplog.values import BROKEN, document_text

WHOLE_BYTES_MAX = 1 << 20
"""A longer entry is not shown whole."""
SHORT_CHARS = 20_000
_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    unicode_decode_error_handler="backslashreplace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    tz_aware=True,
)


def extended(entry: Entry) -> tuple[str, ...]:
    """Never raises. Credentials and keys are left out."""
    if entry.end - entry.start > WHOLE_BYTES_MAX:
        told = f"{entry.end - entry.start} bytes; its beginning:"
        return (told, *_short(entry))
    try:
        document = bson.decode(entry.raw, _OPTIONS)
        options = json_util.RELAXED_JSON_OPTIONS
        text = json_util.dumps(_public(document), json_options=options, indent=2,
                               ensure_ascii=False)  # fmt: skip
    except (BSONError, RecursionError, ValueError, TypeError, OverflowError) as error:
        return (f"it can not be shown whole: {type(error).__name__}", *_short(entry))
    return tuple(text.splitlines())


def _short(entry: Entry) -> tuple[str, ...]:
    try:
        if is_secretive(entry.ns) or any(is_secretive(one.ns) for one in unfolded(entry)):
            return (NOT_SHOWN,)
        return (document_text(entry.data, entry.start, SHORT_CHARS),)
    except BROKEN as error:
        return (f"it can not be read: {error}",)


def _public(document: dict[str, Any]) -> dict[str, Any]:
    ns = str(document.get("ns")).encode(errors="replace")
    if is_secretive(ns) and isinstance(document.get("o"), dict):
        identity = {name: value for name, value in document["o"].items() if name == "_id"}
        return document | {"o": identity | {"...": NOT_SHOWN}}
    command = document.get("o")
    if not isinstance(command, dict) or not isinstance(command.get("applyOps"), list):
        return document
    inner = [_public(one) if isinstance(one, dict) else one for one in command["applyOps"]]
    return document | {"o": command | {"applyOps": inner}}
