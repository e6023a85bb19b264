"""Documents, from canonical extended JSON: one row of text, and all of it to be scrolled.

Names of fields are hostile: what only looks like extended JSON is shown as it stands there.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.console.present.text import Line, Span, chopped
from mmsconsole.oplog.values import shortened

BRIEF_CHARS, ID_CHARS = 300, 60
_BARE = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def identity_text(document: Mapping[str, Any]) -> str:
    """Its _id; empty where it has none. Of an ObjectId or a number what tells it from others."""
    return shortened(_value(document["_id"]), ID_CHARS) if "_id" in document else ""


def short_text(document: Mapping[str, Any]) -> str:
    """The fields in the shell's way of writing, without _id; no more is looked at than shown."""
    rest = ((name, value) for name, value in document.items() if name != "_id")
    return shortened(_braces(rest), BRIEF_CHARS)


def _value(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        special = _special(value)
        if special is None:
            yield from _braces(iter(value.items()))
        else:
            yield special
    elif isinstance(value, list):
        yield from _brackets(value)
    elif isinstance(value, str):
        yield json.dumps(value[:BRIEF_CHARS], ensure_ascii=False)
    else:
        yield json.dumps(value)


def _brackets(values: Sequence[Any]) -> Iterator[str]:
    yield "["
    for number, each in enumerate(values):
        yield ", " if number else ""
        yield from _value(each)
    yield "]"


def _braces(fields: Iterator[tuple[str, Any]]) -> Iterator[str]:
    yield "{"
    for number, (name, value) in enumerate(fields):
        shown = name[:BRIEF_CHARS]
        yield ", " if number else ""
        yield f"{shown if _BARE.fullmatch(shown) else json.dumps(shown, ensure_ascii=False)}: "
        yield from _value(value)
    yield "}"


def _special(value: Mapping[str, Any]) -> str | None:
    """Of a value that is written as an object; None: it is an object."""
    if len(value) != 1:
        return None
    name, inner = next(iter(value.items()))
    write = _WRITERS.get(name)
    return None if write is None else write(inner)


def _plain(inner: Any) -> str | None:
    return inner if isinstance(inner, str) else None


def _date(inner: Any) -> str | None:
    """None for a year that Python does not know."""
    milliseconds = inner.get("$numberLong") if isinstance(inner, dict) else None
    try:
        at = _EPOCH + timedelta(milliseconds=int(milliseconds))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _binary(inner: Any) -> str | None:
    data = inner.get("base64") if isinstance(inner, dict) else None
    return f"binary, {len(data) * 3 // 4} bytes" if isinstance(data, str) else None


def _timestamp(inner: Any) -> str | None:
    return f"{inner.get('t')}:{inner.get('i')}" if isinstance(inner, dict) else None


_WRITERS: Mapping[str, Callable[[Any], str | None]] = {
    "$oid": _plain, "$numberInt": _plain, "$numberLong": _plain, "$numberDouble": _plain,
    "$numberDecimal": _plain, "$uuid": _plain, "$date": _date, "$binary": _binary,
    "$timestamp": _timestamp,
}  # fmt: skip


def pretty(text: str, width: int, check: Callable[[], None] = lambda: None) -> list[Line]:
    """All of it, one field in a line; what is longer than the page goes on below. `check` is
    called again and again, and may raise.
    """
    lines: list[Line] = []
    for each in _lines(json.loads(text)):
        check()
        lines += folded(each, width)
    return lines


def _lines(value: Any, begin: str = "", end: str = "", indent: str = "") -> Iterator[str]:
    """Indented by two; what stands for one value, and what is empty, stays in one line."""
    if not value or not isinstance(value, dict | list) or _stands_for_one(value):
        yield begin + json.dumps(value, ensure_ascii=False) + end
        return
    fields, signs = _fields(value), "{}" if isinstance(value, dict) else "[]"
    yield begin + signs[0]
    for number, (name, each) in enumerate(fields, 1):
        comma = "," if number < len(value) else ""
        yield from _lines(each, f"{indent}  {name}", comma, indent + "  ")
    yield indent + signs[1] + end


def _fields(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        return (("", each) for each in value)
    return ((f"{json.dumps(name, ensure_ascii=False)}: ", each) for name, each in value.items())


def _stands_for_one(value: Any) -> bool:
    return isinstance(value, dict) and _special(value) is not None


def folded(text: str, width: int) -> Sequence[Line]:
    return [(Span(" "), Span(part)) for part in chopped(text, max(8, width - 2))]
