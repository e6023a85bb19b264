"""The indexes of an initial sync are kept aside, by the UUID of their collection."""

from typing import Any

import bson
import pytest
from bson import Int64

from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import CreateIndexes, DropIndex, ModifyIndex
from tests.support import oplog_entries as made

SIMPLE = {"locale": "simple"}
A = {"v": 2, "key": {"a": 1}, "name": "a_1"}
B = {"v": 2, "key": {"b": 1}, "name": "b_1", "unique": True}


def follow(catalogue: IndexCatalogue, *entries: made.Made) -> None:
    """As an applier does."""
    for entry in entries:
        peeked = made.peeked(entry)
        decision = decide(peeked)
        if isinstance(decision, CreateIndexes | DropIndex | ModifyIndex):
            catalogue.change(decision)
        else:
            catalogue.command(peeked)


def made_of(catalogue: IndexCatalogue) -> dict[str, list[dict[str, Any]]]:
    """database.collection -> the specifications that would be made."""
    commands = [bson.decode(command) for command in catalogue.commands()]
    return {f"{c['$db']}.{c['createIndexes']}": c["indexes"] for c in commands}


def simple(*specs: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**spec, "collation": SIMPLE} for spec in specs]


@pytest.fixture
def catalogue() -> IndexCatalogue:
    """app.c with the index a_1."""
    catalogue = IndexCatalogue()
    catalogue.add(bytes(made.UUID), b"app", b"c", [bson.encode(A)])
    return catalogue


def coll_mod(**index: Any) -> made.Made:
    return made.command(2, {"collMod": "c", "index": index})


CREATE_B = made.command(2, {"createIndexes": "c", **B})
BUILD_AB = made.command(2, {"commitIndexBuild": "c", "indexes": [A, B]})
DROP_A = made.command(3, {"dropIndexes": "c", "index": "a_1"})
RENAME = made.command(3, {"renameCollection": "app.c", "to": "other.d", "stayTemp": False})
ROWS = {
    "nothing": ([], {"app.c": simple(A)}),
    "createIndexes": ([CREATE_B], {"app.c": simple(A, B)}),
    "commitIndexBuild of several": ([BUILD_AB], {"app.c": simple(A, B)}),
    "the same twice": ([CREATE_B, CREATE_B], {"app.c": simple(A, B)}),
    "dropIndexes": ([CREATE_B, DROP_A], {"app.c": simple(B)}),
    "dropIndexes of none": ([DROP_A, DROP_A], {}),
    "made anew": ([DROP_A, made.index(4, "a", sparse=True)],
                  {"app.c": simple({**A, "sparse": True})}),
    "drop": ([made.command(3, {"drop": "c"})], {}),
    "renameCollection": ([RENAME], {"other.d": simple(A)}),
    "an index after a rename": (
        [RENAME, made.command(4, {"createIndexes": "d", **B}, db="other")],
        {"other.d": simple(A, B)},
    ),
    "collMod hidden": ([coll_mod(name="a_1", hidden=True)],
                       {"app.c": simple({**A, "hidden": True})}),
    "collMod hidden and back": (
        [coll_mod(name="a_1", hidden=True), coll_mod(name="a_1", hidden=False)],
        {"app.c": simple(A)},
    ),
    "collMod TTL by key": ([coll_mod(keyPattern={"a": 1}, expireAfterSeconds=5)],
                           {"app.c": simple({**A, "expireAfterSeconds": 5})}),
    "collMod unique": (
        [coll_mod(name="a_1", prepareUnique=True), coll_mod(name="a_1", unique=True)],
        {"app.c": simple({**A, "unique": True})},
    ),
    "collMod no longer unique": (
        [CREATE_B, coll_mod(name="b_1", forceNonUnique=True)],
        {"app.c": simple(A, {name: B[name] for name in ("v", "key", "name")})},
    ),
    "collMod of an index that is not there": ([coll_mod(name="z_1", hidden=True)],
                                              {"app.c": simple(A)}),
}  # fmt: skip


@pytest.mark.parametrize("kind", ROWS)
def test_what_is_made_after(catalogue: IndexCatalogue, kind: str) -> None:
    entries, expected = ROWS[kind]
    follow(catalogue, *entries)
    assert made_of(catalogue) == expected


@pytest.mark.parametrize("kind", ROWS)
def test_following_the_same_entries_again_changes_nothing(
    catalogue: IndexCatalogue, kind: str
) -> None:
    entries, expected = ROWS[kind]
    follow(catalogue, *entries, *entries)
    assert made_of(catalogue) == expected


def test_the_victim_of_a_rename_takes_its_indexes_along(catalogue: IndexCatalogue) -> None:
    catalogue.add(bytes(made.OTHER_UUID), b"app", b"d", [bson.encode(B)])
    rename = {"renameCollection": "app.c", "to": "app.d", "dropTarget": made.OTHER_UUID}
    follow(catalogue, made.command(3, rename))
    assert made_of(catalogue) == {"app.d": simple(A)}


def test_a_collection_that_is_made_meanwhile_has_the_indexes_made_on_it() -> None:
    catalogue = IndexCatalogue()
    follow(catalogue, made.create(2), made.index(3, "a"))
    assert made_of(catalogue) == {"app.c": simple(A)}


def test_the_id_index_is_not_one_of_them() -> None:
    catalogue = IndexCatalogue()
    id_index = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    catalogue.add(bytes(made.UUID), b"app", b"c", [bson.encode(id_index)])
    assert len(catalogue) == 0
    assert made_of(catalogue) == {}


def test_a_collation_of_its_own_stays() -> None:
    catalogue = IndexCatalogue()
    english = {**A, "collation": {"locale": "en"}}
    catalogue.add(bytes(made.UUID), b"app", b"c", [bson.encode(english)])
    assert made_of(catalogue) == {"app.c": [english]}


def test_what_changed_since_it_was_written_down_is_known(catalogue: IndexCatalogue) -> None:
    catalogue.changed.clear()
    follow(catalogue, DROP_A)
    assert catalogue.changed == {bytes(made.UUID)}


@pytest.mark.parametrize("version", [1, 1.0, Int64(1)])
def test_an_index_of_version_1_is_made_without_a_collation(version: Any) -> None:
    old = {"v": version, "key": {"a": 1}, "name": "a_1"}
    catalogue = IndexCatalogue()
    catalogue.add(bytes(made.UUID), b"app", b"c", [bson.encode(old)])
    assert made_of(catalogue) == {"app.c": [old]}
