"""Oplog entries made by hand, as a server would write them."""

import uuid
from typing import Any

import bson
from bson import Int64
from bson.binary import Binary
from bson.timestamp import Timestamp

from mmsconsole.oplog.entry import Entry, peek

Made = dict[str, Any]
UUID = Binary(uuid.UUID(int=1, version=4).bytes, 4)
OTHER_UUID = Binary(uuid.UUID(int=2, version=4).bytes, 4)
SESSION = {"id": Binary(b"s" * 16, 4), "uid": b"u" * 32}


def at(seconds: int, **fields: Any) -> Made:
    """The fields that every entry has; seconds are all of its optime that a test needs."""
    return {**fields, "ts": Timestamp(seconds, 1), "t": Int64(1), "v": Int64(2)}


def insert(seconds: int, document: Made, ns: str = "app.c", ui: Any = UUID) -> Made:
    o2 = {"_id": document.get("_id")}
    return at(seconds, op="i", ns=ns, ui=ui, o=document, o2=o2)


def update(seconds: int, identity: Any, diff: Made, ns: str = "app.c", ui: Any = UUID) -> Made:
    return at(seconds, op="u", ns=ns, ui=ui, o={"$v": 2, "diff": diff}, o2={"_id": identity})


def replace(seconds: int, document: Made, ns: str = "app.c", ui: Any = UUID) -> Made:
    return at(seconds, op="u", ns=ns, ui=ui, o=document, o2={"_id": document["_id"]})


def delete(seconds: int, identity: Any, ns: str = "app.c", ui: Any = UUID) -> Made:
    return at(seconds, op="d", ns=ns, ui=ui, o={"_id": identity})


def command(seconds: int, o: Made, db: str = "app", ui: Any = UUID, **fields: Any) -> Made:
    found = {} if ui is None else {"ui": ui}
    return at(seconds, op="c", ns=f"{db}.$cmd", **found, o=o, **fields)


def create(seconds: int, collection: str = "c", db: str = "app", ui: Any = UUID) -> Made:
    id_index = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    return command(seconds, {"create": collection, "idIndex": id_index}, db, ui)


def index(seconds: int, key: str, ui: Any = UUID, collection: str = "c", **options: Any) -> Made:
    spec = {"v": 2, "key": {key: 1}, "name": f"{key}_1", **options}
    return command(seconds, {"createIndexes": collection, **spec}, ui=ui)


def transaction(
    seconds: int,
    o: Made,
    previous: int = 0,
    number: int = 1,
    session: Made = SESSION,
    **fields: Any,
) -> Made:
    """An entry of a transaction; `previous`: the seconds of the one before, 0 for the first."""
    chain = {"ts": Timestamp(previous, 1 if previous else 0), "t": Int64(1 if previous else -1)}
    made = at(seconds, op="c", ns="admin.$cmd", o=o, **fields, prevOpTime=chain)
    return {"lsid": session, "txnNumber": Int64(number), **made}


def inner(entry: Made) -> Made:
    """The same operation as it stands inside a transaction."""
    return {name: value for name, value in entry.items() if name not in ("ts", "t", "v")}


def noop(seconds: int) -> Made:
    return at(seconds, op="n", ns="", o={"msg": "periodic noop"})


def array(*entries: Made) -> bytes:
    """A BSON array of them, as a find reply holds it."""
    return bson.encode({str(n): entry for n, entry in enumerate(entries)})


def peeked(made: Made) -> Entry:
    raw = bson.encode(made)
    return peek(raw, 0, len(raw))
