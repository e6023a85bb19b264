"""What is done with an oplog entry: the one table, pure.

| entry                                             | decision                               |
|---------------------------------------------------|----------------------------------------|
| i, u, d of a collection                           | Apply, as it stands                    |
| - i, u of a whole document with a Timestamp(0, 0) | Rewrite: a diff that sets it again     |
|   at its top level (zero_timestamps.py)           | comes behind it                        |
| - u, d with needsRetryImage (findAndModify)       | Rewrite without it: applyOps would keep|
|                                                   | the image in config.image_collection,  |
|                                                   | and mongod 6.0.5 aborts without the    |
|                                                   | database config                        |
| n; km, ci, cu, cd (containers, record ids)        | Skip                                   |
| local.*, config.* but KEPT_IN_CONFIG, __mdb_*     | Skip                                   |
| admin.system.keys                                 | Skip: the keys of the source's cluster |
| admin.system.version                              | Rewrite without ui (a head has its own |
|                                                   | collection); its DDL is skipped        |
| - the document featureCompatibilityVersion        | i: Skip (written once, on clean files);|
|                                                   | u, d: EndOfWindow                      |
| *.system.resharding.*                             | EndOfWindow                            |
| c: create                                         | Apply; Rewrite if `temp` is to go      |
| c: drop, dropDatabase, convertToCapped, emptycapped | Apply                                |
| c: renameCollection                               | Apply; Skip if both names are skipped; |
|                                                   | Refuse if one is                       |
| c: collMod                                        | Rewrite if options that mongod no      |
|                                                   | longer knows are to go; ModifyIndex if |
|                                                   | it changes an index; else Apply        |
| c: createIndexes, commitIndexBuild                | CreateIndexes                          |
| c: dropIndexes, dropIndex, deleteIndexes, deleteIndex | DropIndex                          |
| c: startIndexBuild, abortIndexBuild,              | Skip                                   |
|    setMultikeyMetadata, dropIdent, dbCheck        |                                        |
| c: applyOps of a transaction, commitTransaction,  | InTransaction: for the buffer          |
|    abortTransaction                               |                                        |
| c: applyOps otherwise (by hand, multiOpType 1)    | Unwrap                                 |
| c: importCollection, reshardCollection, ...       | EndOfWindow                            |
| c: anything else; any other op                    | Refuse: UnknownCommand                 |

Setting the featureCompatibilityVersion to what it is writes nothing to the oplog (measured on
6.0.5), so an update of its document is a change, and a head of the old version cannot follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from mmsconsole.errors import OplogError, UnknownCommand
from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.zero_timestamps import setting_zeros, zero_fields
from mmsconsole.rawbson import STRING, Field, document, fields, find, int32_at, string_at

KEPT_IN_CONFIG = frozenset(
    {b"chunks", b"collections", b"databases", b"settings", b"shards", b"tags", b"version"}
)
IGNORED_OPS = frozenset({b"n", b"km", b"ci", b"cu", b"cd"})
IGNORED_COMMANDS = (
    b"startIndexBuild", b"abortIndexBuild", b"setMultikeyMetadata", b"dropIdent", b"dbCheck",
)  # fmt: skip
ENDING_COMMANDS = (
    b"importCollection", b"reshardCollection", b"unshardCollection", b"moveCollection",
    b"upgradeDowngradeViewlessTimeseries",
)  # fmt: skip
OBSOLETE_OPTIONS = (b"noPadding", b"usePowerOf2Sizes")
"""Of collMod; mongod refuses them now."""
VERSIONS, KEYS = b"admin.system.version", b"admin.system.keys"
FCV = b"featureCompatibilityVersion"
VECTORED_INSERT = 1
"""multiOpType of an applyOps that is a batch of retryable inserts, not a transaction."""


@dataclass(frozen=True, slots=True)
class Apply:
    """The entry goes to the head as it stands."""


@dataclass(frozen=True, slots=True)
class Skip:
    reason: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """These go to the head instead, in order."""

    operations: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class IndexChange:
    """Where: the collection's name at that time, and its UUID (16 bytes)."""

    database: bytes
    collection: bytes
    uuid: bytes


@dataclass(frozen=True, slots=True)
class CreateIndexes(IndexChange):
    specs: tuple[bytes, ...]
    """Raw BSON, as the source has them."""


@dataclass(frozen=True, slots=True)
class DropIndex(IndexChange):
    name: bytes


@dataclass(frozen=True, slots=True)
class ModifyIndex(IndexChange):
    """A collMod that changes an index, and perhaps more."""

    change: bytes
    """The value of its `index`: a document with name or keyPattern, and what is to be."""
    operation: bytes
    """The whole operation."""
    rest: bytes | None
    """The operation without `index`; None if nothing else is changed."""


