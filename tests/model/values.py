"""Adversarial values: documents, identities and changes that have hurt somebody somewhere.

Hypothesis makes them. A pool is drawn before a run, from a seed, so that a step needs no more
of hypothesis than the number of a value: a row of steps fits into what it may draw, and shrinks
towards the first ones of a pool, which are the simplest.
"""

from datetime import UTC, datetime
from typing import Any, TypeVar

from bson import (
    Binary,
    Code,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

Document = dict[str, Any]
Change = Document | list[Document]
T = TypeVar("T")

PAST = datetime(2020, 1, 1, tzinfo=UTC)
"""A TTL index deletes what lies so far back at once."""

DEPRECATED = tuple(
    RawBSONDocument(raw)
    for raw in (
        b"\x08\x00\x00\x00\x06x\x00\x00",  # undefined
        b"\x0f\x00\x00\x00\x0ex\x00\x03\x00\x00\x00ab\x00\x00",  # symbol
        b"\x1a\x00\x00\x00\x0cx\x00\x02\x00\x00\x00a\x00" + bytes(range(12)) + b"\x00",  # DBPointer
    )
)
"""Types that drivers no longer write, and that old data still holds."""

NUMBERS = (
    0, -0.0, 1, 1.0, Int64(1), Decimal128("1.00"), -1, 2**31 - 1, -(2**31), Int64(2**63 - 1),
    Int64(-(2**63)), float("nan"), float("inf"), float("-inf"), 5e-324, 1e308, 2.0**53 + 2,
    Decimal128("NaN"), Decimal128("-0"), Decimal128("Infinity"), Decimal128("1E-6176"),
)  # fmt: skip

ODDITIES = (
    None, True, False, "", "\x00", "a\x00b", "é", "e\u0301", "☃", "\U0001f433", "$a", "a.b",
    Timestamp(0, 0), Timestamp(0, 1), Timestamp(2**32 - 1, 2**32 - 1), MinKey(), MaxKey(),
    ObjectId(bytes(12)), PAST, DatetimeMS(-(2**63)), DatetimeMS(2**63 - 1), b"",
    Binary(b"\x00\xff", 0x80), Binary(b"old", 2), Binary(bytes(16), 3), Binary(bytes(16), 4),
    Binary(b"md5", 5), Binary(b"", 7), Regex("^a.*", "imsx"), Regex(""), Code("x"),
    Code("y", {"scope": Timestamp(0, 0)}), {}, [], [[]], [None], {"": {}}, *DEPRECATED,
)  # fmt: skip

NAMES = (
    "a", "b", "n", "at", "list", "", "a.b", "$c", "é", "☃", "0", "1", "_id", "ts", "ns", "ui", "o2",
    "$v", "diff", "i", "u", "d", "l", "s0", "u1", "sa", "x" * 300, "__proto__", " ", "\u200b",
)  # fmt: skip
"""Among them the words that an oplog entry itself is made of."""

IDENTITIES = (
    0, 1, 2, 3, 4, 5, 2.0, Int64(3), Decimal128("4"), -0.0, float("nan"), Decimal128("NaN"), None,
    "a", "A", "á", "", b"", Binary(bytes(16), 4), ObjectId(bytes(12)), PAST, True, MinKey(),
    Timestamp(0, 0), Timestamp(7, 7), DatetimeMS(2**63 - 1), {}, {"a": 1, "b": 2},
    {"b": 2, "a": 1}, {"a": {"z": -0.0, "y": [1, {}]}}, {"a": {"y": [1, {}], "z": 0}}, {"": ""},
    "x" * 1000,
)  # fmt: skip
"""Few, so that the same ones are inserted, changed and deleted over and over. Some are equal as
numbers (4 and Decimal128 4), some are equal but for the order of their fields."""

PATHS = (
    "a", "b", "n", "at", "list", "é", "a.b", "a.0", "a.3", "b.c.d", "b.1.x", "list.0", "list.40",
    "n.x", "0", "i", "u.d", "$c",
)  # fmt: skip
"""Some reach behind the end of an array, which is then padded with null."""

plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
names = st.sampled_from(NAMES) | plain
numbers = st.sampled_from(NUMBERS) | st.integers(-9, 9) | st.floats(width=64)
leaves = st.one_of(st.integers(-9, 9), numbers, st.sampled_from(ODDITIES), plain, st.binary())
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
identities = st.sampled_from(IDENTITIES)
paths = st.sampled_from(PATHS)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """With an _id somewhere among its fields."""
    fields = draw(st.dictionaries(names, values, max_size=5))
    fields.pop("_id", None)
    place = draw(st.integers(0, len(fields)))
    items = list(fields.items())
    items.insert(place, ("_id", draw(identities)))
    return dict(items)


def operators() -> st.SearchStrategy[Document]:
    """One update operator with one path."""
    some = st.lists(values, max_size=3)
    count = st.integers(-3, 3)
    pushed = st.fixed_dictionaries(
        {"$each": some},
        optional={"$position": count, "$slice": count, "$sort": st.sampled_from((1, -1))},
    )
    arguments: dict[str, st.SearchStrategy[Any]] = {
        "$set": values,
        "$unset": st.just(""),
        "$inc": numbers,
        "$mul": numbers,
        "$min": values,
        "$max": values,
        "$rename": paths,
        "$currentDate": st.sampled_from(({"$type": "date"}, {"$type": "timestamp"})),
        "$bit": st.fixed_dictionaries({"xor": st.integers(0, 9)}),
        "$push": values | pushed,
        "$addToSet": values | st.fixed_dictionaries({"$each": some}),
        "$pop": st.sampled_from((1, -1)),
        "$pull": values | st.fixed_dictionaries({"$gt": numbers}),
        "$pullAll": some,
        "$setOnInsert": values,
    }
    return st.one_of([_operator(name, argument) for name, argument in arguments.items()])


def _operator(name: str, argument: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    return st.dictionaries(paths, argument, min_size=1, max_size=2).map(lambda told: {name: told})


def stages() -> st.SearchStrategy[Document]:
    """One stage of an update by a pipeline."""
    literal = values.map(lambda value: {"$literal": value})
    whole = st.fixed_dictionaries({"$literal": st.dictionaries(names, values, max_size=3)})
    field = st.fixed_dictionaries(
        {"field": st.sampled_from(NAMES), "input": st.just("$$ROOT"), "value": literal}
    )
    shift = {"$cond": [{"$isArray": "$list"}, {"$slice": ["$list", 1, 50]}, [1, [2]]]}
    return st.one_of(
        st.dictionaries(paths, literal, min_size=1, max_size=2).map(lambda told: {"$set": told}),
        paths.map(lambda path: {"$unset": [path]}),
        whole.map(lambda told: {"$replaceWith": {"$mergeObjects": ["$$ROOT", told]}}),
        field.map(lambda told: {"$replaceWith": {"$setField": told}}),
        st.just({"$set": {"at": "$$NOW", "n": "$$CLUSTER_TIME"}}),
        st.just({"$set": {"list": {"$concatArrays": [shift, ["$n", "$a", None]]}}}),
    )


def _merged(parts: list[Document]) -> Document:
    merged: Document = {}
    for part in parts:
        merged |= part
    return merged


def changes() -> st.SearchStrategy[Change]:
    """By operators, or by a pipeline. The server refuses what makes no sense."""
    by_operators = st.lists(operators(), min_size=1, max_size=3).map(_merged)
    return by_operators | st.lists(stages(), min_size=1, max_size=2)


def pool(strategy: st.SearchStrategy[T], number: int, size: int) -> list[T]:
    """At most `size` different examples, always the same for one seed; the simplest is first."""
    found: list[T] = []

    @seed(number)
    @settings(
        max_examples=size, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(example: T) -> None:
        found.append(example)

    collect()
    return found
