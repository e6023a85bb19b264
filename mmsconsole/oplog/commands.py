"""What is done with a command of the oplog (an entry of op `c`): the table, pure.

| command (first field of `o`)                       | written by  | decision                      |
|----------------------------------------------------|-------------|-------------------------------|
| create                                             | 4.4 - 8.0   | Apply; Rewrite if `temp` is   |
|                                                    |             | to go                         |
| - ~ with recordIdsReplicated, or with idents in o2 | after 8.0   | Rewrite without them          |
| drop, dropDatabase                                 | 4.4 - 8.0   | Apply                         |
| emptycapped                                        | 4.4 - 7.0   | Apply                         |
| convertToCapped ~                                  | before 4.4  | Refuse: applyOps of 6.0.5     |
|                                                    |             | does, too (now it is create,  |
|                                                    |             | i and renameCollection)       |
| renameCollection                                   | 4.4 - 8.0   | Apply; Skip if both names are |
|                                                    |             | skipped; Refuse if one is     |
| collMod                                            | 4.4 - 8.0   | Apply; ModifyIndex if it      |
|                                                    |             | changes an index              |
| - ~ with noPadding, usePowerOf2Sizes               | before 4.4  | Rewrite without: mongod does  |
|                                                    |             | not know them any more        |
| createIndexes, commitIndexBuild                    | 4.4 - 8.0   | CreateIndexes                 |
| dropIndexes                                        | 4.4 - 8.0   | DropIndex                     |
| dropIndex, deleteIndex, deleteIndexes ~            | before 4.4  | DropIndex                     |
| startIndexBuild, abortIndexBuild                   | 4.4 - 8.0   | Skip: made when it commits    |
| dbCheck                                            | 4.4 - 8.0   | Skip: changes nothing         |
| setMultikeyMetadata, dropIdent ~                   | after 8.0   | Skip: of storage              |
| modifyCollectionShardingIndexCatalog ~             | 7.0 - 8.0   | Skip: they change config.*    |
| createDatabaseMetadata, dropDatabaseMetadata ~     | after 8.0   |   of a shard alone            |
| applyOps of a transaction                          | 4.4 - 8.0   | InTransaction: for the buffer |
| commitTransaction, abortTransaction                | 4.4 - 8.0   | InTransaction                 |
| applyOps otherwise: by hand                        | 4.4 - 8.0   | Unwrap                        |
| - ~ grouped deletes (TTL, many), inserts           | 7.0, 8.0    | Unwrap                        |
| - ~ multiOpType 1: retryable inserts in groups     | 8.0         | Unwrap                        |
| - ~ any other multiOpType but 0                    | after 8.0   | Refuse                        |
| importCollection, reshardCollection,               | 4.4 - 8.0   | EndOfWindow                   |
|   unshardCollection, moveCollection ~              |             |                               |
| - ~ importCollection with dryRun                   | 4.4 - 8.0   | Skip                          |
| upgradeDowngradeViewlessTimeseries ~               | after 8.0   | EndOfWindow                   |
| truncateRange ~                                    | after 8.0   | Refuse: it names record ids,  |
|                                                    |             | and a head has its own        |
| createGlobalIndex, dropGlobalIndex ~               | unreleased  | Refuse                        |
| anything else                                      |             | Refuse: UnknownCommand        |

A command on a collection that a head does not hold (namespaces.py) is skipped, and one on a
collection that is being resharded ends the window. Rows with ~ are handled from the documents
(the server's public source, mongorestore, PBM); the others were written by mongod 6.0.5 and
applied to one. "Before 4.4": nothing that is supported writes it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mmsconsole.errors import UnknownCommand
from mmsconsole.oplog.decisions import (
    APPLY,
    Apply,
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
from mmsconsole.oplog.entry import Entry, shown
from mmsconsole.oplog.namespaces import of_namespace
from mmsconsole.oplog.operation import with_command, without
from mmsconsole.rawbson import STRING, Field, fields, find, int32_at, string_at

NO_LONGER_KNOWN = (b"noPadding", b"usePowerOf2Sizes")
"""Of collMod; mongod refuses them now."""
NOT_A_HEADS = (b"temp", b"recordIdsReplicated")
"""Of create. A standalone drops temporary collections when it starts, but a head must keep
them: the source may be in the middle of an $out. It drops them itself if that fails.
"""
TRANSACTION, VECTORED_INSERT = 0, 1
"""multiOpType of an applyOps."""


def of_command(entry: Entry) -> Decision:
    """For an entry of op `c`."""
    first = next(fields(entry.data, entry.o), None)
    if first is None:
        return _refused("an oplog command without a name")
    known = COMMANDS.get(first.name)
    if known is None:
        return _refused(f"oplog command {shown(first.name)!r} is not known")
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


def _refused(what: str) -> Refuse:
    return Refuse(UnknownCommand(what))


def _apply(_entry: Entry, _first: Field) -> Decision:
    return APPLY


def _ignore(_entry: Entry, first: Field) -> Decision:
    return Skip(shown(first.name))


def _end(entry: Entry, first: Field) -> Decision:
    return EndOfWindow(f"{shown(first.name)} on {shown(entry.database)}")


def _refuse(_entry: Entry, first: Field) -> Decision:
    return _refused(f"oplog command {shown(first.name)!r} can not be followed by a head")


# -- collections ------------------------------------------------------------------------------


def _create(entry: Entry, _first: Field) -> Decision:
    names = [field.name for field in fields(entry.data, entry.o)]
    if entry.o2 or any(name in NOT_A_HEADS for name in names):
        return Rewrite((with_command(entry, NOT_A_HEADS, (b"o2",)),))
    return APPLY


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
    return _refused(f"a rename ({' to '.join(map(shown, names))}) across what a head holds")


def _coll_mod(entry: Entry, first: Field) -> Decision:
    names = {field.name for field in fields(entry.data, entry.o)}
    index = find(entry.data, b"index", entry.o)
    if index is not None:
        others = names - {*NO_LONGER_KNOWN, b"index", b"collMod"}
        return ModifyIndex(
            *_place(entry, first),
            entry.data[index.start : index.end],
            with_command(entry, NO_LONGER_KNOWN),
            with_command(entry, (*NO_LONGER_KNOWN, b"index")) if others else None,
        )
    if names.isdisjoint(NO_LONGER_KNOWN):
        return APPLY
    return Rewrite((with_command(entry, NO_LONGER_KNOWN),))


def _import(entry: Entry, first: Field) -> Decision:
    dry = find(entry.data, b"dryRun", entry.o)
    if dry is not None and entry.data[dry.start]:
        return Skip("an import that is only tried")
    return _end(entry, first)


# -- indexes ----------------------------------------------------------------------------------


def _place(entry: Entry, first: Field) -> tuple[bytes, bytes, bytes]:
    return entry.database, string_at(entry.data, first.start), entry.uuid


def _create_index(entry: Entry, first: Field) -> Decision:
    """The specification lies beside the command's name."""
    return CreateIndexes(*_place(entry, first), (without(entry.data, entry.o, first.name),))


