"""Every kind of entry is told in words, and nothing that a server or somebody else wrote breaks it.

The rows of the corpus are in described.txt; to write them anew after a look at them:
python -m tests.oplog.test_describing
"""

import struct
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Binary, Code, DBRef, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.oplog.describing import NOT_SHOWN, described
from mmsconsole.oplog.entry import Entry, peek
from mmsconsole.oplog.extended import extended
from tests.oplog.corpus import FOLDER, load, peeked
from tests.oplog.kinds import KINDS
from tests.support import oplog_entries as made

GOLDEN = Path(__file__).with_name("described.txt")
CHARS = 160


def row(entry: Entry) -> str:
    told = described(entry)
    what = told.what
    return " | ".join((what.kind, what.ns, what.id, what.change[:CHARS])).rstrip()


def rows() -> dict[str, list[str]]:
    return {
        kind.name: [row(peeked(one.raw)) for one in load(FOLDER / f"{kind.name}.json")]
        for kind in KINDS
    }


def written() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            found[next(reversed(found))].append(line[2:])
        else:
            found[line] = []
    return found


WRITTEN = written() if GOLDEN.exists() else {}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_entry_that_a_server_wrote_is_told_in_words(kind: Any) -> None:
    told = [row(peeked(one.raw)) for one in load(FOLDER / f"{kind.name}.json")]
    assert told == WRITTEN[kind.name]
    assert all("can not be read" not in each for each in told)


def change(entry: made.Made) -> str:
    return described(made.peeked(entry)).what.change


@pytest.mark.parametrize(
    ("diff", "words"),
    [
        ({"u": {"qty": 5}}, "set qty: 5"),
        ({"i": {"new": "x"}}, 'set new: "x"'),
        ({"d": {"old": False}}, "unset old"),
        ({"d": {"old": False}, "u": {"a": 1, "b": None}}, "unset old; set a: 1, b: null"),
        ({"saddress": {"u": {"city": "Bonn"}}}, 'set address.city: "Bonn"'),
        ({"sa": {"sb": {"sc": {"d": {"d": False}}}}}, "unset a.b.c.d"),
        ({"sitems": {"a": True, "u0": 7}}, "set items.0: 7"),
        ({"sitems": {"a": True, "s3": {"u": {"n": 1}}}}, "set items.3.n: 1"),
        ({"sitems": {"a": True, "l": 2}}, "cut items to length 2"),
        ({"sa": {"a": True, "u1": [1]}, "u": {"z": {}}}, "set a.1: [1], z: {}"),
        ({"sdata": {"b": {"o": 4, "d": b"x"}}}, "changed data by {o: 4, d: <1 bytes, subtype 0>}"),
        ({}, ""),
    ],
)
def test_a_diff_is_told_path_by_path(diff: dict[str, Any], words: str) -> None:
    assert change(made.update(1, 1, diff)) == words


@pytest.mark.parametrize(
    ("o", "words"),
    [
        ({"$v": 1, "$set": {"a.b": 1, "c": 2}}, "set a.b: 1, c: 2"),
        ({"$v": 1, "$unset": {"a": True}, "$set": {"b": 1}}, "unset a; set b: 1"),
        ({"_id": 1, "a": 1}, "replaced by {_id: 1, a: 1}"),
        ({}, "replaced by {}"),
    ],
)
def test_an_update_of_4_4_and_a_whole_document_are_told(o: dict[str, Any], words: str) -> None:
    assert change(made.at(1, op="u", ns="app.c", o=o, o2={"_id": 1})) == words


