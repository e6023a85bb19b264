"""Entries that mongod 6.0.5 does not write, made by hand from the documents.

Sources: the server's public source (oplog_entry.idl, the command map of oplog.cpp,
backwards_compatible_collection_options.h), and the rules of mongodump, mongorestore and PBM.
Where 6.0.5 reads such an entry, tests/head/test_applier_versions.py lets it.
"""

from dataclasses import dataclass
from typing import Any

from bson import Int64
from bson.timestamp import Timestamp

from tests.support import oplog_entries as made

VERSIONS = "admin.system.version"
FCV = "featureCompatibilityVersion"
SPEC = {"v": 2, "key": {"a": 1}, "name": "a_1"}
IDENTS = {"ident": "collection-7-1", "idIndexIdent": "index-8-1"}
OLD = {"collectionOptions_old": {"uuid": made.UUID}}


@dataclass(frozen=True, slots=True)
class Written:
    name: str
    row: str
    """The row it shows, of one of the tables in decide.py, commands.py and namespaces.py."""
    version: str
    entry: made.Made
    decision: Any
    """As tests/oplog/corpus.py describes it; a name alone: whatever it holds."""


def command(o: made.Made, db: str = "app", **more: Any) -> made.Made:
    return made.command(1, o, db=db, **more)


def of(op: str, **fields: Any) -> made.Made:
    return made.at(1, op=op, **fields)


def modifiers(o: made.Made) -> made.Made:
    return of("u", ns="app.c", ui=made.UUID, o={"$v": 1, **o}, o2={"_id": 1})


def grouped(*operations: made.Made, **more: Any) -> made.Made:
    """Several writes in one entry, without a session."""
    o = {"applyOps": [made.inner(one) for one in operations]}
    return command(o, db="admin", ui=None, **more)


INSERTS = [made.inner(made.insert(1, {"_id": n})) for n in range(3)]
STATEMENTS = [{**one, "stmtId": n} for n, one in enumerate(INSERTS)]
AFTER = "after 8.0"