def _commit_index_build(entry: Entry, first: Field) -> Decision:
    specs = find(entry.data, b"indexes", entry.o)
    if specs is None:
        return _refused("a commitIndexBuild without indexes")
    found = tuple(entry.data[f.start : f.end] for f in fields(entry.data, specs.start))
    return CreateIndexes(*_place(entry, first), found)


def _drop_index(entry: Entry, first: Field) -> Decision:
    name = find(entry.data, b"index", entry.o)
    if name is None or name.kind != STRING:
        return _refused("a dropIndexes without the name of an index")
    return DropIndex(*_place(entry, first), string_at(entry.data, name.start))


# -- many operations in one -------------------------------------------------------------------


def _apply_ops(entry: Entry, first: Field) -> Decision:
    kind = entry.find(b"multiOpType")
    number = int32_at(entry.data, kind.start) if kind is not None else TRANSACTION
    if number not in (TRANSACTION, VECTORED_INSERT):
        return _refused(f"an applyOps of multiOpType {number} is not known")
    if entry.find(b"txnNumber") is None or number == VECTORED_INSERT:
        return Unwrap(first.start, first.end)
    return InTransaction()


def _in_transaction(_entry: Entry, _first: Field) -> Decision:
    return InTransaction()


@dataclass(frozen=True, slots=True)
class _Known:
    decide: Callable[[Entry, Field], Decision]
    on_collection: bool = True
    """Its first value names a collection, which may be none of a head's."""


_IGNORED = _Known(_ignore, on_collection=False)
_ENDING = _Known(_end, on_collection=False)
_REFUSED = _Known(_refuse, on_collection=False)

FROM_A_SERVER: dict[bytes, _Known] = {
    b"create": _Known(_create),
    b"drop": _Known(_apply),
    b"emptycapped": _Known(_apply),
    b"dropDatabase": _Known(_drop_database, on_collection=False),
    b"renameCollection": _Known(_rename, on_collection=False),
    b"collMod": _Known(_coll_mod),
    b"createIndexes": _Known(_create_index),
    b"commitIndexBuild": _Known(_commit_index_build),
    b"dropIndexes": _Known(_drop_index),
    b"startIndexBuild": _IGNORED,
    b"abortIndexBuild": _IGNORED,
    b"dbCheck": _IGNORED,
    b"applyOps": _Known(_apply_ops, on_collection=False),
    b"commitTransaction": _Known(_in_transaction, on_collection=False),
    b"abortTransaction": _Known(_in_transaction, on_collection=False),
}
"""Written by mongod 6.0.5 (tests/oplog/corpus) and applied to one."""

FROM_THE_DOCUMENTS: dict[bytes, _Known] = {
    b"convertToCapped": _REFUSED,
    b"dropIndex": _Known(_drop_index),
    b"deleteIndexes": _Known(_drop_index),
    b"deleteIndex": _Known(_drop_index),
    b"setMultikeyMetadata": _IGNORED,
    b"dropIdent": _IGNORED,
    b"modifyCollectionShardingIndexCatalog": _IGNORED,
    b"createDatabaseMetadata": _IGNORED,
    b"dropDatabaseMetadata": _IGNORED,
    b"importCollection": _Known(_import, on_collection=False),
    b"reshardCollection": _ENDING,
    b"unshardCollection": _ENDING,
    b"moveCollection": _ENDING,
    b"upgradeDowngradeViewlessTimeseries": _ENDING,
    b"truncateRange": _REFUSED,
    b"createGlobalIndex": _REFUSED,
    b"dropGlobalIndex": _REFUSED,
}
"""Of other versions (tests/oplog/other_versions.py)."""

COMMANDS = {**FROM_A_SERVER, **FROM_THE_DOCUMENTS}