VALUES = {
    "double": (1.5, "1.5"), "whole": (5.0, "5.0"), "nan": (float("nan"), "NaN"),
    "infinite": (float("-inf"), "-Infinity"), "string": ("a\"b", '"a\\"b"'),
    "array": ([1, [2]], "[1, [2]]"), "bytes": (b"abc", "<3 bytes, subtype 0>"),
    "uuid": (made.UUID, "UUID('00000000-0000-4000-8000-000000000001')"),
    "id": (ObjectId("5" * 24), f"ObjectId('{'5' * 24}')"),
    "true": (True, "true"), "null": (None, "null"), "int64": (Int64(7), "7"),
    "date": (DatetimeMS(0), "1970-01-01T00:00:00.000Z"),
    "no date": (DatetimeMS(-(1 << 60)), f"Date({-(1 << 60)})"),
    "regex": (Regex("^a/b", "im"), "/^a/b/im"), "code": (Code("f()"), 'Code("f()")'),
    "scoped": (Code("f()", {"x": 1}), 'Code("f()")'), "stamp": (Timestamp(1, 2), "Timestamp(1, 2)"),
    "decimal": (Decimal128("1.50"), "Decimal128('1.50')"), "min": (MinKey(), "MinKey"),
    "max": (MaxKey(), "MaxKey"), "ref": (DBRef("c", 1), '{$ref: "c", $id: 1}'),
    "user's": (Binary(b"x", 0x80), "<1 bytes, subtype 128>"),
    "escape": ("\x1b[2J\x07\u202e\u200b", '"\\u001b[2J\\u0007\\u202e\\u200b"'),
    "long": ("x" * 500, None),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_any_type_is_told_in_one_short_line(name: str) -> None:
    value, words = VALUES[name]
    told = change(made.insert(1, {"_id": 1, "v": value}))
    assert told.isprintable()
    if words is None:
        assert told.endswith("...")
        assert len(told) <= 400
    else:
        assert told == f"{{_id: 1, v: {words}}}"


def test_names_of_fields_can_steer_no_terminal_and_are_not_mistaken() -> None:
    told = described(made.peeked(made.insert(1, {"_id": "\x9b", "a: 1, b": 2, "\x1b]0;x": 3})))
    assert told.what.change == '{_id: "\\x9b", "a: 1, b": 2, "\\u001b]0;x": 3}'
    assert told.what.id == '"\\x9b"'


def test_bytes_that_are_no_utf_8_are_told_as_escapes() -> None:
    raw = bson.encode(made.insert(1, {"_id": "QQQ", "name": 1}, ns="app.XXX"))
    raw = raw.replace(b"QQQ", b"\xff\xfe\x80").replace(b"XXX", b"\xc3\x28\xff")
    told = described(peek(raw, 0, len(raw))).what
    assert told.ns == "app.\\xc3(\\xff"
    assert told.id.isprintable()
    assert "\\xff" in told.id
    assert all(line.isprintable() for line in extended(peek(raw, 0, len(raw))))


def deep(levels: int) -> bytes:
    inner = bson.encode({"x": 1})
    for _ in range(levels):
        inner = struct.pack("<i", len(inner) + 8) + b"\x03a\x00" + inner + b"\x00"
    return inner


@pytest.mark.parametrize("levels", [15, 180, 20_000])
def test_nesting_however_deep_is_cut_off(levels: int) -> None:
    document = deep(levels)
    whole = bson.encode(made.insert(1, {"_id": 1}))
    o = bson.encode({"o": {"_id": 1}})[4:-1]
    raw = whole[4:-1].replace(o, b"\x03o\x00" + document)
    raw = struct.pack("<i", len(raw) + 5) + raw + b"\x00"
    entry = peek(raw, 0, len(raw))
    assert "{...}" in described(entry).what.change or levels == 15
    assert extended(entry)


def test_a_time_that_is_none_is_left_out() -> None:
    entry = made.at(1, op="n", ns="", o={}, wall=DatetimeMS(1 << 60))
    assert described(made.peeked(entry)).wall is None


def test_a_transaction_is_unfolded() -> None:
    operations = [made.inner(made.insert(1, {"_id": n})) for n in range(70)]
    operations.append(made.inner(made.delete(1, 5, ns="shop.other")))
    told = described(made.peeked(made.transaction(9, {"applyOps": operations})))
    assert told.what.kind == "transaction"
    assert told.what.change == "71 operations: insert app.c 70, delete shop.other"
    assert (told.inner_count, len(told.inner)) == (71, 50)
    assert told.inner[3].id == "3"


def test_credentials_and_keys_are_never_shown() -> None:
    user = made.insert(
        1, {"_id": "a.b", "credentials": {"hash": "s3cret"}}, ns="admin.system.users"
    )
    for entry in (user, made.transaction(2, {"applyOps": [made.inner(user)]})):
        told = described(made.peeked(entry))
        assert "s3cret" not in repr(told)
        assert "s3cret" not in "".join(extended(made.peeked(entry)))
    assert described(made.peeked(user)).what.change == NOT_SHOWN
    large = made.insert(1, {"_id": 1, "x": "s3cret" * 300_000}, ns="admin.system.users")
    assert "s3cret" not in "".join(extended(made.peeked(large)))


@pytest.mark.parametrize("name", ["tempusers", "mmsconsole_restore_users_0123456789ab"])
def test_users_on_their_way_into_what_runs_are_not_shown_either(name: str) -> None:
    user = made.insert(1, {"_id": "a.b", "credentials": {"hash": "s3cret"}}, ns=f"admin.{name}")
    assert described(made.peeked(user)).what.change == NOT_SHOWN
    assert "s3cret" not in "".join(extended(made.peeked(user)))


def test_credentials_in_a_huge_transaction_are_not_its_beginning() -> None:
    user = made.insert(1, {"_id": "a.b", "x": "s3cret"}, ns="admin.system.users")
    other = made.insert(1, {"_id": 1, "x": "y" * 2_000_000})
    both = {"applyOps": [made.inner(user), made.inner(other)]}
    told = "".join(extended(made.peeked(made.transaction(2, both))))
    assert NOT_SHOWN in told
    assert "s3cret" not in told


def test_a_whole_entry_is_extended_json_and_a_huge_one_is_begun() -> None:
    assert any('"qty": 5' in line for line in extended(made.peeked(made.insert(1, {"qty": 5}))))
    huge = extended(made.peeked(made.insert(1, {"x": "y" * 2_000_000})))
    assert "bytes; its beginning" in huge[0]
    assert sum(map(len, huge)) < 50_000


SAMPLE = bson.encode(
    made.update(7, "id", {"u": {"a": [1, {"b": 2.5}]}, "sc": {"a": True, "u0": None}})
)


@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255))
def test_a_wrong_byte_anywhere_raises_nothing(place: int, value: int) -> None:
    raw = bytearray(SAMPLE)
    raw[place] = value
    entry = made.peeked(bson.decode(SAMPLE))._replace(data=bytes(raw))
    told = described(entry)
    assert repr(told.what.change)
    assert told.what.change.isprintable()
    assert extended(entry)


def main() -> None:
    lines = [line for name, told in rows().items() for line in (name, *(f"  {t}" for t in told))]
    GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
