"""Which entries somebody wants to see. Pure.

ns=app.orders        the collection; ns=app all of a database; ns=app.o* by prefix
op=delete            the kind, as the rows tell it; i, u, d, c, n as well; op=command: all commands;
                     op=destructive: those that take a whole collection or database away
id=5                 the document's _id: a string, a number, an ObjectId, or extended JSON
field=address.city   that an insert holds, or an update touches
status=paid          the same with its value
orders               a word alone is a namespace

All that is given must hold, and of a transaction for one of its operations. A name that is given
twice may be either.
"""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mmsconsole.errors import UsageError
from mmsconsole.oplog.changes import SET, changes_of, is_whole
from mmsconsole.oplog.destruction import drop_of
from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.guessing import Candidates, guessed
from mmsconsole.oplog.unfolding import (
    DELETE,
    INSERT,
    NOOP,
    UPDATE,
    identity_of,
    kind_of,
    namespaces_of,
    unfolded,
)
from mmsconsole.oplog.values import BROKEN
from mmsconsole.rawbson import ARRAY, DOCUMENT, Field, fields

COMMAND, DESTRUCTIVE = "command", "destructive"
LETTERS = {"i": INSERT, "u": UPDATE, "d": DELETE, "n": NOOP, "c": COMMAND}
HINT = "write ns=app.orders op=delete id=5 field=qty status=paid, each with a blank between"
NAMES = ("ns", "op", "id", "field")


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty parts ask for nothing."""

    namespaces: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    ids: Candidates = frozenset()
    fields: tuple[bytes, ...] = ()
    """Dotted paths."""
    values: tuple[tuple[bytes, Candidates], ...] = ()
    """What lies at dotted paths."""

    @property
    def empty(self) -> bool:
        return self == NOTHING

    def matches(self, entry: Entry) -> bool:
        """What can not be read matches: nobody shall miss it."""
        if self.empty:
            return True
        try:
            return self._of_one(entry) or any(
                self._of_one(one) for one in unfolded(entry) if one is not entry
            )
        except BROKEN:
            return True

    def _of_one(self, entry: Entry) -> bool:
        return (
            self._of_namespace(entry)
            and self._of_kind(entry)
            and (not self.ids or self._of_id(entry))
            and all(touches(entry, path) for path in self.fields)
            and all(holds(entry, path, values) for path, values in self.values)
        )

    def _of_namespace(self, entry: Entry) -> bool:
        return not self.namespaces or any(
            is_within(name.decode(errors="backslashreplace"), pattern)
            for name in namespaces_of(entry)
            for pattern in self.namespaces
        )

    def _of_kind(self, entry: Entry) -> bool:
        if not self.kinds:
            return True
        kinds = {kind_of(entry).casefold()}
        if entry.op == b"c":
            kinds |= {COMMAND} if drop_of(entry) is None else {COMMAND, DESTRUCTIVE}
        return any(kind.casefold() in kinds for kind in self.kinds)

    def _of_id(self, entry: Entry) -> bool:
        found = identity_of(entry)
        return found is not None and _value(entry.data, found) in self.ids


NOTHING = Filter()


def made(
    *, ns: Iterable[str] = (), op: Iterable[str] = (), id_: str = "", field: Iterable[str] = (),
    filter_: str = "",
) -> Filter:  # fmt: skip
    """What options say, and what `filter_` says beside them. Raises UsageError."""
    parts = [("ns", name) for name in ns] + [("op", kind) for kind in op]
    parts += [("field", path) for path in field] + ([("id", id_)] if id_ else [])
    return _filter([*parts, *terms(filter_)])


def terms(text: str) -> list[tuple[str, str]]:
    """name=value, each; a word alone is ns=word. Raises UsageError."""
    found = []
    for word in _words(text):
        name, sign, value = word.partition("=")
        found.append((name, value) if sign else ("ns", word))
        if not found[-1][0]:
            raise UsageError("a value without the name of its field", where=word, hint=HINT)
    return found


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escape, lexer.quotes = True, "", "", "'"
    try:
        return list(lexer)
    except ValueError as error:
        raise UsageError("a quotation mark is open", where=text, hint=HINT) from error


def _filter(parts: Iterable[tuple[str, str]]) -> Filter:
    told = list(parts)
    return Filter(
        namespaces=tuple(value for name, value in told if name == "ns"),
        kinds=tuple(LETTERS.get(value, value) for name, value in told if name == "op"),
        ids=frozenset().union(*(guessed(value) for name, value in told if name == "id")),
        fields=tuple(_path(value) for name, value in told if name == "field"),
        values=tuple((_path(name), guessed(value)) for name, value in told if name not in NAMES),
    )


def _path(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("not text in UTF-8", where=ascii(text)) from error


def is_within(name: str, pattern: str) -> bool:
    """A database's name stands for all that is in it; * stands for anything."""
    if "*" in pattern:
        return _fits(name, pattern.split("*"))
    return name == pattern or ("." not in pattern and name.startswith(f"{pattern}."))


def _fits(name: str, parts: list[str]) -> bool:
    """Part by part, each as early as it comes: no pattern takes longer than the name is long."""
    first, *middle, last = parts
    if not name.startswith(first) or len(name) < len(first) + len(last):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return name.endswith(last)


# -- documents and diffs ----------------------------------------------------------------------


def touches(entry: Entry, path: bytes) -> bool:
    """An insert or a whole document that holds it; an update that changes it, or what is around
    or below it."""
    if _has_document(entry):
        return any(True for _ in values_at(entry.data, entry.o, path))
    if entry.op != b"u":
        return False
    return any(_related(change.path, path) for change in changes_of(entry))


def holds(entry: Entry, path: bytes, wanted: Candidates) -> bool:
    """That the document, or what an update sets, has one of these values there."""
    if _has_document(entry) or entry.op == b"d":
        found = values_at(entry.data, entry.o, path)
    elif entry.op == b"u":
        found = _set_at(entry, path)
    else:
        return False
    return any(_value(entry.data, field) in wanted for field in found)


def _has_document(entry: Entry) -> bool:
    return entry.op == b"i" or (entry.op == b"u" and is_whole(entry))


def _set_at(entry: Entry, path: bytes) -> Iterator[Field]:
    for change in changes_of(entry):
        if change.verb != SET or change.value is None:
            continue
        if change.path == path:
            yield change.value
        elif path.startswith(change.path + b".") and change.value.kind in (DOCUMENT, ARRAY):
            yield from values_at(entry.data, change.value.start, path[len(change.path) + 1 :])


def _related(changed: bytes, path: bytes) -> bool:
    return (
        changed == path or changed.startswith(path + b".") or path.startswith(changed + b".")
    )  # fmt: skip


def values_at(data: bytes, start: int, path: bytes) -> Iterator[Field]:
    """What lies at a dotted path of the document or array at `start`; in an array, of any item."""
    name, _, rest = path.partition(b".")
    for field in fields(data, start):
        if field.name != name:
            continue
        if not rest:
            yield field
        elif field.kind == DOCUMENT:
            yield from values_at(data, field.start, rest)
        elif field.kind == ARRAY:
            yield from values_at(data, field.start, rest)
            for item in fields(data, field.start):
                if item.kind == DOCUMENT:
                    yield from values_at(data, item.start, rest)


def _value(data: bytes, field: Field) -> tuple[int, bytes]:
    return field.kind, data[field.start : field.end]
