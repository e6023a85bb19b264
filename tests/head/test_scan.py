"""Catch-up of an initial sync: the head holds no single moment until the scan's end is passed."""

import bson
import pytest

from mmsconsole.errors import ApplyFailed
from mmsconsole.head.applier import Applier
from mmsconsole.head.index_changes import load_catalogue
from mmsconsole.head.missing import MissingDocument
from mmsconsole.head.position import HeadPosition
from mmsconsole.mongod.fingerprint import differences, fingerprint
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.head.conftest import BEGINNING, Recorded, TestedHead, needs_source
from tests.support import oplog_entries as made

LATE = Optime(2**31, 0)


def apply(applier: Applier, *entries: made.Made) -> HeadPosition:
    return applier.apply(made.array(*entries), None, Task())


def secondary_indexes(head: TestedHead) -> list[str]:
    """As database.collection.index, of every collection that the oplog tells of."""
    return [
        f"{database}.{entry['name']}.{index}"
        for database in head.client.list_database_names()
        if database not in ("local", "config")
        for entry in head.client[database].list_collections(filter={"type": "collection"})
        for index in head.client[database][entry["name"]].index_information()
        if index != "_id_" and not (database == "admin" and "system" in entry["name"])
    ]


@needs_source
def test_indexes_are_made_when_all_is_applied_and_equal_the_source_s(
    recorded: Recorded, head: TestedHead
) -> None:
    applier = head.applier(tolerate_until=LATE, catalogue=IndexCatalogue())
    for array in recorded.arrays:
        applier.apply(array, None, Task())
    assert secondary_indexes(head) == []

    applier.create_indexes(Task())

    assert differences(recorded.fingerprint, fingerprint(head.client)) == []


@needs_source
def test_a_head_that_was_copied_from_the_end_comes_out_as_the_end(
    recorded: Recorded, head: TestedHead
) -> None:
    """The longest scan there is: every document was read after the last entry."""
    applier = head.applier()
    for array in recorded.arrays:
        applier.apply(array, None, Task())
    catalogue = catalogue_of(head)
    head.positions.write(HeadPosition(BEGINNING, BEGINNING))

    applier = head.applier(tolerate_until=LATE, catalogue=catalogue)
    for array in recorded.arrays:
        applier.apply(array, None, Task())
    applier.create_indexes(Task())

    assert applier.missing.documents() == []
    assert applier.missing.collections == {}
    assert differences(recorded.fingerprint, fingerprint(head.client)) == []


def catalogue_of(head: TestedHead) -> IndexCatalogue:
    """What an initial sync would have listed; the head loses its indexes."""
    catalogue = IndexCatalogue()
    for database in head.client.list_database_names():
        if database in ("local", "config"):
            continue
        for entry in head.client[database].list_collections(filter={"type": "collection"}):
            collection = head.client[database][entry["name"]]
            if database != "admin" and entry["name"] != "system.views":
                specs = [bson.encode(dict(index)) for index in collection.list_indexes()]
                names = database.encode(), entry["name"].encode()
                catalogue.add(bytes(entry["info"]["uuid"]), *names, specs)
                collection.drop_indexes()
    return catalogue


def begun(head: TestedHead, *entries: made.Made) -> Applier:
    """A head with app.c as of second 2, whose scan ends with second 100."""
    applier = head.applier(tolerate_until=Optime(100, 1))
    apply(applier, made.create(2), *entries)
    return applier


def missing_ids(applier: Applier) -> list[object]:
    return [bson.decode(one.id)["_id"] for one in applier.missing.documents()]


UPDATE = {"i": {"a": 1}}


def test_an_update_of_what_is_not_there_is_remembered(head: TestedHead) -> None:
    applier = begun(head)
    apply(applier, made.update(3, 1, UPDATE), made.insert(4, {"_id": 2}), made.update(5, 3, UPDATE))

    assert applier.missing.documents() == [
        MissingDocument(bytes(made.UUID), "app.c", bson.encode({"_id": 1})),
        MissingDocument(bytes(made.UUID), "app.c", bson.encode({"_id": 3})),
    ]
    assert list(head.client.app.c.find()) == [{"_id": 2}]


@pytest.mark.parametrize(
    "later",
    [
        made.insert(9, {"_id": 1}),
        made.delete(9, 1),
        made.command(9, {"drop": "c"}),
        made.command(
            9, {"renameCollection": "app.d", "to": "app.c", "dropTarget": made.UUID},
            ui=made.OTHER_UUID,
        ),
    ],
    ids=["insert", "delete", "drop", "victim of a rename"],
)  # fmt: skip
def test_a_missing_document_is_crossed_out_by_a_later(head: TestedHead, later: made.Made) -> None:
    applier = begun(head)
    apply(applier, made.update(3, 1, UPDATE), later)

    assert applier.missing.documents() == []
    assert head.applier(tolerate_until=Optime(100, 1)).missing.documents() == []


def test_an_update_in_the_same_batch_as_what_makes_it_good_is_not_missing(
    head: TestedHead,
) -> None:
    applier = begun(head)
    apply(applier, made.update(3, 1, UPDATE), made.delete(4, 1), made.update(5, 1, UPDATE))
    assert missing_ids(applier) == [1]


def test_embedded_ids_with_another_order_of_fields_are_other_documents(head: TestedHead) -> None:
    applier = begun(head)
    apply(applier, made.update(3, {"a": 1, "b": 2}, UPDATE), made.delete(4, {"b": 2, "a": 1}))
    assert missing_ids(applier) == [{"a": 1, "b": 2}]


def test_missing_documents_are_still_known_after_a_crash(head: TestedHead) -> None:
    apply(begun(head), made.update(3, 1, UPDATE))
    assert missing_ids(head.applier(tolerate_until=Optime(100, 1))) == [1]


