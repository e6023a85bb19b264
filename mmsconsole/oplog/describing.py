"""An oplog entry as a row that people read. Pure.

Nothing of it is decoded but what is shown. Bytes that are no BSON are told as such, and every text
is harmless to a terminal.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from mmsconsole.oplog.changes import CHANGED, CUT, SET, UNSET, PathChange, changes_of, is_whole
from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.unfolding import (
    command_of,
    identity_of,
    inside,
    is_secretive,
    kind_of,
    namespaces_of,
    unfolded,
)
from mmsconsole.oplog.values import (
    BROKEN,
    document_text,
    name_text,
    shortened,
    text_at,
    value_text,
)
from mmsconsole.optime import Optime
from mmsconsole.rawbson import ARRAY, DATETIME, DOCUMENT, Field, datetime_at, fields, find

CHANGE_CHARS = 400
ID_CHARS = 80
INNER_MAX = 50
"""Operations inside an entry that are told one by one."""
NOT_SHOWN = "not shown: credentials or keys"
GROUPS_MAX = 6
"""Of operations inside an entry, in its sentence."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One change: what an entry does, or one of those inside it."""

    kind: str
    """insert, update, delete, noop, or the name of a command."""
    ns: str
    """db.collection; of dropDatabase the database."""
    id: str
    """The document's _id; empty where it is about none."""
    change: str


@dataclass(frozen=True, slots=True)
class Described:
    optime: Optime
    wall: datetime | None
    """The source's wall clock; None where it is not told, or no time that Python knows."""
    what: Operation
    inner: tuple[Operation, ...]
    """Of a transaction or an applyOps: the first INNER_MAX."""
    inner_count: int
    bytes: int


def described(entry: Entry, inner_max: int = INNER_MAX) -> Described:
    """Never raises."""
    try:
        return _described(entry, inner_max)
    except BROKEN as error:
        told = Operation(_safe(entry.op), _safe(entry.ns), "", f"can not be read: {error}")
        return Described(entry.optime, None, told, (), 0, entry.end - entry.start)


def _described(entry: Entry, inner_max: int) -> Described:
    wall = entry.find(b"wall")
    inner = list(unfolded(entry)) if inside(entry) is not None else []
    return Described(
        optime=entry.optime,
        wall=datetime_at(entry.data, wall.start) if wall and wall.kind == DATETIME else None,
        what=_together(entry, inner) if inside(entry) is not None else _operation(entry),
        inner=tuple(_operation(one) for one in islice(inner, inner_max)),
        inner_count=len(inner),
        bytes=entry.end - entry.start,
    )


def _operation(entry: Entry) -> Operation:
    identity = identity_of(entry)
    return Operation(
        kind=_safe(kind_of(entry).encode(errors="backslashreplace")),
        ns=_safe(namespaces_of(entry)[0]),
        id="" if identity is None else value_text(entry.data, identity, ID_CHARS),
        change=shortened(_change(entry), CHANGE_CHARS),
    )


def _together(entry: Entry, inner: list[Entry]) -> Operation:
    """3 operations: insert app.c 2, update app.d"""
    counts = Counter((kind_of(one), namespaces_of(one)[0]) for one in inner)
    groups = [
        f"{_safe(kind.encode())} {_safe(ns)}" + (f" {count}" if count > 1 else "")
        for (kind, ns), count in counts.most_common(GROUPS_MAX)
    ]
    more = [f"{len(counts) - GROUPS_MAX} more kinds"] if len(counts) > GROUPS_MAX else []
    noun = "operation" if len(inner) == 1 else "operations"
    told = f"{len(inner)} {noun}: {', '.join(groups + more)}" if inner else "nothing"
    names = {ns for _, ns in counts}
    only = _safe(names.pop()) if len(names) == 1 else ""
    return Operation(kind_of(entry), only, "", shortened([told, _part(entry)], CHANGE_CHARS))


def _part(entry: Entry) -> str:
    """Of a transaction that is not over with this entry."""
    if find(entry.data, b"partialTxn", entry.o) is not None:
        return " (a part of it; more follows)"
    if find(entry.data, b"prepare", entry.o) is not None:
        return " (prepared; it counts from its commit on)"
    return ""


