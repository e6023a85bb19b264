"""What an update changes, path by path. Pure.

Three ways of writing it down: a diff ($v: 2, from 5.0 on: `u` and `i` set, `d` unsets, `sNAME` goes
into a field, `a` marks an array's), modifiers ($v: 1: $set, $unset), or the whole new document.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mmsconsole.oplog.entry import Entry
from mmsconsole.rawbson import ARRAY, BOOLEAN, DOCUMENT, Field, fields, find

SET, UNSET, CUT, CHANGED = "set", "unset", "cut", "changed"
DEPTH_MAX = 150


class PathChange(NamedTuple):
    verb: str
    """set, unset, cut (an array, to a length), changed (in a way that is not known here)."""
    path: bytes
    value: Field | None
    """None: it has none any more."""


def is_whole(entry: Entry) -> bool:
    """Whether the update is a whole document."""
    first = next(fields(entry.data, entry.o), None)
    return first is None or not first.name.startswith(b"$")


def changes_of(entry: Entry) -> Iterator[PathChange]:
    """Of an update that is no whole document. Raises UnreadableEntry."""
    diff = find(entry.data, b"diff", entry.o)
    if diff is not None and diff.kind == DOCUMENT:
        yield from _of_diff(entry.data, diff.start, b"", 0)
        return
    for field in fields(entry.data, entry.o):
        if field.kind == DOCUMENT:
            yield from _of_modifier(entry.data, field)


def _of_modifier(data: bytes, modifier: Field) -> Iterator[PathChange]:
    verb = {b"$set": SET, b"$unset": UNSET}.get(modifier.name, CHANGED)
    for field in fields(data, modifier.start):
        yield PathChange(verb, field.name, None if verb == UNSET else field)


def _of_diff(data: bytes, start: int, path: bytes, depth: int) -> Iterator[PathChange]:
    parts = list(fields(data, start))
    in_array = bool(parts) and parts[0].name == b"a" and parts[0].kind == BOOLEAN
    for part in parts[1:] if in_array else parts:
        if part.name[:1] == b"s" and part.kind == DOCUMENT and depth < DEPTH_MAX:
            yield from _of_diff(data, part.start, _below(path, part.name[1:]), depth + 1)
        elif in_array:
            yield _of_item(path, part)
        elif part.name in (b"u", b"i", b"d") and part.kind in (DOCUMENT, ARRAY):
            verb = UNSET if part.name == b"d" else SET
            for field in fields(data, part.start):
                yield PathChange(verb, _below(path, field.name), field if verb == SET else None)
        else:
            yield PathChange(CHANGED, path, part)


def _of_item(path: bytes, part: Field) -> PathChange:
    if part.name == b"l":
        return PathChange(CUT, path, part)
    if part.name[:1] == b"u":
        return PathChange(SET, _below(path, part.name[1:]), part)
    return PathChange(CHANGED, path, part)


def _below(path: bytes, name: bytes) -> bytes:
    return path + b"." + name if path else name
