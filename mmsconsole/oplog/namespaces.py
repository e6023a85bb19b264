"""Which collections a head holds: by namespace, pure.

| namespace                                          | what is done with it                     |
|----------------------------------------------------|------------------------------------------|
| local.*, __mdb_internal*.*, *.system.profile       | Skip: a member's own, not replicated     |
| config.chunks, collections, databases, settings,   | Apply: what a cluster is made of         |
|   shards, tags, version                            |                                          |
| config.reshardingOperations,                       | an insert is an EndOfWindow, all else a  |
|   config.localReshardingOperations.* ~             | Skip: one insert begins a resharding     |
| config.* otherwise (transactions, image_collection,| Skip: bookkeeping of members             |
|   cache.*, system.sessions, system.indexBuilds,    |                                          |
|   system.preimages, rangeDeletions, ...)           |                                          |
| admin.system.keys                                  | Skip: the keys of the source's cluster   |
| admin.system.version                               | by document (decide.py); its DDL is      |
|                                                    | skipped: a head has its own              |
| *.system.resharding.* ~                            | EndOfWindow                              |
| no collection at all                               | Refuse                                   |
| all else: admin.system.users and roles,            | Apply                                    |
|   system.views, system.buckets.*, system.js,       |                                          |
|   enxcol_.*, tmp.agg_out.*                         |                                          |

Rows with ~ are handled from the documents (mongodump, PBM and the server's public source); the
others have been written by mongod 6.0.5, but for the first row and the one without a collection,
which no server should write. Nothing of ours is ever written to a source, so there are no marks
of ours to be told apart.
"""

from functools import lru_cache

from mmsconsole.errors import UnknownCommand
from mmsconsole.oplog.decisions import APPLY, Decision, EndOfWindow, Refuse, Skip
from mmsconsole.oplog.entry import shown

KEPT_IN_CONFIG = frozenset(
    {b"chunks", b"collections", b"databases", b"settings", b"shards", b"tags", b"version"}
)
VERSIONS, KEYS = b"admin.system.version", b"admin.system.keys"
MEMBERS_DATABASES = b"__mdb_internal"
RESHARDING = b"system.resharding."
RESHARDING_STATES = (b"reshardingOperations", b"localReshardingOperations.")


@lru_cache(maxsize=4096)
def of_namespace(ns: bytes, inserting: bool = False) -> Decision | None:
    """What is done with a collection's documents; None: that depends on the document."""
    database, _, collection = ns.partition(b".")
    if not collection:
        return Refuse(UnknownCommand(f"an operation on {shown(ns)!r}, which is no collection"))
    if database == b"local" or database.startswith(MEMBERS_DATABASES):
        return Skip("belongs to the member itself")
    if database == b"config":
        return _in_config(collection, inserting)
    if collection == b"system.profile":
        return Skip("the profile of a member")
    if ns == KEYS:
        return Skip("keys of the source's cluster")
    if collection.startswith(RESHARDING):
        return EndOfWindow(f"{shown(ns)} is being resharded")
    return APPLY if ns != VERSIONS else None


def _in_config(collection: bytes, inserting: bool) -> Decision:
    if collection in KEPT_IN_CONFIG:
        return APPLY
    if inserting and collection.startswith(RESHARDING_STATES):
        return EndOfWindow(f"a collection is being resharded (config.{shown(collection)})")
    return Skip("bookkeeping of the source's members")
