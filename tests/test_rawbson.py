"""BSON that is walked over, not decoded: what is found, and that no bytes can do harm."""

from contextlib import suppress

import bson
import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole import rawbson
from mmsconsole.errors import UnreadableEntry
from tests.support.clock import ManualClock

EVERY_TYPE = {
    "double": 1.5, "string": "text", "document": {"a": 1}, "array": [1, "b"],
    "binary": Binary(b"bytes", 5), "old binary": Binary(b"bytes", 2), "id": ObjectId(),
    "boolean": True, "date": ManualClock().now(), "null": None, "regex": Regex("a.*", "i"),
    "code": Code("f()"), "scoped": Code("f()", {"x": 1}), "int32": 1, "timestamp": Timestamp(7, 3),
    "int64": Int64(1 << 40), "decimal": Decimal128("1.5"), "min": MinKey(), "max": MaxKey(),
    "reference": DBRef("c", 1), "": "a name may be empty", "last": 0,
}  # fmt: skip


def array_of(*documents: dict[str, object]) -> bytes:
    return bson.encode({str(number): document for number, document in enumerate(documents)})


def test_every_type_of_value_is_stepped_over() -> None:
    data = bson.encode(EVERY_TYPE)

    found = list(rawbson.fields(data))

    assert [field.name.decode() for field in found] == list(EVERY_TYPE)
    assert (
        b"".join(rawbson.element(f.kind, f.name, data[f.start : f.end]) for f in found)
        == (data[4:-1])
    )


def test_a_document_is_put_together_from_its_elements() -> None:
    data = bson.encode(EVERY_TYPE)
    elements = [
        rawbson.element(f.kind, f.name, data[f.start : f.end]) for f in rawbson.fields(data)
    ]

    assert rawbson.document(elements) == data


def test_documents_are_found_in_an_array_wherever_it_lies() -> None:
    documents = [bson.encode({"_id": n, "text": "x" * n}) for n in range(12)]
    array = rawbson.array_of(documents)
    data = b"before" + array + b"behind"

    assert [data[a:b] for a, b in rawbson.documents(data, 6)] == documents


def test_strings_timestamps_and_numbers_are_read_in_place() -> None:
    data = bson.encode({"s": "grün", "t": Timestamp(7, 3), "n": Int64(-5), "i": 9})
    places = {field.name: field.start for field in rawbson.fields(data)}

    assert rawbson.string_at(data, places[b"s"]).decode() == "grün"
    assert rawbson.timestamp_at(data, places[b"t"]) == (7, 3)
    assert rawbson.int64_at(data, places[b"n"]) == -5
    assert rawbson.int32_at(data, places[b"i"]) == 9


def test_a_field_that_is_not_there_is_none() -> None:
    assert rawbson.find(bson.encode({"a": {"b": 1}}), b"b") is None


@given(st.binary(max_size=60))
def test_any_bytes_are_walked_over_or_unreadable(data: bytes) -> None:
    for walk in (rawbson.fields, rawbson.documents):
        with suppress(UnreadableEntry):
            for found in walk(data):
                assert 0 <= found[-2] <= found[-1] <= len(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_one_wrong_byte_is_walked_over_or_unreadable(place: int, byte: int) -> None:
    data = bytearray(bson.encode(EVERY_TYPE))
    data[place % len(data)] = byte
    with suppress(UnreadableEntry):
        assert all(field.end <= len(data) for field in rawbson.fields(data))


@pytest.mark.parametrize("cut", [0, 3, 4, 5, 20])
def test_a_document_that_is_cut_short_is_unreadable(cut: int) -> None:
    with pytest.raises(UnreadableEntry):
        list(rawbson.fields(bson.encode({"name": "value", "number": 1})[:cut]))


@pytest.mark.parametrize(
    ("document", "holds"),
    [
        ({"t": Timestamp(0, 0)}, True),
        ({"_id": 1, "b": "x", "t": Timestamp(0, 0)}, True),
        ({"": Timestamp(0, 0)}, True),
        ({"n" * 500: Timestamp(0, 0)}, True),
        ({"t": Timestamp(1, 0)}, False),
        ({"t": Timestamp(0, 1)}, False),
        ({"inside": {"t": Timestamp(0, 0)}}, False),
        ({"list": [Timestamp(0, 0)]}, False),
        ({"_id": ObjectId(b"\x11" * 12), "v": 0.0}, False),
        ({"s": "\x11" * 500, "v": Int64(0)}, False),
        ({"a": Int64(0), "b": 0.0, "s": "sixteen letters."}, False),
        ({"b": b"\x11t\x00" + bytes(8)}, False),
        ({"b": b"\x11" * 200, "v": 0.0, "t": Timestamp(0, 0)}, True),
    ],
)
def test_a_zero_timestamp_is_found_at_the_top_and_nowhere_else(
    document: dict[str, object], holds: bool
) -> None:
    others = [{"_id": n, "v": 0.0, "o": ObjectId(b"\x11" * 12)} for n in range(3)]

    assert rawbson.holds_zero_timestamp(array_of(*others, document, *others)) is holds
    assert rawbson.holds_zero_timestamp(array_of(document)) is holds


def test_only_the_document_that_looks_suspicious_decides() -> None:
    suspicious = {"o": ObjectId(b"\x11" * 12), "v": 0.0}
    assert not rawbson.holds_zero_timestamp(array_of(*[suspicious] * 50))
    assert rawbson.holds_zero_timestamp(array_of(*[suspicious] * 50, {"t": Timestamp(0, 0)}))
