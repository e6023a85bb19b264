"""Entries of other versions on a head of 6.0.5: as far as it can show, they do what they say."""

from typing import Any

import pytest
from bson import Int64
from bson.timestamp import Timestamp

from mmsconsole.task import Task
from tests.head.conftest import TestedHead
from tests.oplog.other_versions import ENTRIES
from tests.support import oplog_entries as made

BEFORE = {"_id": 1, "a": 1, "gone": [1]}


def written(name: str) -> made.Made:
    return next(one.entry for one in ENTRIES if one.name == name)


def at(second: int, entry: made.Made) -> made.Made:
    return entry | {"ts": Timestamp(second, 1)}


def apply(head: TestedHead, *entries: made.Made) -> None:
    timed = [at(10 + n, entry) for n, entry in enumerate(entries)]
    head.applier().apply(made.array(made.create(2), *timed), None, Task())


def documents(head: TestedHead, collection: str = "c") -> list[Any]:
    return list(head.client.app[collection].find())


def modifiers(o: made.Made) -> made.Made:
    return written("modifiers") | {"o": {"$v": 1, **o}}


def test_modifiers_of_4_4_are_applied(head: TestedHead) -> None:
    apply(
        head,
        made.insert(1, BEFORE),
        modifiers({"$set": {"a": 2, "b.c": [{"d": 1}], "at": Timestamp(0, 0)}}),
        modifiers({"$set": {"b.c.0.d": 2}, "$unset": {"gone": True}}),
    )
    assert documents(head) == [{"_id": 1, "a": 2, "b": {"c": [{"d": 2}]}, "at": Timestamp(0, 0)}]


def test_fields_of_other_versions_and_of_shards_do_no_harm(head: TestedHead) -> None:
    apply(
        head,
        written("for a shard that is resharded to"),
        made.update(1, 1, {"i": {"a": 1}}) | {"fromMigrate": True},
        made.replace(1, {"_id": 2, "b": 1}) | {"b": True},
        made.insert(1, {"_id": 3}),
        made.delete(1, 3) | {"preImageOpTime": {"ts": Timestamp(1, 1), "t": Int64(1)}},
    )
    assert documents(head) == [{"_id": 1, "a": 1}, {"_id": 2, "b": 1}]


def test_inserts_and_deletes_in_groups_are_applied(head: TestedHead) -> None:
    """Their chain is that of the session's statements, whose beginning is not of interest."""
    more = [made.inner(made.insert(1, {"_id": n})) | {"stmtId": n} for n in (3, 4)]
    apply(
        head,
        written("retryable inserts"),
        made.transaction(11, {"applyOps": more}, previous=10, multiOpType=1),
        written("expired documents"),
    )
    assert documents(head) == [{"_id": 0}, {"_id": 3}, {"_id": 4}]


@pytest.mark.parametrize("name", ["replicated record ids", "idents"])
def test_a_collection_comes_without_what_is_of_storage(head: TestedHead, name: str) -> None:
    entry = written(name)
    other = {"create": "d"} | {k: v for k, v in entry["o"].items() if k != "create"}
    apply(head, entry | {"o": other, "ui": made.OTHER_UUID})
    assert head.client.app.d.options() == {}


def test_commands_of_older_versions_are_applied(head: TestedHead) -> None:
    drops = [written(name) for name in ("dropIndex", "deleteIndex", "deleteIndexes")]
    named = [
        one | {"o": one["o"] | {"index": f"{key}_1"}} for one, key in zip(drops, "abc", strict=True)
    ]
    apply(
        head,
        *(made.index(1, key) for key in "abcd"),
        *named,
        written("old options") | {"o": {"collMod": "c", "noPadding": True, "validator": {"a": 1}}},
    )
    assert sorted(head.client.app.c.index_information()) == ["_id_", "d_1"]
    assert head.client.app.c.options()["validator"] == {"a": 1}
