"""A source as it was at a moment, read by a user with the roles backup and clusterMonitor."""

from collections.abc import Callable
from typing import Any

import pytest
from bson.binary import Binary
from pymongo import MongoClient

from mmsconsole.agent.catalogue_reads import Changes, changes_of, read_catalogue
from mmsconsole.agent.listing import list_collections
from mmsconsole.agent.reader import Reader
from mmsconsole.agent.snapshot_reads import (
    Moment,
    Stretch,
    Unread,
    count,
    digest,
    find_command,
    identities,
    random_ids,
    unread_of,
)
from mmsconsole.errors import (
    CommandFailed,
    MissingPrivileges,
    MmsError,
    SourceUnreachable,
)
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.support.backups import wait_until
from tests.support.guarded import GuardedSet

Root = MongoClient[dict[str, Any]]
SECONDS = 60
NOW = Moment(None, SECONDS)


@pytest.fixture
def name(root: Root) -> Any:
    """Of a database of the test's own, which goes afterwards."""
    name = "past"
    root.drop_database(name)
    yield name
    root.drop_database(name)


def read(_: int) -> None:
    """Nothing is to be done about what was read."""


def majority(reader: Reader, root: Root) -> Optime:
    """Behind all that `root` has written."""
    written = root.admin.command("replSetGetStatus")["optimes"]["appliedOpTime"]["ts"]
    wait_until(lambda: reader.optimes().majority.timestamp >= written)
    return reader.optimes().majority


def collection(reader: Reader, ns: str) -> SyncCollection:
    return next(one for one in list_collections(reader, "", Task()) if one.ns == ns)


def stretch(reader: Reader, ns: str, **changes: Any) -> Stretch:
    return Stretch(ns.split(".")[0], collection(reader, ns).uuid, **changes)


@pytest.mark.parametrize("natural", [False, True])
def test_a_collection_is_read_as_it_was(
    reader: Reader, root: Root, name: str, natural: bool
) -> None:
    root[name].c.insert_many([{"_id": n, "s": "x" * n} for n in range(300)])
    whole = stretch(reader, f"{name}.c", natural=natural)
    before = digest(reader, whole, NOW, read)
    moment = Moment(majority(reader, root), SECONDS)

    root[name].c.update_many({"_id": {"$lt": 9}}, {"$set": {"later": 1}})
    root[name].c.delete_one({"_id": 20})
    root[name].c.insert_one({"_id": -1})

    assert digest(reader, whole, moment, read) == before
    assert before.documents == 300
    assert digest(reader, whole, NOW, read) != before
    assert count(reader, f"{name}.c", moment) == 300
    assert len(list(identities(reader, whole, moment, read))) == 300


def test_a_stretch_begins_at_a_document_of_any_id(reader: Reader, root: Root, name: str) -> None:
    ids = [1, "a", {"b": 1, "a": 2}, 2.5]
    root[name].c.insert_many([{"_id": each} for each in ids])
    for begin in random_ids(reader, f"{name}.c", 4):
        part = stretch(reader, f"{name}.c", begin=begin, limit=1)
        (found,) = identities(reader, part, NOW, read)
        assert found.id == begin


def drop(database: Any) -> None:
    database.c.drop()


def rename(database: Any) -> None:
    database.c.rename("d")


@pytest.mark.parametrize("change", [drop, rename])
def test_what_was_altered_since_is_no_difference_but_unread(
    reader: Reader, root: Root, name: str, change: Callable[[Any], None]
) -> None:
    root[name].c.insert_one({"_id": 1})
    whole = stretch(reader, f"{name}.c")
    moment = Moment(majority(reader, root), SECONDS)
    change(root[name])

    with pytest.raises(CommandFailed) as raised:
        digest(reader, whole, moment, read)

    unread = unread_of(raised.value)
    assert unread is not None
    assert unread.again


def test_a_collection_made_since_is_unread(reader: Reader, root: Root, name: str) -> None:
    moment = Moment(majority(reader, root), SECONDS)
    root[name].c.insert_one({"_id": 1})
    with pytest.raises(CommandFailed) as raised:
        digest(reader, stretch(reader, f"{name}.c"), moment, read)
    assert unread_of(raised.value) == Unread("it was changed meanwhile", again=True)