def test_many_missing_documents_are_known_after_a_crash_and_forgotten_with_their_drop(
    head: TestedHead,
) -> None:
    applier = begun(head)
    apply(
        applier, *(made.update(3, n, UPDATE) | {"ts": bson.Timestamp(3, n)} for n in range(1, 2500))
    )
    again = head.applier(tolerate_until=Optime(100, 1))
    assert sorted(missing_ids(again)) == missing_ids(applier)
    assert len(again.missing) == 2499

    apply(again, made.command(4, {"drop": "c"}))
    assert missing_ids(head.applier()) == []


def test_behind_the_end_of_the_scan_a_missing_document_is_an_error(head: TestedHead) -> None:
    applier = begun(head)
    with pytest.raises(ApplyFailed, match="the document is missing") as raised:
        apply(applier, made.update(100, 1, UPDATE), made.update(101, 2, UPDATE))

    assert raised.value.where == "oplog entry 101:1"
    assert missing_ids(applier) == [1]


def test_a_collection_that_went_before_the_scan_is_missed_until_its_drop(head: TestedHead) -> None:
    applier = begun(head)
    gone = [made.insert(3 + n, {"_id": n}, ns="app.gone", ui=made.OTHER_UUID) for n in range(3)]
    apply(applier, *gone, made.insert(9, {"_id": "stays"}))
    assert applier.missing.collections == {bytes(made.OTHER_UUID): "app.gone"}
    apply(applier, made.update(10, 1, UPDATE, ns="app.gone", ui=made.OTHER_UUID))

    apply(applier, made.command(11, {"drop": "gone"}, ui=made.OTHER_UUID))

    assert applier.missing.collections == {}
    assert [d["_id"] for d in head.client.app.c.find()] == ["stays"]
    assert head.client.app.list_collection_names() == ["c"]


def test_behind_the_end_of_the_scan_a_missing_collection_is_an_error(head: TestedHead) -> None:
    applier = begun(head)
    with pytest.raises(ApplyFailed, match="code 26"):
        apply(applier, made.insert(101, {"_id": 1}, ns="app.gone", ui=made.OTHER_UUID))


def test_a_collection_that_the_scan_found_under_its_later_name_gets_its_entries(
    head: TestedHead,
) -> None:
    """As if copied after the second rename, with the oplog from before the first."""
    applier = begun(head)
    apply(applier, made.command(3, {"renameCollection": "app.c", "to": "app.third"}))
    head.positions.write(HeadPosition(Optime(2, 1), Optime(2, 1)))
    head.client.app.third.insert_one({"_id": "scanned"})

    applier = head.applier(tolerate_until=Optime(100, 1))
    apply(
        applier,
        made.insert(3, {"_id": 1}),
        made.update(4, "scanned", UPDATE),
        made.update(5, "missing", UPDATE),
        made.command(6, {"renameCollection": "app.c", "to": "app.second"}),
        made.insert(7, {"_id": 2}, ns="app.second"),
        made.delete(8, 1, ns="app.second"),
        made.command(9, {"renameCollection": "app.second", "to": "app.third"}),
        made.insert(10, {"_id": 3}, ns="app.third"),
    )

    assert list(head.client.app.third.find()) == [
        {"_id": "scanned", "a": 1}, {"_id": 2}, {"_id": 3},
    ]  # fmt: skip
    assert applier.missing.collections == {}
    assert missing_ids(applier) == ["missing"]


@pytest.mark.parametrize("found", [{"_id": 1, "from": "the source"}, None])
def test_a_missing_document_is_settled_with_what_the_source_has(
    head: TestedHead, found: made.Made | None
) -> None:
    """Its collection may have another name by now."""
    applier = begun(head, made.update(3, 1, UPDATE))
    rename = {"renameCollection": "app.c", "to": "app.renamed", "stayTemp": False}
    apply(applier, made.command(4, rename))

    [missing] = applier.missing.documents()
    applier.settle(missing, found and bson.encode(found))

    assert list(head.client.app.renamed.find()) == ([found] if found else [])
    assert missing_ids(head.applier()) == []


def test_the_catalogue_goes_on_after_a_crash(head: TestedHead) -> None:
    applier = head.applier(tolerate_until=Optime(100, 1), catalogue=IndexCatalogue())
    apply(applier, made.create(2), made.index(3, "a", unique=True), made.index(4, "b"))
    apply(applier, made.command(5, {"dropIndexes": "c", "index": "b_1"}))

    again = head.applier(tolerate_until=Optime(100, 1), catalogue=load_catalogue(head.connection))
    apply(again, made.index(6, "d"))
    again.create_indexes(Task())

    assert sorted(head.client.app.c.index_information()) == ["_id_", "a_1", "d_1"]
    assert len(load_catalogue(head.connection)) == 0


def test_when_the_indexes_are_made_new_ones_are_made_at_once(head: TestedHead) -> None:
    applier = head.applier(tolerate_until=Optime(100, 1), catalogue=IndexCatalogue())
    apply(applier, made.create(2))
    applier.create_indexes(Task())

    apply(applier, made.index(101, "a"))

    assert sorted(head.client.app.c.index_information()) == ["_id_", "a_1"]


def test_a_change_of_more_than_an_index_is_divided(head: TestedHead) -> None:
    applier = head.applier(tolerate_until=Optime(100, 1), catalogue=IndexCatalogue())
    change = {"collMod": "c", "index": {"name": "a_1", "hidden": True}, "validationAction": "warn"}
    apply(applier, made.create(2), made.index(3, "a"), made.command(4, change))
    assert head.client.app.c.options()["validationAction"] == "warn"

    applier.create_indexes(Task())

    assert head.client.app.c.index_information()["a_1"]["hidden"] is True
