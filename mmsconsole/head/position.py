"""How far a head is: kept inside the head, in its local database.

The document is written before each batch (how far it goes) and after (what has been applied).
A head journals in order, on one connection: when a write is there after a crash, so is all
that was written before it. `local` is no part of what a head holds for its source; when a
snapshot is cut the position is taken out, so restored files carry nothing of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bson

from mmsconsole.head.busy import refused
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.optime import Optime

DATABASE = "local"
POSITION = "mmsconsole"
MISSING = "mmsconsole_missing"
INDEXES = "mmsconsole_indexes"

_ID = "position"


@dataclass(frozen=True, slots=True)
class HeadPosition:
    applied: Optime
    """Every entry up to and including this one has been applied."""
    replay_from: Optime
    """Reading must begin after this entry: before the oldest open transaction, or `applied`."""
    applying_until: Optime | None = None
    """Set while a batch is under way: entries after `applied`, up to and including this one,
    may or may not have been applied."""


class PositionStore:
    def __init__(self, connection: WireConnection) -> None:
        self._connection = connection

    def read(self) -> HeadPosition | None:
        """None: there is none, as in a fresh head or in restored files."""
        reply = self._connection.run(DATABASE, {"find": POSITION, "filter": {"_id": _ID}})
        found = reply["cursor"]["firstBatch"]
        return _position(found[0]) if found else None

    def write(self, position: HeadPosition) -> None:
        save(self._connection, POSITION, [{"_id": _ID, **_document(position)}])

    def begin_write(self, position: HeadPosition) -> None:
        """As `write`, but the answer, for `check_written`, is left to who reads next."""
        command = _replacing(POSITION, [{"_id": _ID, **_document(position)}])
        self._connection.send([bson.encode({**command, "$db": DATABASE})])

    def remove(self) -> None:
        remove(self._connection, POSITION, [_ID])


def save(connection: WireConnection, collection: str, documents: list[dict[str, Any]]) -> None:
    """Write small documents of ours into the head, each in place of the one with its _id."""
    for at in range(0, len(documents), 1000):
        _checked(connection.run(DATABASE, _replacing(collection, documents[at : at + 1000])))


def _replacing(collection: str, documents: list[dict[str, Any]]) -> dict[str, Any]:
    updates = [{"q": {"_id": d["_id"]}, "u": d, "upsert": True} for d in documents]
    return {"update": collection, "updates": updates}


def remove(connection: WireConnection, collection: str, ids: list[Any]) -> None:
    for at in range(0, len(ids), 1000):
        deletes = [{"q": {"_id": one}, "limit": 1} for one in ids[at : at + 1000]]
        _checked(connection.run(DATABASE, {"delete": collection, "deletes": deletes}))


def load(connection: WireConnection, collection: str) -> list[dict[str, Any]]:
    reply = connection.run(DATABASE, {"find": collection, "batchSize": 1000})
    cursor = reply["cursor"]
    found = list(cursor["firstBatch"])
    while cursor["id"]:
        command = {"getMore": cursor["id"], "collection": collection, "batchSize": 1000}
        cursor = connection.run(DATABASE, command)["cursor"]
        found.extend(cursor["nextBatch"])
    return found


def check_written(reply: bytearray) -> None:
    """The answer to a write that was begun. Raises ApplyFailed, MongodBusy."""
    _checked(bson.decode(reply))


def _checked(reply: Mapping[str, Any]) -> None:
    errors = reply.get("writeErrors")
    if errors:
        what = f"the head's position can not be written: {errors[0].get('errmsg')}"
        raise refused(what, int(errors[0].get("code", 0)))


def _document(position: HeadPosition) -> dict[str, Any]:
    return {
        "applied": _optime_document(position.applied),
        "replay_from": _optime_document(position.replay_from),
        "applying_until": position.applying_until and _optime_document(position.applying_until),
    }


def _position(document: Mapping[str, Any]) -> HeadPosition:
    until = document["applying_until"]
    return HeadPosition(
        _optime(document["applied"]), _optime(document["replay_from"]), until and _optime(until)
    )


def _optime_document(optime: Optime) -> dict[str, int]:
    """Not a Timestamp: a server replaces some of those."""
    return {"t": optime.t, "i": optime.i, "term": optime.term}


def _optime(document: Mapping[str, Any]) -> Optime:
    return Optime(int(document["t"]), int(document["i"]), int(document["term"]))
