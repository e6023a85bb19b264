"""The table of decisions, one row each."""

from dataclasses import fields

import bson
import pytest

from mmsconsole.errors import UnknownCommand
from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import (
    Apply,
    CreateIndexes,
    DropIndex,
    EndOfWindow,
    InTransaction,
    ModifyIndex,
    Refuse,
    Rewrite,
    Skip,
    Unwrap,
)
from tests.support import oplog_entries as made

FCV = "featureCompatibilityVersion"
SPEC = {"v": 2, "key": {"a": 1}, "name": "a_1"}
VERSIONS = "admin.system.version"


def on(ns: str) -> made.Made:
    return made.insert(1, {"_id": 1}, ns=ns)


def command(o: made.Made, db: str = "app", **more: object) -> made.Made:
    return made.command(1, o, db=db, **more)


def version(op: str, identity: str) -> made.Made:
    document = {"_id": identity, "version": "6.0"}
    made_by = {"i": made.insert, "u": made.replace}
    if op == "d":
        return made.delete(1, identity, ns=VERSIONS)
    return made_by[op](1, document, ns=VERSIONS)


def op(name: str) -> made.Made:
    return made.at(1, op=name, ns="app.c", o={"_id": 1})


ROWS = [
    # documents
    (on("app.c"), Apply),
    (made.update(1, 1, {"u": {"a": 1}}), Apply),
    (made.delete(1, 1), Apply),
    (on("app.system.views"), Apply),
    (on("app.system.buckets.weather"), Apply),
    (on("app.local.config"), Apply),
    (on("admin.system.users"), Apply),
    (on("admin.system.roles"), Apply),
    (on("local.anything"), Skip),
    (on("__mdb_internal_x.c"), Skip),
    (on("__mdb_of_people.c"), Apply),
    (on("app.system.profile"), Skip),
    (on("app.system.profiles"), Apply),
    (on("app.system.js"), Apply),
    (on("app.enxcol_.secret.esc"), Apply),
    (on("app.tmp.agg_out.1"), Apply),
    (command({"drop": "system.profile"}), Skip),
    (on("admin.system.keys"), Skip),
    (on("app"), Refuse),
    # config: what belongs to a cluster is kept, what belongs to its members is not
    *((on(f"config.{name}"), Apply) for name in
      ("chunks", "collections", "databases", "settings", "shards", "tags", "version")),
    *((on(f"config.{name}"), Skip) for name in
      ("transactions", "image_collection", "transaction_coordinators", "mongos", "cache.chunks.a.b",
       "system.sessions", "system.indexBuilds", "system.preimages", "rangeDeletions")),
    # the version documents
    (version("i", "authSchema"), Rewrite),
    (version("u", "authSchema"), Rewrite),
    (version("d", "authSchema"), Rewrite),
    (version("i", FCV), Skip),
    (version("u", FCV), EndOfWindow),
    (version("d", FCV), EndOfWindow),
    (command({"create": "system.version"}, db="admin"), Skip),
    (command({"collMod": "system.version"}, db="admin"), Skip),
    # resharding
    (on("app.system.resharding.123"), EndOfWindow),
    (command({"create": "system.resharding.123"}), EndOfWindow),
    # other operations
    *((op(name), Skip) for name in ("n", "km", "ci", "cu", "cd")),
    (made.noop(1), Skip),
    (op("xi"), Refuse),
    # commands on collections
    (made.create(1), Apply),
    (command({"create": "c", "capped": True, "size": 4096}), Apply),
    (command({"create": "tmp.agg_out.1", "temp": True}), Rewrite),
    (command({"drop": "c"}), Apply),
    (command({"dropDatabase": 1}, ui=None), Apply),
    (command({"dropDatabase": 1}, db="config", ui=None), Skip),
    (command({"convertToCapped": "c", "size": 4096}), Refuse),
    (command({"emptycapped": "c"}), Apply),
    (command({"collMod": "c", "validator": {}}), Apply),
    (command({"collMod": "c", "noPadding": True}), Rewrite),
    (command({"collMod": "c", "usePowerOf2Sizes": True, "validator": {}}), Rewrite),
    (command({"collMod": "c", "index": {"name": "a_1", "hidden": True}}), ModifyIndex),
    (command({"create": "transactions"}, db="config"), Skip),
    (command({"create": "settings"}, db="config"), Apply),
    (command({"createIndexes": "transactions", **SPEC}, db="config"), Skip),
    (command({"create": "x"}, db="local"), Skip),
    (command({"create": "system.keys"}, db="admin"), Skip),
    # renames
    (command({"renameCollection": "app.a", "to": "app.b", "stayTemp": False}), Apply),
    (command({"renameCollection": "config.a", "to": "config.b"}, db="config"), Skip),
    (command({"renameCollection": "config.a", "to": "config.settings"}, db="config"), Refuse),
    (command({"renameCollection": "app.system.resharding.1", "to": "app.a"}), EndOfWindow),
    (command({"renameCollection": "app.a"}), Refuse),
    # indexes
    (command({"createIndexes": "c", **SPEC}), CreateIndexes),
    (command({"commitIndexBuild": "c", "indexes": [SPEC, SPEC]}), CreateIndexes),
    (command({"commitIndexBuild": "c"}), Refuse),
    *((command({name: "c", "index": "a_1"}), DropIndex) for name in
      ("dropIndexes", "dropIndex", "deleteIndexes", "deleteIndex")),
    (command({"dropIndexes": "c"}), Refuse),
    *((command({name: "c"}), Skip) for name in
      ("startIndexBuild", "abortIndexBuild", "setMultikeyMetadata", "dropIdent", "dbCheck")),
    # many operations in one entry
    (command({"applyOps": []}, db="admin", ui=None), Unwrap),
    (made.transaction(1, {"applyOps": []}), InTransaction),
    (made.transaction(1, {"applyOps": [], "partialTxn": True}), InTransaction),
    (made.transaction(1, {"applyOps": []}, multiOpType=1), Unwrap),
    (made.transaction(1, {"applyOps": []}, multiOpType=0), InTransaction),
    (made.transaction(1, {"commitTransaction": 1}), InTransaction),
    (made.transaction(1, {"abortTransaction": 1}), InTransaction),
    # what a head cannot follow, and what nobody knows
    *((command({name: "c"}), EndOfWindow) for name in
      ("importCollection", "reshardCollection", "unshardCollection",
       "upgradeDowngradeViewlessTimeseries")),
    (command({"invented": "c"}), Refuse),
    (command({}), Refuse),
]  # fmt: skip


