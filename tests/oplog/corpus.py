"""The corpus: a file of extended JSON for each kind of entry, each entry with its decision.

What mongod 6.0.5 wrote, as `python -m tests.oplog.make_corpus` found it. A string that is one
character again and again is kept as {"$again": character, "times": n}: some entries are of 16 MB.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
from bson import json_util

from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import (
    CreateIndexes,
    Decision,
    DropIndex,
    EndOfWindow,
    InTransaction,
    ModifyIndex,
    Refuse,
    Rewrite,
    Skip,
    Unwrap,
)
from mmsconsole.oplog.entry import Entry, array_entries, peek
from mmsconsole.rawbson import find
from tests.oplog.kinds import Kind, command_of, kind_of

FOLDER = Path(__file__).with_name("corpus")
CANONICAL = json_util.CANONICAL_JSON_OPTIONS
AGAIN, LONG = "$again", 100

Document = dict[str, Any]
Shape = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Example:
    entry: Document
    decision: Any
    """As `described` tells it."""

    @property
    def raw(self) -> bytes:
        return bson.encode(self.entry)


def peeked(raw: bytes) -> Entry:
    return peek(raw, 0, len(raw))


# -- files ------------------------------------------------------------------------------------


def load(file: Path) -> list[Example]:
    held = json.loads(file.read_text())
    return [Example(_unfolded(one["entry"]), one["decision"]) for one in held["entries"]]


def save(kind: Kind, entries: list[Document]) -> None:
    """One entry to a line."""
    lines = [
        json.dumps({"decision": described(decide(peeked(bson.encode(entry))), entry),
                    "entry": _folded(entry)})
        for entry in entries
    ]  # fmt: skip
    about = json.dumps(f"{kind.about} ({kind.row})")
    text = f'{{"about": {about},\n "entries": [\n  ' + ",\n  ".join(lines) + "\n]}\n"
    (FOLDER / f"{kind.name}.json").write_text(text)


def _folded(value: Any) -> Any:
    """As JSON."""
    return _repeats(json.loads(json_util.dumps(value, json_options=CANONICAL)))


def _repeats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _repeats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_repeats(inner) for inner in value]
    if isinstance(value, str) and len(value) > LONG and value == value[0] * len(value):
        return {AGAIN: value[0], "times": len(value)}
    return value


def _unfolded(value: Any) -> Any:
    whole = _spelled_out(value)
    return json_util.loads(json.dumps(whole), json_options=CANONICAL)


def _spelled_out(value: Any) -> Any:
    if isinstance(value, dict):
        if AGAIN in value:
            return value[AGAIN] * value["times"]
        return {name: _spelled_out(inner) for name, inner in value.items()}
    return [_spelled_out(inner) for inner in value] if isinstance(value, list) else value


# -- decisions --------------------------------------------------------------------------------


def described(decision: Decision, entry: Document) -> Any:
    """A decision as JSON, with what it holds."""
    name = type(decision).__name__
    match decision:
        case Skip(reason) | EndOfWindow(reason):
            return {name: reason}
        case Refuse(error):
            return {name: error.what}
        case Rewrite(operations):
            return {name: [_folded(bson.decode(operation)) for operation in operations]}
        case CreateIndexes():
            return {name: [_folded(bson.decode(spec)) for spec in decision.specs]}
        case DropIndex():
            return {name: decision.name.decode()}
        case ModifyIndex():
            rest = decision.rest and _folded(bson.decode(decision.rest)["o"])
            return {name: _folded(bson.decode(decision.change)), "rest": rest}
        case Unwrap() | InTransaction() if "applyOps" in entry["o"]:
            return {name: _inside(entry)}
    return name


def _inside(entry: Document) -> list[Any]:
    """What is decided of the operations inside, the same one after another told once."""
    outer = peeked(bson.encode(entry))
    array = find(outer.data, b"applyOps", outer.o)
    assert array is not None
    told: list[Any] = []
    for inner in array_entries(outer.data, array.start, array.end):
        one = described(decide(inner), bson.decode(inner.raw))
        if told[-1:] != [one]:
            told.append(one)
    return told


# -- shapes -----------------------------------------------------------------------------------


def shape(entry: Document) -> Shape:
    """What two entries of one kind have in common: fields and types, not what they hold."""
    inner = ()
    if entry["op"] == "c":
        inner = _fields(entry["o"])
    operations = entry["o"].get("applyOps", []) if command_of(entry) == "applyOps" else []
    return entry["op"], _fields(entry), inner, *sorted({shape(one)[:2] for one in operations})


def _fields(document: Document) -> Shape:
    return tuple(sorted((name, type(value).__name__) for name, value in document.items()))


def gathered(entries: Iterator[Document]) -> dict[str, dict[Shape, Document]]:
    """Kind -> shape -> the smallest entry of it. Raises ValueError for what is of no kind."""
    found: dict[str, dict[Shape, tuple[int, Document]]] = {}
    for entry in entries:
        kind = kind_of(entry)
        if kind is None:
            raise ValueError(f"of no kind: {entry}"[:1000])
        size, known = len(bson.encode(entry)), found.setdefault(kind.name, {})
        if size < known.get(shape(entry), (size + 1, {}))[0]:
            known[shape(entry)] = size, entry
    return {
        name: {key: entry for key, (_, entry) in shapes.items()} for name, shapes in found.items()
    }


def decoded(arrays: list[bytes]) -> Iterator[Document]:
    """Every entry of the arrays of an oplog."""
    for array in arrays:
        for entry in array_entries(array, 0, len(array)):
            yield bson.decode(entry.raw)
