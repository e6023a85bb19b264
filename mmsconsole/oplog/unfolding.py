"""What an entry is about, without decoding it: kind, namespace, what is inside. Pure."""

from collections.abc import Iterator

from mmsconsole.oplog.entry import Entry, array_entries
from mmsconsole.oplog.values import text_at
from mmsconsole.rawbson import ARRAY, BINARY, Field, fields, find, int32_at

INSERT, UPDATE, DELETE, NOOP = "insert", "update", "delete", "noop"
TRANSACTION = "transaction"
DOCUMENT_KINDS = {b"i": INSERT, b"u": UPDATE, b"d": DELETE, b"n": NOOP}
DEPTH_MAX = 5
VECTORED = 1
"""multiOpType of an applyOps that is no transaction."""

WHOLE_NAMES = frozenset({b"dbCheck", b"importCollection"})
"""Commands whose value is a whole namespace, where it has a dot."""
SECRETIVE = frozenset({b"admin.system.users", b"admin.system.keys", b"admin.tempusers"})
"""Their documents hold credentials and keys: nothing of them is shown but the _id. The last one is
mongorestore's, and restores of ours into what runs have such collections too."""
OURS = b"admin.mmsconsole_restore_users_"


def is_secretive(ns: bytes) -> bool:
    return ns in SECRETIVE or ns.startswith(OURS)


def command_of(entry: Entry) -> Field | None:
    """The field that a command begins with; None for what is none."""
    return next(fields(entry.data, entry.o), None) if entry.op == b"c" and entry.o else None


def kind_of(entry: Entry) -> str:
    """insert, update, delete, noop, transaction, or the name of a command."""
    known = DOCUMENT_KINDS.get(entry.op)
    if known is not None:
        return known
    first = command_of(entry)
    if first is None:
        return entry.op.decode(errors="backslashreplace")
    if first.name == b"applyOps" and _is_transaction(entry):
        return TRANSACTION
    return first.name.decode(errors="backslashreplace")


def _is_transaction(entry: Entry) -> bool:
    kind = entry.find(b"multiOpType")
    vectored = kind is not None and int32_at(entry.data, kind.start) == VECTORED
    return entry.find(b"txnNumber") is not None and not vectored


def namespaces_of(entry: Entry) -> tuple[bytes, ...]:
    """That it concerns; of a rename both, of dropDatabase the database. Not of what is inside."""
    first = command_of(entry)
    if first is None:
        return (entry.ns,)
    name = text_at(entry.data, first)
    if first.name == b"renameCollection":
        return name, text_at(entry.data, find(entry.data, b"to", entry.o))
    if not name:
        return (entry.database,)
    whole = first.name in WHOLE_NAMES and b"." in name
    return (name if whole else entry.database + b"." + name,)


def inside(entry: Entry) -> tuple[int, int] | None:
    """Where the array of operations lies that it holds, if it holds any."""
    first = command_of(entry)
    if first is None or first.name != b"applyOps" or first.kind != ARRAY:
        return None
    return first.start, first.end


def unfolded(entry: Entry, depth: int = 0) -> Iterator[Entry]:
    """The entry, or what it is made of: operations inside have no optime of their own."""
    array = inside(entry)
    if array is None or depth >= DEPTH_MAX:
        yield entry
        return
    for inner in array_entries(entry.data, *array):
        yield from unfolded(inner, depth + 1)


def identity_of(entry: Entry) -> Field | None:
    """The _id of the document that it is about."""
    if entry.op not in DOCUMENT_KINDS or entry.op == b"n":
        return None
    for place in (entry.o2, entry.o):
        found = find(entry.data, b"_id", place) if place else None
        if found is not None:
            return found
    return None


def drops_target(entry: Entry) -> bool:
    """A rename over a collection that was there."""
    target = find(entry.data, b"dropTarget", entry.o)
    return target is not None and (target.kind == BINARY or entry.data[target.start] == 1)