def shown(row: object) -> str:
    if not isinstance(row, dict):
        return getattr(row, "__name__", str(row))
    first = next(iter(row["o"]), "") if row["op"] == "c" else ""
    return f"{row['op']} {row['ns']} {first}".strip()


@pytest.mark.parametrize(("entry", "decision"), ROWS, ids=shown)
def test_decision(entry: made.Made, decision: type) -> None:
    assert type(decide(made.peeked(entry))) is decision


@pytest.mark.parametrize("entry", [op("xi"), command({"invented": "c"})], ids=shown)
def test_what_is_not_known_is_named(entry: made.Made) -> None:
    decision = decide(made.peeked(entry))
    assert isinstance(decision, Refuse)
    assert isinstance(decision.error, UnknownCommand)
    assert "xi" in decision.error.what or "invented" in decision.error.what


def test_an_operation_of_a_transaction_is_decided_upon_like_any_other() -> None:
    assert isinstance(decide(made.peeked(made.inner(made.insert(1, {"_id": 1})))), Apply)
    create = made.inner(made.command(1, {"create": "c", "temp": True}))
    assert isinstance(decide(made.peeked(create)), Rewrite)


def rewritten(entry: made.Made) -> made.Made:
    decision = decide(made.peeked(entry))
    assert isinstance(decision, Rewrite)
    (operation,) = decision.operations
    return bson.decode(operation)


def test_a_temporary_collection_becomes_a_lasting_one() -> None:
    entry = command({"create": "c", "temp": True, "capped": True, "size": 1})
    assert rewritten(entry) == {**entry, "o": {"create": "c", "capped": True, "size": 1}}


def test_coll_mod_loses_what_mongod_no_longer_knows() -> None:
    entry = command({"collMod": "c", "noPadding": True, "validator": {"a": 1}})
    assert rewritten(entry)["o"] == {"collMod": "c", "validator": {"a": 1}}


def test_a_version_document_loses_the_uuid_of_the_source_s_collection() -> None:
    entry = version("i", "authSchema")
    assert rewritten(entry) == {name: value for name, value in entry.items() if name != "ui"}


def test_a_created_index_is_told_as_the_source_has_it() -> None:
    spec = {"v": 2, "key": {"b": 1, "a": -1}, "name": "x", "partialFilterExpression": {"c": 1.5}}
    decision = decide(made.peeked(command({"createIndexes": "c", **spec})))
    assert decision == CreateIndexes(b"app", b"c", bytes(made.UUID), (bson.encode(spec),))


def test_all_indexes_of_a_finished_build_are_told() -> None:
    specs = [{**SPEC, "name": name} for name in "abc"]
    decision = decide(made.peeked(command({"commitIndexBuild": "c", "indexes": specs})))
    assert isinstance(decision, CreateIndexes)
    assert [bson.decode(spec) for spec in decision.specs] == specs


@pytest.mark.parametrize(
    ("others", "rest"),
    [({}, None), ({"noPadding": 1}, None), ({"validator": {"a": 1}}, {"validator": {"a": 1}})],
)
def test_a_changed_index_is_told_apart_from_the_rest(
    others: made.Made, rest: made.Made | None
) -> None:
    change = {"name": "a_1", "hidden": True}
    decision = decide(made.peeked(command({"collMod": "c", "index": change, **others})))
    assert isinstance(decision, ModifyIndex)
    assert bson.decode(decision.change) == change
    assert "noPadding" not in bson.decode(decision.operation)["o"]
    expected = None if rest is None else {"collMod": "c", **rest}
    assert (decision.rest and bson.decode(decision.rest)["o"]) == expected


def test_an_unwrapped_entry_says_where_its_operations_lie() -> None:
    entry = made.peeked(command({"applyOps": [made.inner(on("app.c"))]}, db="admin", ui=None))
    decision = decide(entry)
    assert isinstance(decision, Unwrap)
    assert bson.decode(entry.data[decision.start : decision.end]) == {"0": made.inner(on("app.c"))}


def test_decisions_are_values() -> None:
    assert all(len(fields(kind)) == len(kind.__slots__) for kind in (Apply, Skip, Unwrap, Rewrite))
