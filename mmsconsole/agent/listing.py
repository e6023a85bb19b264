"""What an initial sync has to copy: the rules, and the listing of a member's collections."""

from collections.abc import Iterator, Mapping
from typing import Any

import bson
from bson.binary import Binary
from bson.raw_bson import RawBSONDocument

from mmsconsole.agent.failures import NAMESPACE_NOT_FOUND
from mmsconsole.agent.reader import Reader
from mmsconsole.errors import CommandFailed
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.task import Task

CONFIG_KEPT = frozenset(
    {"chunks", "collections", "databases", "settings", "shards", "tags", "version"}
)
"""Of the config database; the rest describes the running set, not its data."""
INTERNAL_DATABASES = "__mdb_internal"
PHASE = "listing collections"
"""Counts databases."""
COLLECTION, VIEW, TIMESERIES = "collection", "view", "timeseries"

LIST_DATABASES = {"listDatabases": 1, "nameOnly": True, "authorizedDatabases": False}
"""Refused to a user who may not see all: the default would hide the rest without a word."""

_EMPTY = bson.encode({})
_GONE = frozenset({NAMESPACE_NOT_FOUND, 166})
"""Dropped, or replaced by a view, between two commands of the listing."""


def is_listed(database: str, name: str) -> bool:
    """Whether a collection belongs to the backup. Pure."""
    if database == "local" or database.startswith(INTERNAL_DATABASES):
        return False
    if database == "config":
        return name in CONFIG_KEPT
    return name != "system.profile" and (database, name) != ("admin", "system.keys")


def has_data(name: str, kind: str) -> bool:
    """Whether documents are to be copied. Pure.

    Views have none; those of system.views may not be read with the role backup, and are made
    again of the views listed.
    """
    return kind == COLLECTION and name != "system.views"


def finished_indexes(listed: list[RawBSONDocument]) -> tuple[bytes, ...]:
    """The secondary indexes of a listIndexes answer that are not still being built. Pure.

    With includeBuildUUIDs a build in progress comes as {spec, buildUUID}. The _id index and a
    cluster key are made with the collection.
    """
    return tuple(
        bytes(index.raw)
        for index in listed
        if "buildUUID" not in index and "clustered" not in index and index.get("name") != "_id_"
    )


def list_collections(reader: Reader, head: str, task: Task) -> list[SyncCollection]:
    """Everything of the reader's member that belongs to the backup.

    What has no data is done from the beginning. The listing shows the member's newest state,
    not its majority-committed one: the caller waits until that has come as far.
    """
    databases = reader.run("admin", LIST_DATABASES)["databases"]
    names = sorted(str(database["name"]) for database in databases)
    found: list[SyncCollection] = []
    for number, name in enumerate(names):
        task.report(PHASE, number, len(names))
        for entry in _entries(reader, name):
            task.check()
            found += _listed(reader, head, name, entry)
    task.report(PHASE, len(names), len(names))
    return found


def _entries(reader: Reader, database: str) -> list[RawBSONDocument]:
    command = {"listCollections": 1, "cursor": {}}
    listed = reader.documents(database, command, "$cmd.listCollections")
    entries = [RawBSONDocument(raw) for raw in listed]
    kept = [entry for entry in entries if is_listed(database, entry["name"])]
    return sorted(kept, key=lambda entry: str(entry["name"]))


def _listed(
    reader: Reader, head: str, database: str, entry: RawBSONDocument
) -> Iterator[SyncCollection]:
    """The collection, or nothing if it has been dropped since."""
    name, kind = str(entry["name"]), str(entry["type"])
    uuid = entry["info"].get("uuid")
    indexes: tuple[bytes, ...] = ()
    size = 0
    if kind == COLLECTION:
        try:
            indexes = _indexes(reader, database, uuid)
        except CommandFailed as error:
            if error.server_code in _GONE:
                return
            raise
        size = _size(reader, database, name)
    options = entry.get("options")
    yield SyncCollection(
        id=new_id(),
        head=head,
        ns=f"{database}.{name}",
        uuid=b"" if uuid is None else bytes(uuid),
        kind=kind,
        options=_raw(options),
        id_index=_raw(entry["idIndex"]) if "idIndex" in entry else b"",
        indexes=indexes,
        total_bytes=size if has_data(name, kind) else 0,
        capped=bool(options and options.get("capped")),
        done=not has_data(name, kind),
    )


def _raw(document: Mapping[str, Any] | None) -> bytes:
    return bytes(document.raw) if isinstance(document, RawBSONDocument) else _EMPTY


def _indexes(reader: Reader, database: str, uuid: Binary) -> tuple[bytes, ...]:
    command = {"listIndexes": uuid, "includeBuildUUIDs": True, "cursor": {}}
    listed = reader.documents(database, command, "$cmd.listIndexes")
    return finished_indexes([RawBSONDocument(raw) for raw in listed])


def _size(reader: Reader, database: str, name: str) -> int:
    """Bytes of its documents, for the progress alone: 0 where the member will not tell."""
    try:
        return int(reader.run(database, {"collStats": name})["size"])
    except CommandFailed:
        return 0
