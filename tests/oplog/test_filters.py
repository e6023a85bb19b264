"""A filter shows what was asked for, and hides nothing that can not be read."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Int64, ObjectId
from bson.decimal128 import Decimal128

from mmsconsole.errors import UsageError
from mmsconsole.oplog.filters import NOTHING, is_within, made
from tests.support import oplog_entries as entries
from tests.support.oplog_entries import Made, peeked

OID = "65a0b1c2d3e4f5a6b7c8d9e0"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def shows(filter_: str, entry: Made) -> bool:
    return made(filter_=filter_).matches(peeked(entry))


@pytest.mark.parametrize(
    ("name", "pattern", "within"),
    [
        ("app.c", "app.c", True),
        ("app.c", "app", True),
        ("app", "app", True),
        ("apple.c", "app", False),
        ("app.cc", "app.c", False),
        ("app.cc", "app.c*", True),
        ("app.c.d", "app.c", False),
        ("app.c.d", "*.d", True),
        ("x.orders", "*.orders", True),
        ("app.c", "app.?", False),
        ("app.c\n", "app.c", False),
        ("app.(", "app.(", True),
        ("a" * 200, "*a" * 20 + "b", False),
    ],
)
def test_a_namespace_is_whole_a_database_or_a_pattern(
    name: str, pattern: str, within: bool
) -> None:
    assert is_within(name, pattern) is within


@pytest.mark.parametrize(
    ("filter_", "entry", "shown"),
    [
        ("", entries.noop(1), True),
        ("app", entries.insert(1, {"_id": 1}), True),
        ("app.d", entries.insert(1, {"_id": 1}), False),
        ("ns=app.d ns=app.c", entries.insert(1, {"_id": 1}), True),
        ("app.c", entries.create(1), True),
        ("app", entries.command(1, {"dropDatabase": 1}), True),
        ("app.to", entries.command(1, {"renameCollection": "app.c", "to": "app.to"}), True),
        ("op=insert", entries.insert(1, {"_id": 1}), True),
        ("op=i", entries.insert(1, {"_id": 1}), True),
        ("op=u op=d", entries.delete(1, 1), True),
        ("op=command", entries.create(1), True),
        ("op=CREATE", entries.create(1), True),
        ("op=command", entries.noop(1), False),
        ("op=destructive", entries.create(1), False),
        ("op=destructive", entries.command(1, {"drop": "c"}), True),
        (
            "op=destructive",
            entries.command(1, {"renameCollection": "a.b", "to": "a.c", "dropTarget": True}),
            True,
        ),
        ("op=destructive", entries.command(1, {"renameCollection": "a.b", "to": "a.c"}), False),
        ("field=a", entries.insert(1, {"_id": 1, "a": {"b": 2}}), True),
        ("field=a.b", entries.insert(1, {"_id": 1, "a": {"b": 2}}), True),
        ("field=a.c", entries.insert(1, {"_id": 1, "a": {"b": 2}}), False),
        ("field=a.b", entries.insert(1, {"_id": 1, "a": [{"c": 1}, {"b": 2}]}), True),
        ("field=a.1.b", entries.insert(1, {"_id": 1, "a": [{"c": 1}, {"b": 2}]}), True),
        ("field=a", entries.update(1, 1, {"sa": {"u": {"b": 1}}}), True),
        ("field=a.b.c", entries.update(1, 1, {"sa": {"u": {"b": {"c": 1}}}}), True),
        ("field=a.b", entries.update(1, 1, {"sa": {"d": {"b": False}}}), True),
        ("field=ab", entries.update(1, 1, {"u": {"a": 1}}), False),
        ("field=a", entries.delete(1, 1), False),
        ("status=paid", entries.insert(1, {"_id": 1, "status": "paid"}), True),
        ("status=paid", entries.update(1, 1, {"u": {"status": "paid"}}), True),
        ("status=paid", entries.update(1, 1, {"u": {"status": "open"}}), False),
        ("status=paid", entries.update(1, 1, {"d": {"status": False}}), False),
        ("a.b=5", entries.update(1, 1, {"u": {"a": {"b": Int64(5)}}}), True),
        ("a=5 b=6", entries.insert(1, {"_id": 1, "a": 5, "b": 7}), False),
        ("name='two words'", entries.insert(1, {"_id": 1, "name": "two words"}), True),
        ('name={"$numberInt":"5"}', entries.insert(1, {"_id": 1, "name": 5}), True),
        ("_id=7", entries.delete(1, 7), True),
    ],
)
def test_what_is_shown(filter_: str, entry: Made, shown: bool) -> None:
    assert shows(filter_, entry) is shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("5", Int64(5)), ("5", 5.0), ("5", "5"), ("5", Decimal128("5")),
        ("-1.5", -1.5), ("9000000000", Int64(9_000_000_000)), (OID, ObjectId(OID)), (OID, OID),
        (UUID, Binary(uuid.UUID(UUID).bytes, 4)), ("true", True), ("true", "true"),
        ("null", None), ("abc", "abc"), (f'{{"$oid":"{OID}"}}', ObjectId(OID)),
        ('{"b":1,"a":2}', {"b": 1, "a": 2}), ('"5"', "5"),
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_an_id_is_found_however_it_is_typed(text: str, value: Any) -> None:
    wanted = made(id_=text)
    assert wanted.matches(peeked(entries.delete(1, value)))
    assert wanted.matches(peeked(entries.update(1, value, {"u": {"a": 1}})))
    assert not wanted.matches(peeked(entries.delete(1, "another")))


def test_the_order_of_an_embedded_id_counts_as_it_does_for_the_server() -> None:
    assert not made(id_='{"a":2,"b":1}').matches(peeked(entries.delete(1, {"b": 1, "a": 2})))


def test_an_operation_of_a_transaction_has_to_fit_as_a_whole() -> None:
    inside = [entries.inner(entries.insert(1, {"_id": 1})),
              entries.inner(entries.delete(1, 2, ns="app.d"))]  # fmt: skip
    both = entries.transaction(1, {"applyOps": inside})
    assert shows("op=delete app.d", both)
    assert not shows("op=delete app.c", both)
    assert shows("op=transaction", both)


def test_options_and_the_typed_filter_are_taken_together() -> None:
    found = made(ns=["app"], op=["d"], id_="5", field=(), filter_="")
    assert found.matches(peeked(entries.delete(1, 5)))
    assert not found.matches(peeked(entries.delete(1, 6)))
    assert made() == NOTHING


@pytest.mark.parametrize("text", ["=5", "a='x", 'id={"$oid":"5"}', "id={", 'id=[1,"', "a={]"])
def test_what_makes_no_sense_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        made(filter_=text)
    assert refused.value.hint


def test_what_can_not_be_read_is_shown() -> None:
    entry = peeked(entries.update(1, 1, {"u": {"a": 1}}))
    at = entry.o + 4 + entry.data[entry.o + 4 :].index(b"diff") + 5
    broken = entry._replace(data=entry.data[:at] + b"\xff\xff\xff\x7f" + entry.data[at + 4 :])
    assert made(filter_="b=5").matches(broken)
