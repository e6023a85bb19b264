"""Somebody drops a collection: what was there before, and where the oplog has it."""

from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

from mmsconsole.errors import MmsError
from mmsconsole.mongod.fingerprint import Fingerprint, fingerprint
from mmsconsole.optime import Optime

Client = MongoClient[dict[str, Any]]
NEWEST_FIRST = [("$natural", -1)]
LOCAL = ReadConcern("local")


@dataclass(frozen=True, slots=True)
class Accident:
    namespace: str
    documents: int
    """What the collection held."""
    state: Fingerprint
    """Of the whole source, just before."""
    dropped: Optime
    """The drop's own entry."""
    before: Optime
    """The entry just before it: the moment to go back to."""


def drop_collection(client: Client, database: str, name: str) -> Accident:
    """Drop it, having noted the state. Nobody else may write meanwhile."""
    collection = client[database][name]
    documents = collection.count_documents({})
    state = fingerprint(client)
    collection.drop()
    dropped = newest_entry(client, {"op": "c", "ns": f"{database}.$cmd", "o.drop": name})
    before = newest_entry(client, {"ts": {"$lt": dropped.timestamp}})
    return Accident(f"{database}.{name}", documents, state, dropped, before)


def newest_entry(client: Client, query: dict[str, Any], level: ReadConcern = LOCAL) -> Optime:
    """The optime of the newest oplog entry that matches."""
    oplog = client.get_database("local", read_concern=level)["oplog.rs"]
    entry = oplog.find_one(query, {"ts": 1, "t": 1}, sort=NEWEST_FIRST)
    if entry is None:
        raise MmsError("the oplog has no such entry", where="local.oplog.rs")
    return Optime.of(entry["ts"], entry["t"])