@dataclass(frozen=True, slots=True)
class Unwrap:
    """The operations of the BSON array at data[start:end] are decided upon one by one."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class InTransaction:
    """Part of a transaction: it goes through the buffer (transactions.py)."""


@dataclass(frozen=True, slots=True)
class Refuse:
    error: OplogError


@dataclass(frozen=True, slots=True)
class EndOfWindow:
    """A head cannot follow beyond here; what was stored before stays restorable."""

    reason: str


Decision = (
    Apply | Skip | Rewrite | CreateIndexes | DropIndex | ModifyIndex | Unwrap | InTransaction
    | Refuse | EndOfWindow
)  # fmt: skip

APPLY = Apply()
RETRY_IMAGE = b"needsRetryImage"
_DOCUMENT_OPS = frozenset({b"i", b"u", b"d"})


def decide(entry: Entry) -> Decision:
    """What to do with one entry, or with one operation of a transaction."""
    if entry.op in _DOCUMENT_OPS:
        decision = of_namespace(entry.ns)
        if decision is APPLY:
            return _document_entry(entry)
        return decision if decision is not None else _version_document(entry)
    if entry.op == b"c":
        return _command(entry)
    if entry.op in IGNORED_OPS:
        return Skip(f"op {entry.op.decode()}")
    return Refuse(UnknownCommand(f"oplog operation {_shown(entry.op)!r} is not known"))


@lru_cache(maxsize=4096)
def of_namespace(ns: bytes) -> Decision | None:
    """What is done with a collection's documents; None: that depends on the document."""
    database, _, collection = ns.partition(b".")
    if not collection:
        return Refuse(UnknownCommand(f"an operation on {_shown(ns)!r}, which is no collection"))
    if database == b"local" or database.startswith(b"__mdb_"):
        return Skip("belongs to the member itself")
    if database == b"config" and collection not in KEPT_IN_CONFIG:
        return Skip("bookkeeping of the source's members")
    if ns == KEYS:
        return Skip("keys of the source's cluster")
    if collection.startswith(b"system.resharding."):
        return EndOfWindow(f"{_shown(ns)} is being resharded")
    return APPLY if ns != VERSIONS else None


def _document_entry(entry: Entry) -> Decision:
    """Apply, but where applyOps would do something else beside it."""
    o_end = entry.o + int32_at(entry.data, entry.o)
    has_image = entry.data.find(RETRY_IMAGE, o_end, entry.end) >= 0
    zeros = zero_fields(entry.data, entry.o) if entry.op != b"d" else []
    if not has_image and not zeros:
        return APPLY
    raw = _without(entry.data, entry.start, RETRY_IMAGE) if has_image else entry.raw
    if not zeros:
        return Rewrite((raw,))
    return Rewrite((raw, setting_zeros(entry.ns, entry.uuid, entry.data, entry.o, zeros)))


def _version_document(entry: Entry) -> Decision:
    identity = find(entry.data, b"_id", entry.o2 or entry.o)
    if identity is None or not _is_string(entry.data, identity, FCV):
        return Rewrite((_without(entry.data, entry.start, b"ui"),))
    if entry.op == b"i":
        return Skip("the version of a new member's files")
    return EndOfWindow("the featureCompatibilityVersion of the source changes")


# -- commands ---------------------------------------------------------------------------------


def _command(entry: Entry) -> Decision:
    first = next(fields(entry.data, entry.o), None)
    if first is None:
        return Refuse(UnknownCommand("an oplog command without a name"))
    known = _COMMANDS.get(first.name)
    if known is None:
        return Refuse(UnknownCommand(f"oplog command {_shown(first.name)!r} is not known"))
    if known.on_collection:
        elsewhere = of_namespace(_target(entry, first))
        if elsewhere is None:
            return Skip("a head has its own")
        if not isinstance(elsewhere, Apply):
            return elsewhere
    return known.decide(entry, first)


def _target(entry: Entry, first: Field) -> bytes:
    collection = string_at(entry.data, first.start) if first.kind == STRING else b""
    return entry.database + b"." + collection


def _apply(_entry: Entry, _first: Field) -> Decision:
    return APPLY


def _ignore(_entry: Entry, first: Field) -> Decision:
    return Skip(_shown(first.name))


def _end(entry: Entry, first: Field) -> Decision:
    return EndOfWindow(f"{_shown(first.name)} on {_shown(entry.database)}")


def _create(entry: Entry, _first: Field) -> Decision:
    """A standalone drops temporary collections when it starts, but a head must keep them: the
    source may be in the middle of an $out. It drops them itself if that fails.
    """
    return _stripped(entry, b"temp")


def _drop_database(entry: Entry, _first: Field) -> Decision:
    return Skip("not a head's") if entry.database in (b"local", b"config") else APPLY


def _rename(entry: Entry, first: Field) -> Decision:
    to = find(entry.data, b"to", entry.o)
    names = [string_at(entry.data, field.start) for field in (first, to) if field is not None]
    here = [of_namespace(name) for name in names]
    for end in here:
        if isinstance(end, EndOfWindow):
            return end
    if len(names) == 2 and all(isinstance(decision, Apply) for decision in here):
        return APPLY
    if all(isinstance(decision, Skip) for decision in here):
        return Skip("both names are outside of a head")
    shown = " to ".join(map(_shown, names))
    return Refuse(UnknownCommand(f"a rename ({shown}) across what a head holds"))


