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
from tests.head.conftest import BEGINNING, Recorded, TestedHead
from tests.support import oplog_entries as made

pytestmark = pytest.mark.xdist_group("oplog source")

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


def test_indexes_are_made_when_all_is_applied_and_equal_the_source_s(
    recorded: Recorded, head: TestedHead
) -> None:
    applier = head.applier(tolerate_until=LATE, catalogue=IndexCatalogue())
    for array in recorded.arrays:
        applier.apply(array, None, Task())
    assert secondary_indexes(head) == []

    applier.create_indexes(Task())

    assert differences(recorded.fingerprint, fingerprint(head.client)) == []


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
