"""What happens to collections and indexes on real heads, where the order of things matters."""

from typing import Any

import pytest
from bson import Int64

from mmsconsole.errors import ApplyFailed
from mmsconsole.head.position import HeadPosition
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.head.conftest import TestedHead
from tests.support import oplog_entries as made

THIRD = made.OTHER_UUID
UNIQUE = {"v": 2, "unique": True, "key": {"u": 1}, "name": "u_1"}


def apply(head: TestedHead, *written: made.Made) -> HeadPosition:
    return head.applier().apply(made.array(*written), None, Task())


def documents(head: TestedHead, collection: str = "c") -> list[Any]:
    return list(head.client.app[collection].find())


def test_a_name_that_is_dropped_and_made_again_in_one_chunk_holds_the_newer_documents(
    head: TestedHead,
) -> None:
    apply(
        head,
        made.create(2),
        made.insert(3, {"_id": 1, "of": "the first"}),
        made.insert(4, {"_id": 2}),
        made.command(5, {"drop": "c"}),
        made.create(6, ui=THIRD),
        made.insert(7, {"_id": 1, "of": "the second"}, ui=THIRD),
        made.update(8, 1, {"i": {"a": 1}}, ui=THIRD),
    )
    assert documents(head) == [{"_id": 1, "of": "the second", "a": 1}]
    assert head.client.app.c.options() == {}
    listed = next(iter(head.client.app.list_collections()))
    assert listed["info"]["uuid"] == THIRD


def test_documents_go_to_their_collection_before_it_is_renamed_and_after(
    head: TestedHead,
) -> None:
    rename = {"renameCollection": "app.c", "to": "app.d", "dropTarget": THIRD}
    apply(
        head,
        made.create(2),
        made.create(3, "d", ui=THIRD),
        made.insert(4, {"_id": "goes with the target"}, ns="app.d", ui=THIRD),
        made.insert(5, {"_id": 1}),
        made.command(6, rename),
        made.insert(7, {"_id": 2}, ns="app.d"),
        made.delete(8, 1, ns="app.d"),
    )
    assert head.client.app.list_collection_names() == ["d"]
    assert documents(head, "d") == [{"_id": 2}]


