"""A command as people may read it: its shape, with "?" for every value of a user's document. Pure.

Names of fields stay, values never do: what is kept of operations is read by people who may not read
the data.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeGuard

from mmsconsole.monitoring.fields import Document, text

TEXT_MAX = 300
NAME_MAX = 80
DEPTH_MAX = 8
EACH_MAX = 20
"""Fields of one document, elements of one array; what follows is "…"."""
HIDDEN = "?"
CUT = "…"
LEFT_OUT = frozenset((
    "$clusterTime", "$db", "$readPreference", "$audit", "$client", "$configServerState",
    "$configTime", "$topologyTime", "$truncated", "apiDeprecationErrors", "apiStrict", "apiVersion",
    "autocommit", "clientOperationKey", "comment", "cursor", "lsid", "maxTimeMS",
    "mayBypassWriteBlocking", "readConcern", "signature", "singleBatch", "startTransaction",
    "stmtId", "stmtIds", "txnNumber", "writeConcern",
))  # fmt: skip
"""Of the command's own fields: they say nothing of what it does."""
TOP = 1
STAGE = 3
"""How deep the fields of a command stand, and the stages of its pipeline."""
ORDERS = frozenset(((TOP, "sort"), (TOP, "projection"), (TOP, "hint"), (TOP, "key"),
    (STAGE, "$sort"), (STAGE, "$project")))  # fmt: skip
"""Their 1, 0 and -1 are a part of the shape. A user's field of that name stands elsewhere."""
COUNTS = frozenset(((TOP, "limit"), (TOP, "skip"), (TOP, "batchSize"), (TOP, "multi"),
    (TOP, "upsert"), (TOP, "ordered"), (TOP, "new"),
    (STAGE, "$limit"), (STAGE, "$skip")))  # fmt: skip
CONTENTS = frozenset(("documents",))
"""Whole documents of users: how many, and no more."""


def shape_of(command: Document, collection: str) -> str:
    """`find orders filter: {customer: ?} sort: {at: -1}`: at most TEXT_MAX characters, harmless.

    `collection`: the one that the operation is on; only this is shown of the command's values.
    """
    shown, length = [], 0
    for piece in _command(command, collection):
        shown.append(piece)
        length += len(piece)
        if length > TEXT_MAX:
            return "".join(shown)[: TEXT_MAX - 1] + CUT
    return "".join(shown).strip()


def _command(command: Document, collection: str) -> Iterator[str]:
    if "$truncated" in command:
        yield CUT  # a text of which nobody knows what is a value
    fields = ((name, value) for name, value in command.items() if name not in LEFT_OUT)
    for position, (name, value) in enumerate(islice(fields, EACH_MAX)):
        if position == 0 and not isinstance(value, Mapping):
            yield _name(name)
            yield f" {_name(collection)}" if value == collection else ""
        elif name in ("collection", "getMore") and value == collection:
            yield f" {_name(collection)}"
        else:
            yield f" {_name(name)}: "
            yield from _value(name, value, TOP)


def _value(name: str, value: object, depth: int) -> Iterator[str]:
    if depth == TOP and name in CONTENTS and isinstance(value, list):
        yield f"[{len(value)}]"
    elif isinstance(value, Mapping):
        yield from _fields(value, depth, orders=(depth, name) in ORDERS)
    elif isinstance(value, list):
        yield from _elements(name, value, depth)
    else:
        yield str(value) if (depth, name) in COUNTS and _is_small(value) else HIDDEN


def _fields(value: Document, depth: int, *, orders: bool) -> Iterator[str]:
    if depth > DEPTH_MAX:
        yield "{…}"
        return
    yield "{"
    for position, (name, each) in enumerate(value.items()):
        if position == EACH_MAX:
            yield ", …"
            break
        yield f"{', ' if position else ''}{_name(name)}: "
        if orders and _is_order(each):
            yield str(int(each))
        else:
            yield from _value(name, each, depth + 1)
    yield "}"


def _elements(name: str, value: list[object], depth: int) -> Iterator[str]:
    """A list of plain values is one "?": how many there are is a fact of the query's data."""
    if depth > DEPTH_MAX:
        yield "[…]"
        return
    if not any(isinstance(each, Mapping | list) for each in value[:EACH_MAX]):
        yield f"[{HIDDEN}]" if value else "[]"
        return
    yield "["
    for position, each in enumerate(value):
        if position == EACH_MAX:
            yield ", …"
            break
        yield ", " if position else ""
        yield from _value(name, each, depth + 1)
    yield "]"


def _is_order(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and value in (-1, 0, 1)


def _is_small(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**9)


def _name(name: object) -> str:
    return text(name, NAME_MAX) or CUT