ENTRIES = (
    # documents
    Written("modifiers", "u with modifiers, $v: 1", "4.4",
            modifiers({"$set": {"a.b": 1, "at": Timestamp(0, 0)}}), "Apply"),
    Written("modifiers that unset", "u with modifiers, $v: 1", "4.4",
            modifiers({"$unset": {"a": True}, "$set": {"b": [1, {"c": 2}]}}), "Apply"),
    Written("image in another entry", "d, u with preImageOpTime", "4.4, 5.0",
            made.delete(1, 1) | {"preImageOpTime": {"ts": Timestamp(1, 1), "t": Int64(1)}},
            "Apply"),
    Written("image of a findAndModify", "n", "4.4, 5.0",
            of("n", ns="app.c", ui=made.UUID, o={"_id": 1, "before": 1}), {"Skip": "op n"}),
    Written("moved to another shard", "i, u, d of a collection that a head holds", "4.4 - 8.0",
            made.insert(1, {"_id": 1}) | {"fromMigrate": True}, "Apply"),
    Written("for a shard that is resharded to", "i, u, d of a collection that a head holds",
            "5.0 - 8.0", made.insert(1, {"_id": 1}) | {"destinedRecipient": "s1"}, "Apply"),
    Written("checked for existence", "u with a diff, $v: 2", AFTER,
            made.update(1, 1, {"i": {"a": 1}}) | {"checkExistenceForDiffInsert": True}, "Apply"),
    Written("upsert by hand", "i, u, d of a collection that a head holds", "4.4 - 8.0",
            made.replace(1, {"_id": 1}) | {"b": True}, "Apply"),
    *(Written(f"container {op}", "km, ci, cu, cd", AFTER,
              of(op, ns="app.c", o={"k": b"k"}), {"Skip": f"op {op}"})
      for op in ("km", "ci", "cu", "cd")),
    *(Written(f"global index {op}", "xi, xd", "unreleased",
              of(op, ns="system.globalIndex", o={"ik": {"a": 1}, "dk": {"_id": 1}}),
              {"Refuse": f"oplog operation '{op}' is not known"}) for op in ("xi", "xd")),
    Written("invented op", "any other op", "none", of("zz", ns="app.c", o={"_id": 1}),
            {"Refuse": "oplog operation 'zz' is not known"}),
    # the version
    Written("version of fresh files", f"i of the document {FCV}", "4.4 - 8.0",
            made.insert(1, {"_id": FCV, "version": "8.0"}, ns=VERSIONS),
            {"Skip": "the version of a new member's files"}),
    Written("version that is taken away", "u, d of it", "4.4 - 8.0",
            made.delete(1, FCV, ns=VERSIONS), "EndOfWindow"),
    Written("collection of versions", "admin.system.version", "4.4 - 8.0",
            command({"create": "system.version"}, db="admin"), {"Skip": "a head has its own"}),
    # namespaces
    Written("profile", "local.*", "4.4 - 8.0", made.insert(1, {"_id": 1}, ns="app.system.profile"),
            {"Skip": "the profile of a member"}),
    Written("search", "local.*", "7.0, 8.0", made.insert(1, {"_id": 1}, ns="__mdb_internal_x.c"),
            {"Skip": "belongs to the member itself"}),
    Written("local", "local.*", "none", made.insert(1, {"_id": 1}, ns="local.c"),
            {"Skip": "belongs to the member itself"}),
    Written("database alone", "no collection at all", "none", made.insert(1, {"_id": 1}, ns="app"),
            {"Refuse": "an operation on 'app', which is no collection"}),
    Written("resharded collection", "*.system.resharding.*", "5.0 - 8.0",
            command({"create": "system.resharding.1234"}),
            {"EndOfWindow": "app.system.resharding.1234 is being resharded"}),
    Written("resharding begins on a config server", "config.reshardingOperations", "5.0 - 8.0",
            made.insert(1, {"_id": 1}, ns="config.reshardingOperations"), "EndOfWindow"),
    Written("resharding begins on a shard", "config.reshardingOperations", "5.0 - 8.0",
            made.insert(1, {"_id": 1}, ns="config.localReshardingOperations.donor"), "EndOfWindow"),
    Written("resharding goes on", "config.reshardingOperations", "5.0 - 8.0",
            made.update(1, 1, {"u": {"state": "cloning"}}, ns="config.reshardingOperations"),
            "Skip"),
    Written("its collection is made", "config.reshardingOperations", "5.0 - 8.0",
            command({"create": "reshardingOperations"}, db="config"), "Skip"),
    # collections
    Written("replicated record ids", "with recordIdsReplicated, or with idents in o2", AFTER,
            command({"create": "c", "recordIdsReplicated": True}), "Rewrite"),
    Written("idents", "with recordIdsReplicated, or with idents in o2", AFTER,
            command({"create": "c", "idIndex": SPEC}, o2=IDENTS), "Rewrite"),
    Written("images of 4.4", "create", "4.4, 5.0",
            command({"create": "c", "recordPreImages": True}), "Apply"),
    Written("converted", "convertToCapped", "before 4.4",
            command({"convertToCapped": "c", "size": 4096}),
            {"Refuse": "oplog command 'convertToCapped' can not be followed by a head"}),
    Written("old options", "with noPadding, usePowerOf2Sizes", "before 4.4",
            command({"collMod": "c", "usePowerOf2Sizes": True}), "Rewrite"),
    Written("options beside", "collMod", "7.0, 8.0",
            command({"collMod": "system.buckets.w"}, o2={**OLD,
                    "backwardsIncompatibleCollModParameters":
                    {"timeseriesBucketsMayHaveMixedSchemaData": True}}), "Apply"),
    Written("mixed buckets", "collMod", "7.0",
            command({"collMod": "system.buckets.w",
                     "timeseriesBucketsMayHaveMixedSchemaData": True}, o2=OLD), "Apply"),
    Written("imported", "importCollection, reshardCollection", "4.4 - 8.0",
            command({"importCollection": "app.c", "dryRun": False}),
            {"EndOfWindow": "importCollection on app"}),
    Written("import is tried", "importCollection with dryRun", "4.4 - 8.0",
            command({"importCollection": "app.c", "dryRun": True}), "Skip"),
    *(Written(name, "importCollection, reshardCollection", "5.0 - 8.0", command({name: "app.c"}),
              {"EndOfWindow": f"{name} on app"})
      for name in ("reshardCollection", "unshardCollection", "moveCollection")),
    Written("viewless time series", "upgradeDowngradeViewlessTimeseries", AFTER,
            command({"upgradeDowngradeViewlessTimeseries": "w"}), "EndOfWindow"),
    Written("truncated", "truncateRange", AFTER,
            command({"truncateRange": "app.c", "minRecordId": Int64(1), "maxRecordId": Int64(9)}),
            {"Refuse": "oplog command 'truncateRange' can not be followed by a head"}),
    *(Written(name, "createGlobalIndex, dropGlobalIndex", "unreleased", command({name: "c"}),
              {"Refuse": f"oplog command '{name}' can not be followed by a head"})
      for name in ("createGlobalIndex", "dropGlobalIndex")),
    Written("invented command", "anything else", "none", command({"invented": "c"}),
            {"Refuse": "oplog command 'invented' is not known"}),
    # indexes
    *(Written(name, "dropIndex, deleteIndex, deleteIndexes", "before 4.4",
              command({name: "c", "index": "a_1"}), {"DropIndex": "a_1"})
      for name in ("dropIndex", "deleteIndex", "deleteIndexes")),
    Written("multikey", "createIndexes, commitIndexBuild", AFTER,
            command({"commitIndexBuild": "c", "indexes": [SPEC]}, o2={"multikey": [True]}),
            {"CreateIndexes": [{"v": {"$numberInt": "2"}, "key": {"a": {"$numberInt": "1"}},
                                "name": "a_1"}]}),
    *(Written(name, "setMultikeyMetadata, dropIdent", AFTER, command({name: "c"}), {"Skip": name})
      for name in ("setMultikeyMetadata", "dropIdent")),
    Written("indexes of a cluster", "modifyCollectionShardingIndexCatalog", "7.0, 8.0",
            of("c", ns="app.c", o={"modifyCollectionShardingIndexCatalog": "app.c", "op": "c"}),
            "Skip"),
    *(Written(name, "createDatabaseMetadata, dropDatabaseMetadata", AFTER,
              command({name: "app"}), "Skip")
      for name in ("createDatabaseMetadata", "dropDatabaseMetadata")),
    # many operations in one
    Written("expired documents", "grouped deletes", "7.0, 8.0",
            grouped(made.delete(1, 1), made.delete(1, 2)), {"Unwrap": ["Apply"]}),
    Written("grouped inserts", "grouped deletes", "8.0",
            grouped(made.insert(1, {"_id": 1}), made.insert(1, {"_id": 2})),
            {"Unwrap": ["Apply"]}),
    Written("retryable inserts", "multiOpType 1", "8.0",
            made.transaction(1, {"applyOps": STATEMENTS}, previous=7, multiOpType=1),
            {"Unwrap": ["Apply"]}),
    Written("transaction that says so", "applyOps of a transaction", "8.0",
            made.transaction(1, {"applyOps": INSERTS}, multiOpType=0), "InTransaction"),
    Written("multiOpType of later", "any other multiOpType but 0", AFTER,
            made.transaction(1, {"applyOps": STATEMENTS}, previous=7, multiOpType=2),
            {"Refuse": "an applyOps of multiOpType 2 is not known"}),
)  # fmt: skip
