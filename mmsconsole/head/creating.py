"""Collections of a fresh head, made as the source has them: same UUIDs, options and views.

Collections are created through applyOps, which honours the UUID. Views are rebuilt as the
documents of system.views from what listCollections tells, because the roles of a backup user
do not read system.views. The view over a time series has a stage that only the server can
write, so it is taken from a time series of the same options in a database that is dropped again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bson.binary import UUID_SUBTYPE, Binary
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from mmsconsole.errors import ApplyFailed
from mmsconsole.head.busy import refused
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.task import Task

Client = MongoClient[dict[str, Any]]

SCRATCH_DATABASE = "mmsconsole_scratch"
MADE_BY_THE_HEAD = frozenset({"admin.system.version"})


def create_collections(client: Client, collections: Iterable[SyncCollection], task: Task) -> None:
    """Create what is not there yet. Raises ApplyFailed, MongodBusy naming the collection;
    Cancelled.
    """
    listed = list(collections)
    for collection in listed:
        task.check()
        if collection.uuid and collection.ns not in MADE_BY_THE_HEAD:
            create_collection(client, collection)
    views_of = {c.ns: c for c in listed if c.ns.endswith(".system.views")}
    for collection in listed:
        task.check()
        if not collection.uuid:
            _create_view(client, collection, views_of)


def create_collection(client: Client, collection: SyncCollection) -> None:
    database, name = collection.ns.split(".", 1)
    entry = {
        "op": "c",
        "ns": f"{database}.$cmd",
        "ui": Binary(collection.uuid, UUID_SUBTYPE),
        # Raw, as everything below: what a validator or a pipeline says goes byte for byte.
        "o": {"create": name, **RawBSONDocument(collection.options), **_id_index(collection)},
    }
    _apply(client, entry, collection.ns)


def drop_collection(client: Client, collection: SyncCollection) -> None:
    database, name = collection.ns.split(".", 1)
    client[database].drop_collection(name)


def _id_index(collection: SyncCollection) -> dict[str, Any]:
    # Without it the server would make the _id index in an older format than the source's.
    return {"idIndex": RawBSONDocument(collection.id_index)} if collection.id_index else {}


def _create_view(client: Client, view: SyncCollection, views_of: dict[str, SyncCollection]) -> None:
    database, name = view.ns.split(".", 1)
    definition = dict(RawBSONDocument(view.options))
    if view.kind == "timeseries":
        definition = _time_series_view(client, definition) | {"viewOn": f"system.buckets.{name}"}
    catalogue = f"{database}.system.views"
    if catalogue not in views_of:
        raise ApplyFailed(f"{catalogue} was not listed beside it", where=view.ns)
    entry = {
        "op": "i",
        "ns": catalogue,
        "ui": Binary(views_of[catalogue].uuid, UUID_SUBTYPE),
        "o": {"_id": view.ns, **definition},
    }
    _apply(client, entry, view.ns)


def _time_series_view(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    scratch = client[SCRATCH_DATABASE]
    client.drop_database(SCRATCH_DATABASE)
    scratch.command({"create": "view", **options})
    made = scratch["system.views"].find_one({"_id": f"{SCRATCH_DATABASE}.view"}, {"_id": 0})
    client.drop_database(SCRATCH_DATABASE)
    assert made is not None
    return dict(made)


def _apply(client: Client, entry: dict[str, Any], ns: str) -> None:
    reply = client.admin.command(
        "applyOps", [entry], allowAtomic=False, alwaysUpsert=False, check=False
    )
    if reply.get("ok") != 1:
        raise refused(
            f"could not be created: {reply.get('errmsg')}", reply.get("code", 0), where=ns
        )