def test_documents_whose_ids_differ_in_the_order_of_fields_alone_are_told_apart(
    head: TestedHead,
) -> None:
    one, other = {"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"d": 3, "c": 2}}
    apply(
        head,
        made.create(2),
        made.insert(3, {"_id": one, "is": "one"}),
        made.insert(4, {"_id": other, "is": "other"}),
        made.update(5, other, {"i": {"changed": 1}}),
        made.replace(6, {"_id": one, "is": "one, replaced"}),
        made.insert(7, {"_id": {"b": 1, "a": 1}}),
        made.delete(8, {"a": 1, "b": 1}),
    )
    found = [(list(each["_id"]), each.get("is"), each.get("changed")) for each in documents(head)]
    assert found == [
        (["a", "b"], "one, replaced", None), (["a", "b"], "other", 1), (["b", "a"], None, None),
    ]  # fmt: skip


def test_a_capped_collection_keeps_the_order_of_its_inserts(head: TestedHead) -> None:
    capped = {"create": "c", "capped": True, "size": Int64(65536)}
    apply(
        head,
        made.command(2, capped),
        *(made.insert(3 + n, {"_id": i, "s": "x"}) for n, i in enumerate([5, 3, 9, 1])),
        made.replace(10, {"_id": 3, "s": "y"}),
        made.delete(11, 9),
        made.insert(12, {"_id": 9, "s": "x"}),
    )
    assert [one["_id"] for one in documents(head)] == [5, 3, 1, 9]


def build(second: int, kind: str, *specs: made.Made) -> made.Made:
    return made.command(second, {kind: "c", "indexBuildUUID": made.UUID, "indexes": list(specs)})


CLASHING = [made.insert(3, {"_id": 1, "u": "x"}), made.insert(4, {"_id": 2, "u": "x"})]


def test_an_index_whose_build_fails_is_never_there(head: TestedHead) -> None:
    apply(
        head,
        made.create(2),
        *CLASHING,
        build(5, "startIndexBuild", UNIQUE),
        build(6, "abortIndexBuild", UNIQUE),
        made.insert(7, {"_id": 3, "u": "x"}),
    )
    assert list(head.client.app.c.index_information()) == ["_id_"]
    assert len(documents(head)) == 3


def test_an_index_is_made_when_its_build_commits_and_not_before(head: TestedHead) -> None:
    apply(
        head,
        made.create(2),
        *CLASHING,
        build(5, "startIndexBuild", UNIQUE),
        made.delete(6, 2),
        build(7, "commitIndexBuild", UNIQUE),
    )
    assert head.client.app.c.index_information()["u_1"]["unique"] is True


def scanned(head: TestedHead, *found: made.Made) -> None:
    """The head as of second 2, with documents in it that the scan read later."""
    apply(head, made.create(2))
    head.client.app.c.insert_many(found)


def test_a_unique_index_refuses_no_value_of_another_moment_while_catching_up(
    head: TestedHead,
) -> None:
    """`x` went from 1 to 2; the scan saw 2 with it, and the oplog tells of 1 once more."""
    scanned(head, {"_id": 2, "u": "x"})
    catalogue = IndexCatalogue()
    applier = head.applier(tolerate_until=Optime(100, 1), catalogue=catalogue)
    changes = [
        made.command(3, {"createIndexes": "c", **UNIQUE}),
        made.insert(4, {"_id": 1, "u": "x"}),
        made.update(5, 1, {"u": {"u": "y"}}),
        made.insert(6, {"_id": 2, "u": "x"}),
        made.noop(101),
    ]
    applier.apply(made.array(*changes), None, Task())
    assert applier.missing.documents() == []

    applier.create_indexes(Task())

    assert documents(head) == [{"_id": 2, "u": "x"}, {"_id": 1, "u": "y"}]
    assert head.client.app.c.index_information()["u_1"]["unique"] is True
    with pytest.raises(ApplyFailed, match="code 11000"):
        applier.apply(made.array(made.insert(102, {"_id": 3, "u": "x"})), None, Task())


def test_changes_of_an_index_while_catching_up_are_in_the_one_that_is_made(
    head: TestedHead,
) -> None:
    applier = head.applier(tolerate_until=Optime(100, 1), catalogue=IndexCatalogue())
    ttl = {"v": 2, "key": {"at": 1}, "name": "at_1", "expireAfterSeconds": 5}
    changed = [
        {"name": "u_1", "forceNonUnique": True}, {"name": "u_1", "prepareUnique": True},
        {"name": "u_1", "hidden": True}, {"keyPattern": {"at": 1}, "expireAfterSeconds": 9},
    ]  # fmt: skip
    applier.apply(
        made.array(
            made.create(2),
            made.command(3, {"createIndexes": "c", **UNIQUE}),
            made.command(4, {"createIndexes": "c", **ttl}),
            *(made.command(5 + n, {"collMod": "c", "index": i}) for n, i in enumerate(changed)),
        ),
        None,
        Task(),
    )
    applier.create_indexes(Task())

    found = head.client.app.c.index_information()
    assert found["u_1"] == {"v": 2, "key": [("u", 1)], "prepareUnique": True, "hidden": True}
    assert found["at_1"]["expireAfterSeconds"] == 9


def test_an_index_of_version_1_stays_one(head: TestedHead) -> None:
    apply(head, made.create(2), made.index(3, "a") | {
        "o": {"createIndexes": "c", "v": 1, "key": {"a": 1}, "name": "a_1"}})  # fmt: skip
    assert head.client.app.c.index_information()["a_1"]["v"] == 1
