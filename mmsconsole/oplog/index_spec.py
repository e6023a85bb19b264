"""An index's specification as raw BSON, and the commands made of it.

Specifications are never decoded, so nothing of them is lost: fields that we do not know, the
order of keys, number types.
"""

from mmsconsole.rawbson import (
    ARRAY,
    BOOLEAN,
    DOCUMENT,
    DOUBLE,
    INT32,
    INT64,
    STRING,
    array_of,
    document,
    element,
    fields,
    string,
    string_at,
)

SIMPLE_COLLATION = element(
    DOCUMENT, b"collation", document([element(STRING, b"locale", string(b"simple"))])
)
_TRUE = b"\x01"
_VERSION_1 = (
    element(INT32, b"v", b"\x01\x00\x00\x00"),
    element(INT64, b"v", b"\x01" + bytes(7)),
    element(DOUBLE, b"v", b"\x00\x00\x00\x00\x00\x00\xf0\x3f"),
)


def name_of(spec: bytes) -> bytes:
    """Empty if it has none."""
    return next((string_at(spec, f.start) for f in fields(spec) if f.name == b"name"), b"")


def create_indexes(database: bytes, collection: bytes, specs: list[bytes]) -> bytes:
    """The body of a createIndexes command.

    A specification without a collation is one with the simple collation: said explicitly, or
    the index would take the collection's (found by comparing catalogues on 6.0.5). An index of
    version 1 knows no collation, and stands on no collection that has one.
    """
    return document([
        element(STRING, b"createIndexes", string(collection)),
        element(ARRAY, b"indexes", array_of([_with_collation(spec) for spec in specs])),
        element(STRING, b"$db", string(database)),
    ])  # fmt: skip


def drop_index(database: bytes, collection: bytes, name: bytes) -> bytes:
    """The body of a dropIndexes command."""
    return document([
        element(STRING, b"dropIndexes", string(collection)),
        element(STRING, b"index", string(name)),
        element(STRING, b"$db", string(database)),
    ])  # fmt: skip


def is_changed_by(spec: bytes, change: bytes) -> bool:
    """Whether a collMod's `index` means this index: by name, or by the same keyPattern."""
    wanted, here = _elements(change), _elements(spec)
    if b"name" in wanted:
        return wanted[b"name"] == here.get(b"name")
    pattern = wanted.get(b"keyPattern", b"").removeprefix(b"\x03keyPattern\x00")
    return bool(pattern) and here.get(b"key", b"").removeprefix(b"\x03key\x00") == pattern


def changed(spec: bytes, change: bytes) -> bytes:
    """The specification after a collMod: expireAfterSeconds, hidden, prepareUnique, unique,
    forceNonUnique.
    """
    result = _elements(spec)
    for name, raw in _elements(change).items():
        if name in (b"name", b"keyPattern"):
            continue
        if raw == element(BOOLEAN, name, b"\x00"):
            result.pop(name, None)  # false is stored as absence
        else:
            result[name] = raw
    if result.pop(b"forceNonUnique", None) is not None:
        result.pop(b"unique", None)
    if result.get(b"unique") == element(BOOLEAN, b"unique", _TRUE):
        result.pop(b"prepareUnique", None)
    return document(result.values())


def _with_collation(spec: bytes) -> bytes:
    elements = _elements(spec)
    if elements.get(b"v") not in _VERSION_1:
        elements.setdefault(b"collation", SIMPLE_COLLATION)
    return document(elements.values())


def _elements(raw: bytes) -> dict[bytes, bytes]:
    """Name -> whole element, in order."""
    return {f.name: raw[f.start - len(f.name) - 2 : f.end] for f in fields(raw)}