def _change(entry: Entry) -> Iterator[str]:
    if is_secretive(entry.ns) and entry.op != b"d":
        yield NOT_SHOWN
    elif entry.op == b"u":
        yield from _update(entry)
    elif entry.op == b"c":
        yield from _command(entry)
    elif entry.op != b"d" and entry.o:
        yield document_text(entry.data, entry.o, CHANGE_CHARS)


def _update(entry: Entry) -> Iterator[str]:
    if is_whole(entry):
        yield "replaced by "
        yield document_text(entry.data, entry.o, CHANGE_CHARS)
        return
    verb = ""
    for change in changes_of(entry):
        if change.verb == verb:
            yield ", "
        else:
            yield f"{'; ' if verb else ''}{change.verb} "
        verb = change.verb
        yield _path(entry.data, change)


def _path(data: bytes, change: PathChange) -> str:
    path = name_text(change.path)
    if change.value is None or change.verb == UNSET:
        return path
    between = {SET: ": ", CUT: " to length ", CHANGED: " by "}[change.verb]
    return f"{path}{between}{value_text(data, change.value)}"


# -- commands ---------------------------------------------------------------------------------


def _command(entry: Entry) -> Iterator[str]:
    first = command_of(entry)
    if first is not None:
        yield from _WORDS.get(first.name, _rest)(entry, first)


def _rest(entry: Entry, first: Field) -> Iterator[str]:
    """Everything but the name of what it is about."""
    if first.kind in (DOCUMENT, ARRAY):
        yield value_text(entry.data, first)
    told = False
    for field in fields(entry.data, entry.o):
        if field.name not in (first.name, b"idIndex", b"indexBuildUUID"):
            yield f"{', ' if told else ''}{name_text(field.name)}: {value_text(entry.data, field)}"
            told = True


def _drop(entry: Entry, _first: Field) -> Iterator[str]:
    count = find(entry.data, b"numRecords", entry.o2) if entry.o2 else None
    if count is not None:
        number = value_text(entry.data, count)
        yield f"with {number} document{'' if number == '1' else 's'}"


def _drop_database(entry: Entry, _first: Field) -> Iterator[str]:
    yield f"the whole database {_safe(entry.database)}"


def _rename(entry: Entry, _first: Field) -> Iterator[str]:
    yield f"to {_safe(text_at(entry.data, find(entry.data, b'to', entry.o)))}"
    if find(entry.data, b"dropTarget", entry.o) is not None:
        yield ", which is dropped"


def _indexes(entry: Entry, first: Field) -> Iterator[str]:
    listed = find(entry.data, b"indexes", entry.o)
    specs = fields(entry.data, listed.start) if listed else iter((first,))
    for number, spec in enumerate(specs):
        start = spec.start if listed else entry.o
        name = find(entry.data, b"name", start)
        key = find(entry.data, b"key", start)
        yield ", " if number else ""
        yield _safe(text_at(entry.data, name))
        yield f" {value_text(entry.data, key)}" if key else ""


def _index(entry: Entry, _first: Field) -> Iterator[str]:
    yield _safe(text_at(entry.data, find(entry.data, b"index", entry.o)))


def _commit(_entry: Entry, _first: Field) -> Iterator[str]:
    yield "of what was prepared before"


def _abort(_entry: Entry, _first: Field) -> Iterator[str]:
    yield "nothing of it counts"


_WORDS: dict[bytes, Callable[[Entry, Field], Iterator[str]]] = {
    b"drop": _drop,
    b"dropDatabase": _drop_database,
    b"renameCollection": _rename,
    b"createIndexes": _indexes,
    b"startIndexBuild": _indexes,
    b"commitIndexBuild": _indexes,
    b"abortIndexBuild": _indexes,
    b"dropIndexes": _index,
    b"commitTransaction": _commit,
    b"abortTransaction": _abort,
}


def _safe(name: bytes) -> str:
    return shortened([name_text(name)], 300)