def test_a_capped_collection_is_unread_for_good(reader: Reader, root: Root, name: str) -> None:
    root[name].create_collection("c", capped=True, size=1 << 16)
    moment = Moment(majority(reader, root), SECONDS)
    with pytest.raises(CommandFailed) as raised:
        digest(reader, stretch(reader, f"{name}.c", natural=True), moment, read)
    unread = unread_of(raised.value)
    assert unread is not None
    assert not unread.again


def test_time_series_buckets_and_users_can_be_read(
    reader: Reader, root: Root, name: str, guarded: GuardedSet
) -> None:
    root[name].create_collection("t", timeseries={"timeField": "t"})
    moment = Moment(majority(reader, root), SECONDS)
    buckets = stretch(reader, f"{name}.system.buckets.t", natural=True)
    assert digest(reader, buckets, moment, read).documents == 0
    assert digest(reader, stretch(reader, "admin.system.users"), moment, read).documents > 0


REFUSALS: list[tuple[MmsError, bool | None]] = [
    (CommandFailed("too old", server_code=239), True),
    (CommandFailed("over time", server_code=50), False),
    (CommandFailed("snapshot is only valid in a transaction", server_code=72), False),
    (CommandFailed("memory", server_code=292), False),
    (MissingPrivileges("no"), False),
    (CommandFailed("not primary", server_code=13435), None),
    (CommandFailed("cursor is gone", server_code=43), None),
    (SourceUnreachable("away"), None),
]


@pytest.mark.parametrize(("error", "again"), REFUSALS)
def test_each_refusal_is_known(error: MmsError, again: bool | None) -> None:
    """None: another attempt, or member, may serve it."""
    unread = unread_of(error)
    assert (None if unread is None else unread.again) == again


def test_the_moment_is_the_servers_own_word() -> None:
    command = find_command(Stretch("db", bytes(16)), Moment(Optime(7, 3, 1), 1.5))
    assert command["readConcern"]["atClusterTime"] == Optime(7, 3).timestamp
    assert command["maxTimeMS"] == 1500
    assert "readConcern" not in find_command(Stretch("db", bytes(16)), NOW)


# -- the catalogue

A, B = bytes(15) + b"a", bytes(15) + b"b"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"ns": "d.$cmd", "ui": Binary(A, 4), "o": {}}, Changes(frozenset({A}), views=False)),
        (
            {"ns": "d.$cmd", "ui": Binary(A, 4), "o": {"dropTarget": Binary(B, 4)}},
            Changes(frozenset({A, B}), views=False),
        ),
        (
            {"ns": "admin.$cmd", "o": {"applyOps": [{"ui": Binary(A, 4)}, {"ui": Binary(B, 4)}]}},
            Changes(frozenset({A, B}), views=False),
        ),
        ({"ns": "d.system.views", "ui": Binary(A, 4)}, Changes(frozenset({A}), views=True)),
        ({"ns": "d.$cmd", "o": {"dropTarget": True}}, Changes(frozenset(), views=False)),
    ],
)
def test_an_entry_tells_what_it_altered(entry: dict[str, Any], expected: Changes) -> None:
    assert changes_of([entry]) == expected


def test_the_oplog_tells_what_was_altered_since(reader: Reader, root: Root, name: str) -> None:
    database = root[name]
    for each in ("quiet", "indexed", "modified", "renamed", "target"):
        database[each].insert_one({"_id": 1})
    uuids = {
        each: collection(reader, f"{name}.{each}").uuid for each in database.list_collection_names()
    }
    since = majority(reader, root)

    database.quiet.insert_one({"_id": 2})
    database.indexed.create_index("a")
    database.command({"collMod": "modified", "validationLevel": "off"})
    database.renamed.rename("target", dropTarget=True)
    with root.start_session() as session:
        session.with_transaction(lambda s: database.made.insert_one({"_id": 1}, session=s))
    database.create_collection("view", viewOn="quiet", pipeline=[])
    made = collection(reader, f"{name}.made").uuid

    found = read_catalogue(reader, since, Task())

    altered = {each: uuid in found.changes.collections for each, uuid in uuids.items()}
    assert altered == {
        "quiet": False, "indexed": True, "modified": True, "renamed": True, "target": True,
    }  # fmt: skip
    assert made in found.changes.collections
    assert found.changes.views
    assert found.until > since
