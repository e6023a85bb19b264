"""What is done with an oplog entry: the one table, pure. Commands have a table of their own
(commands.py), and so have namespaces (namespaces.py).

| entry (op, and what sets it apart)                | written by | decision                        |
|---------------------------------------------------|------------|---------------------------------|
| i, u, d of a collection that a head holds         | 4.4 - 8.0  | Apply, as it stands             |
| - u with a whole document                         | 4.4 - 8.0  | Apply                           |
| - u with a diff, $v: 2                            | 5.0 - 8.0  | Apply                           |
| - ~ u with modifiers, $v: 1 ($set, $unset)        | 4.4        | Apply                           |
| - i, u of a whole document with a Timestamp(0, 0) | 4.4 - 8.0  | Rewrite: a diff that sets it    |
|   at its top level (zero_timestamps.py)           |            | again comes behind it           |
| - u, d with needsRetryImage (findAndModify)       | 5.0 - 8.0  | Rewrite without it: applyOps    |
|                                                   |            | would keep the image in         |
|                                                   |            | config.image_collection, and    |
|                                                   |            | mongod 6.0.5 aborts without the |
|                                                   |            | database config                 |
| - ~ d, u with preImageOpTime, postImageOpTime     | 4.4, 5.0   | Apply; the image is an n        |
| i, u, d of another collection                     |            | by namespace                    |
| i, u, d of admin.system.version                   | 4.4 - 8.0  | Rewrite without ui: a head has  |
|                                                   |            | its own collection              |
| - i of the document featureCompatibilityVersion   | 4.4 - 8.0  | Skip: written once, on clean    |
|                                                   |            | files                           |
| - u, d of it                                      | 4.4 - 8.0  | EndOfWindow                     |
| n                                                 | 4.4 - 8.0  | Skip                            |
| km, ci, cu, cd ~ (key material, containers)       | after 8.0  | Skip: of storage                |
| xi, xd ~ (keys of a global index)                 | unreleased | Refuse                          |
| c                                                 | 4.4 - 8.0  | by its name (commands.py)       |
| any other op                                      |            | Refuse: UnknownCommand          |

Rows with ~ are handled from the documents (the server's public source, mongorestore, PBM); the
others were written by mongod 6.0.5 and applied to one. A head runs the series of its source, so
what a series writes its own applyOps reads.

Setting the featureCompatibilityVersion to what it is writes nothing to the oplog (measured on
6.0.5), so an update of its document is a change, and a head of the old version cannot follow.
"""

from mmsconsole.errors import UnknownCommand
from mmsconsole.oplog.commands import of_command
from mmsconsole.oplog.decisions import (
    APPLY,
    Decision,
    EndOfWindow,
    Refuse,
    Rewrite,
    Skip,
)
from mmsconsole.oplog.entry import Entry, shown
from mmsconsole.oplog.namespaces import of_namespace
from mmsconsole.oplog.operation import without
from mmsconsole.oplog.zero_timestamps import setting_zeros, zero_fields
from mmsconsole.rawbson import STRING, Field, find, int32_at, string_at

IGNORED_OPS = frozenset({b"n", b"km", b"ci", b"cu", b"cd"})
FCV = b"featureCompatibilityVersion"
RETRY_IMAGE = b"needsRetryImage"
_DOCUMENT_OPS = frozenset({b"i", b"u", b"d"})


def decide(entry: Entry) -> Decision:
    """What to do with one entry, or with one operation of a transaction."""
    if entry.op in _DOCUMENT_OPS:
        decision = of_namespace(entry.ns, entry.op == b"i")
        if decision is APPLY:
            return _document_entry(entry)
        return decision if decision is not None else _version_document(entry)
    if entry.op == b"c":
        return of_command(entry)
    if entry.op in IGNORED_OPS:
        return Skip(f"op {entry.op.decode()}")
    return Refuse(UnknownCommand(f"oplog operation {shown(entry.op)!r} is not known"))


def _document_entry(entry: Entry) -> Decision:
    """Apply, but where applyOps would do something else beside it."""
    o_end = entry.o + int32_at(entry.data, entry.o)
    has_image = entry.data.find(RETRY_IMAGE, o_end, entry.end) >= 0
    zeros = zero_fields(entry.data, entry.o) if entry.op != b"d" else []
    if not has_image and not zeros:
        return APPLY
    raw = without(entry.data, entry.start, RETRY_IMAGE) if has_image else entry.raw
    if not zeros:
        return Rewrite((raw,))
    return Rewrite((raw, setting_zeros(entry.ns, entry.uuid, entry.data, entry.o, zeros)))


def _version_document(entry: Entry) -> Decision:
    identity = find(entry.data, b"_id", entry.o2 or entry.o)
    if identity is None or not _is_string(entry.data, identity, FCV):
        return Rewrite((without(entry.data, entry.start, b"ui"),))
    if entry.op == b"i":
        return Skip("the version of a new member's files")
    return EndOfWindow("the featureCompatibilityVersion of the source changes")


def _is_string(data: bytes, field: Field, text: bytes) -> bool:
    return field.kind == STRING and string_at(data, field.start) == text
