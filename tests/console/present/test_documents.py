"""Documents as rows and whole: short, harmless, and never taken for what they only look like."""

import json

import pytest

from mmsconsole.console.opened import Documents, row_of, taken_in
from mmsconsole.console.present import documents
from mmsconsole.console.present.text import cells, plain
from mmsconsole.operations.opening_views import FoundDocuments


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"$numberInt": "5"}, "5"),
        ({"$numberDouble": "NaN"}, "NaN"),
        ({"$oid": "65f1"}, "65f1"),
        ({"$date": {"$numberLong": "1784181597001"}}, "2026-07-16T05:59:57.001Z"),
        ({"$date": {"$numberLong": "9" * 18}}, "{$date: 999999999999999999}"),
        ({"$date": {"$numberLong": {"x": True}}}, "{$date: {$numberLong: {x: true}}}"),
        ({"$binary": {"base64": "AAAA", "subType": "00"}}, "binary, 3 bytes"),
        ({"$binary": 7}, "{$binary: 7}"),
        ({"$timestamp": {"t": 5, "i": 2}}, "5:2"),
        ({"$timestamp": None}, "{$timestamp: null}"),
        ({"$oid": 5}, "{$oid: 5}"),
        ({"$oid": "x", "and": 1}, '{$oid: "x", and: 1}'),
        (["a", True, None, []], '["a", true, null, []]'),
        ({"a b": "x\x1b[2J"}, '{"a b": "x\\u001b[2J"}'),
    ],
)  # fmt: skip
def test_a_value_is_told_as_the_shell_writes_it(value: object, told: str) -> None:
    assert documents.short_text({"_id": 1, "v": value}) == f"{{v: {told}}}"
    assert documents.identity_text({"_id": value}) == told[: documents.ID_CHARS]


def test_a_row_is_cut_and_the_whole_document_is_not() -> None:
    text = json.dumps({"_id": "x" * 500, "long": "y" * 50_000})
    row = row_of(1, text)
    assert len(row.brief) <= documents.BRIEF_CHARS
    assert len(row.identity) <= documents.ID_CHARS
    whole = documents.pretty(text, 80)
    assert all(cells(line) <= 80 for line in whole)
    assert "".join(plain(line) for line in whole).count("y") == 50_000


@pytest.mark.parametrize(
    "document",
    [
        {}, {"a": {}}, {"a": []}, {"_id": {"$oid": "65f1"}, "b": [{"c": 1}, [2, []], "x,\n{"]},
        {"$date": {"$numberLong": {"x": 1}}}, {"a": {"$numberInt": "5"}, "b": {"$oid": 5}},
        {"\u4e2d": "\u4e2d" * 100, "a": {"b": {"c": {"d": None}}}},
    ],
)  # fmt: skip
def test_a_pretty_document_is_the_same_document(document: dict[str, object]) -> None:
    lines = documents.pretty(json.dumps(document), 4_000)
    assert json.loads("\n".join(plain(line) for line in lines)) == document


def test_what_stands_for_one_value_stays_in_one_line() -> None:
    text = json.dumps({"_id": {"$numberInt": "5"}, "at": {"$date": {"$numberLong": "1"}}})
    assert [plain(line).strip() for line in documents.pretty(text, 80)] == [
        "{", '"_id": {"$numberInt": "5"},', '"at": {"$date": {"$numberLong": "1"}}', "}",
    ]  # fmt: skip


def test_nothing_in_a_document_steers_a_terminal() -> None:
    text = json.dumps({"_id": "\x1b]0;x\x07", "\u202e\x9b2J": "\x00\x7f\u2028", "s": "\ud800"})
    row = row_of(1, text)
    shown = [*documents.pretty(text, 80), *documents.folded(row.brief + row.identity, 80)]
    assert all(plain(line).isprintable() for line in shown)


def test_a_document_nested_as_deep_as_a_server_takes_is_shown() -> None:
    deep: object = 1
    for _ in range(180):
        deep = {"a": deep}
    text = json.dumps({"_id": 1, "deep": deep})
    assert len(documents.pretty(text, 80)) > 300
    assert row_of(1, text).brief.startswith("{deep: {a: {a:")


# -- pages -------------------------------------------------------------------------------------


def page(documents_: Documents, count: int, *, more: bool) -> Documents:
    texts = tuple(json.dumps({"_id": n}) for n in range(count))
    return taken_in(documents_, FoundDocuments(documents_.namespace, texts, more))


def test_pages_follow_on_one_another_however_long_they_are() -> None:
    first = page(Documents("a.b"), 100, more=True)
    assert first.previous() is None
    second = first.next()
    assert second is not None
    assert second.question.skip == 100
    second = page(second, 3, more=True)
    third = second.next()
    assert third is not None
    assert third.question.skip == 103
    assert [row.id for row in page(third, 2, more=False).rows or ()] == ["104", "105"]
    assert page(third, 2, more=False).next() is None
    back = third.previous()
    assert back is not None
    assert back.question.skip == 100


def test_another_filter_or_order_begins_at_the_first_page_and_keeps_the_other_one() -> None:
    second = page(Documents("a.b", "{}", '{"x": 1}'), 100, more=True).next()
    assert second is not None
    assert second.asked(filter_='{"y": 2}') == Documents("a.b", '{"y": 2}', '{"x": 1}')
    assert second.asked(sort="") == Documents("a.b", "{}", "")


def test_the_bytes_of_a_page_are_bounded() -> None:
    assert Documents("a.b").question.bytes_max > 0
