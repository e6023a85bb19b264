"""The collections of a member, and which of them were changed since a moment.

listCollections shows the present alone. What its oplog holds since the moment says for which
collections the present is what the moment was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson.timestamp import Timestamp

from mmsconsole.agent.listing import list_collections
from mmsconsole.agent.reader import COMMAND_SECONDS, Reader
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.optime import Optime
from mmsconsole.task import Task

_PROJECTION = {
    "ns": 1, "ui": 1, "o.dropTarget": 1, "o.applyOps.ui": 1, "o.applyOps.o.dropTarget": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changes:
    """What oplog entries tell of."""

    collections: frozenset[bytes]
    """UUIDs of collections that were created, dropped, renamed or altered, or got indexes."""
    views: bool
    """Whether a view was made, altered or dropped."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A member's collections, and for which of them this may not be how they were."""

    collections: list[SyncCollection]
    changes: Changes
    until: Optime
    """Everything in it had happened by then."""


def read_catalogue(reader: Reader, since: Optime, task: Task) -> Catalogue:
    """`since` must not be newer than what the member has applied. Raises SourceError."""
    collections = list_collections(reader, "", task)
    until = reader.optimes().applied
    return Catalogue(collections, changes_of(_entries(reader, since, until)), until)


def changes_of(entries: Iterable[Mapping[str, Any]]) -> Changes:
    """Pure."""
    found: set[bytes] = set()
    views = False
    for entry in entries:
        views = views or str(entry.get("ns", "")).endswith(".system.views")
        inner = entry.get("o", {}).get("applyOps", ())
        for operation in (entry, *inner):
            named = operation.get("ui"), operation.get("o", {}).get("dropTarget")
            found.update(bytes(uuid) for uuid in named if isinstance(uuid, bytes))
    return Changes(frozenset(found), views)


def _entries(reader: Reader, since: Optime, until: Optime) -> Iterable[Mapping[str, Any]]:
    """Commands, transactions with commands in them, and what concerns views."""
    times: dict[str, Timestamp] = {"$gt": since.timestamp, "$lte": until.timestamp}
    kinds = [
        {"op": "c", "o.applyOps": {"$exists": False}},
        {"op": "c", "o.applyOps.op": "c"},
        {"ns": {"$regex": r"\.system\.views$"}},
    ]
    command = {
        "find": "oplog.rs",
        "filter": {"ts": times, "$or": kinds},
        "projection": _PROJECTION,
        "readConcern": {"level": "local"},
        "maxTimeMS": COMMAND_SECONDS * 1000,
    }
    return reader.decoded("local", command, "oplog.rs")
