from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Code, Int64, ObjectId, Regex
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.monitoring.shapes import TEXT_MAX, shape_of

SECRET = "4111-1111"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param({"find": "orders", "filter": {"card": SECRET, "n": {"$gt": 5}},
            "sort": {"at": -1}, "limit": 10, "lsid": {"id": Binary(b"x")}, "$db": "shop"},
            "find orders filter: {card: ?, n: {$gt: ?}} sort: {at: -1} limit: 10", id="find"),
        pytest.param({"getMore": Int64(77), "collection": "orders", "batchSize": 100},
            "getMore orders batchSize: 100", id="getMore"),
        pytest.param({"aggregate": "orders", "pipeline": [{"$match": {"card": SECRET}},
            {"$sort": {"at": 1}}, {"$limit": 5}], "cursor": {}},
            "aggregate orders pipeline: [{$match: {card: ?}}, {$sort: {at: 1}}, {$limit: 5}]",
            id="aggregate"),
        pytest.param({"q": {"_id": SECRET}, "u": {"$set": {"card": SECRET}}, "multi": False},
            "q: {_id: ?} u: {$set: {card: ?}} multi: False", id="update, as currentOp has it"),
        pytest.param({"insert": "orders", "documents": [{"card": SECRET}] * 3, "ordered": True},
            "insert orders documents: [3] ordered: True", id="insert"),
        pytest.param({"update": "orders", "updates": [{"q": {"card": SECRET}, "u": [{"$set":
            {"a": 1}}], "multi": True}]},
            "update orders updates: [{q: {card: ?}, u: [{$set: {a: ?}}], multi: ?}]", id="updates"),
        pytest.param({"distinct": "orders", "key": SECRET, "query": {"n": {"$in": [1, 2, SECRET]}}},
            "distinct orders key: ? query: {n: {$in: [?]}}", id="a list of values is one"),
        pytest.param({"find": SECRET}, "find", id="a name that is not the operation's own"),
        pytest.param({"$truncated": f"{{ find: 'orders', filter: {{ card: '{SECRET}' }}"}, "…",
            id="a text that the server cut: it could be anything"),
        pytest.param({"createUser": "bob", "pwd": SECRET}, "createUser pwd: ?", id="a password"),
        pytest.param({"find": "orders", "comment": SECRET}, "find orders", id="a comment"),
        pytest.param({}, "", id="none"),
    ],
)  # fmt: skip
def test_a_command_is_shown_without_the_values_of_documents(
    command: dict[str, Any], expected: str
) -> None:
    assert shape_of(command, "orders") == expected


@pytest.mark.parametrize(
    "value",
    [SECRET, 4111, 4111.5, Int64(4111), True, None, ObjectId("4" * 24), Regex("4111"),
        Code("4111"), Timestamp(4111, 1), b"4111", datetime(2026, 4, 11, tzinfo=UTC),
        [4111], [[4111]], {"deep": {"er": 4111}}],
)  # fmt: skip
def test_a_value_of_any_type_is_a_question_mark(value: object) -> None:
    shown = shape_of({"find": "c", "filter": {"f": value}}, "c")

    assert "4" not in shown
    assert "True" not in shown
    assert "?" in shown


@pytest.mark.parametrize("name", ["limit", "skip", "batchSize", "sort", "key", "hint", "$limit"])
def test_a_field_of_the_user_is_no_setting_whatever_its_name(name: str) -> None:
    shown = shape_of({"find": "c", "filter": {name: 4111, "in": {name: {"a": 1}}}}, "c")

    assert "4111" not in shown
    assert "a: 1" not in shown


def test_names_cannot_steer_a_terminal() -> None:
    shown = shape_of({"find": "c\x1b[2J", "filter": {"\x1b]0;x\x07": 1, "‮": 2}}, "c\x1b[2J")

    assert shown == "find c\\x1b[2J filter: {\\x1b]0;x\\x07: ?, \\u202e: ?}"


def test_the_text_is_bounded_whatever_the_command() -> None:
    deep: Any = {"x": 1}
    for _ in range(500):
        deep = {"n" * 500: deep, "l": [deep]}
    wide = {str(each): each for each in range(100_000)}

    for filter_ in (deep, wide, {"n" * 100_000: 1}, {"$or": [wide] * 1000}):
        assert len(shape_of({"find": "c", "filter": filter_}, "c")) <= TEXT_MAX


LEAVES = st.one_of(st.just("zz-secret-zz"), st.integers(1000, 10**6), st.floats(), st.none())
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "sort", "limit", "$match", "q"]), inner, max_size=4)
    ),
)


@given(st.dictionaries(st.sampled_from(["find", "filter", "u", "pipeline"]), DOCUMENTS, max_size=4))
def test_no_text_of_a_document_is_ever_shown(command: dict[str, Any]) -> None:
    assert "secret" not in shape_of(command, "orders")


def test_documents_are_counted_only_where_they_are_inserted() -> None:
    shown = shape_of({"find": "c", "filter": {"documents": [1, 2]}}, "c")

    assert shown == "find c filter: {documents: [?]}"


def test_what_is_too_deep_is_cut() -> None:
    deep: Any = 1
    for _ in range(30):
        deep = {"a": deep}

    shown = shape_of({"find": "c", "filter": deep}, "c")

    assert shown.count("a: ") == 8
    assert "{…}" in shown