def _coll_mod(entry: Entry, first: Field) -> Decision:
    index = find(entry.data, b"index", entry.o)
    if index is None:
        return _stripped(entry, *OBSOLETE_OPTIONS)
    apart = (*OBSOLETE_OPTIONS, b"index", b"collMod")
    others = any(field.name not in apart for field in fields(entry.data, entry.o))
    return ModifyIndex(
        *_place(entry, first),
        entry.data[index.start : index.end],
        _with_o(entry, OBSOLETE_OPTIONS),
        _with_o(entry, (*OBSOLETE_OPTIONS, b"index")) if others else None,
    )


def _create_index(entry: Entry, first: Field) -> Decision:
    """The specification lies beside the command's name."""
    return CreateIndexes(*_place(entry, first), (_without(entry.data, entry.o, first.name),))


def _commit_index_build(entry: Entry, first: Field) -> Decision:
    specs = find(entry.data, b"indexes", entry.o)
    if specs is None:
        return Refuse(UnknownCommand("a commitIndexBuild without indexes"))
    found = tuple(entry.data[f.start : f.end] for f in fields(entry.data, specs.start))
    return CreateIndexes(*_place(entry, first), found)


def _drop_index(entry: Entry, first: Field) -> Decision:
    name = find(entry.data, b"index", entry.o)
    if name is None or name.kind != STRING:
        return Refuse(UnknownCommand("a dropIndexes without the name of an index"))
    return DropIndex(*_place(entry, first), string_at(entry.data, name.start))


def _apply_ops(entry: Entry, first: Field) -> Decision:
    if entry.find(b"txnNumber") is None or _is_vectored(entry):
        return Unwrap(first.start, first.end)
    return InTransaction()


def _is_vectored(entry: Entry) -> bool:
    kind = entry.find(b"multiOpType")
    return kind is not None and int32_at(entry.data, kind.start) == VECTORED_INSERT


def _in_transaction(_entry: Entry, _first: Field) -> Decision:
    return InTransaction()


@dataclass(frozen=True, slots=True)
class _Known:
    decide: Callable[[Entry, Field], Decision]
    on_collection: bool = True
    """Its first value names a collection, which may be none of a head's."""


_COMMANDS: dict[bytes, _Known] = {
    b"create": _Known(_create),
    b"drop": _Known(_apply),
    b"convertToCapped": _Known(_apply),
    b"emptycapped": _Known(_apply),
    b"dropDatabase": _Known(_drop_database, on_collection=False),
    b"renameCollection": _Known(_rename, on_collection=False),
    b"collMod": _Known(_coll_mod),
    b"createIndexes": _Known(_create_index),
    b"commitIndexBuild": _Known(_commit_index_build),
    b"dropIndexes": _Known(_drop_index),
    b"dropIndex": _Known(_drop_index),
    b"deleteIndexes": _Known(_drop_index),
    b"deleteIndex": _Known(_drop_index),
    b"applyOps": _Known(_apply_ops, on_collection=False),
    b"commitTransaction": _Known(_in_transaction, on_collection=False),
    b"abortTransaction": _Known(_in_transaction, on_collection=False),
    **{name: _Known(_ignore, on_collection=False) for name in IGNORED_COMMANDS},
    **{name: _Known(_end, on_collection=False) for name in ENDING_COMMANDS},
}


# -- pieces of an entry -----------------------------------------------------------------------


def _place(entry: Entry, first: Field) -> tuple[bytes, bytes, bytes]:
    return entry.database, string_at(entry.data, first.start), entry.uuid


def _stripped(entry: Entry, *names: bytes) -> Decision:
    """Apply, or Rewrite if `o` has a field of one of those names."""
    if any(field.name in names for field in fields(entry.data, entry.o)):
        return Rewrite((_with_o(entry, names),))
    return APPLY


def _with_o(entry: Entry, without: tuple[bytes, ...]) -> bytes:
    """The entry, its `o` without the fields of those names."""
    command = _without(entry.data, entry.o, *without)
    return document(
        b"\x03o\x00" + command
        if field.name == b"o"
        else entry.data[field.start - len(field.name) - 2 : field.end]
        for field in fields(entry.data, entry.start)
    )


def _without(data: bytes, start: int, *names: bytes) -> bytes:
    """The document that begins at `start`, without the fields of those names."""
    return document(
        data[field.start - len(field.name) - 2 : field.end]
        for field in fields(data, start)
        if field.name not in names
    )


def _is_string(data: bytes, field: Field, text: bytes) -> bool:
    return field.kind == STRING and string_at(data, field.start) == text


def _shown(name: bytes) -> str:
    return name.decode(errors="backslashreplace")[:200]
