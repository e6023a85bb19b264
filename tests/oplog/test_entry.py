"""Looking at entries without decoding them."""

import bson
import pytest
from bson import Int64
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import UnreadableEntry
from mmsconsole.oplog import entry as module
from mmsconsole.oplog.entry import entries
from mmsconsole.optime import Optime
from tests.support import oplog_entries as made

RETRYABLE = {
    "lsid": made.SESSION,
    "txnNumber": Int64(7),
    **made.insert(5, {"_id": 1, "ts": "a decoy", "o": {"op": "d"}}),
    "stmtId": 0,
    "prevOpTime": {"ts": Timestamp(0, 0), "t": Int64(-1)},
}
FOUND_AND_MODIFIED = {
    "op": "u", "ns": "app.c", "ui": made.UUID, "o": {"$v": 2, "diff": {}}, "o2": {"_id": 1},
    "fromMigrate": True, "needsRetryImage": "preImage", "stmtId": 3,
    "ts": Timestamp(8, 2), "t": Int64(4), "v": Int64(2),
}  # fmt: skip
KINDS = {
    "insert": made.insert(5, {"_id": 1}),
    "update": made.update(5, 1, {"u": {"a": 2}}),
    "delete": made.delete(5, 1),
    "no uuid": {name: v for name, v in made.insert(5, {"_id": 1}).items() if name != "ui"},
    "retryable": RETRYABLE,
    "found and modified": FOUND_AND_MODIFIED,
    "command": made.create(5),
    "no-op": made.noop(5),
    "in a transaction": made.inner(made.insert(5, {"_id": 1})),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_parts_are_found_in_any_order_of_fields(kind: str, backwards: bool) -> None:
    fields = list(KINDS[kind].items())
    whole = dict(reversed(fields)) if backwards else dict(fields)
    found = made.peeked(whole)

    assert found.op.decode() == whole["op"]
    assert found.ns.decode() == whole["ns"]
    assert found.uuid == bytes(whole.get("ui", b""))
    stamp = whole.get("ts", Timestamp(0, 0))
    assert found.optime.same_entry(Optime(stamp.time, stamp.inc, whole.get("t", -1)))
    for name, offset in (("o", found.o), ("o2", found.o2)):
        length = int.from_bytes(found.data[offset : offset + 4], "little")
        value = bson.decode(found.data[offset : offset + length]) if offset else None
        assert value == whole.get(name)


@pytest.mark.parametrize("kind", ["insert", "update", "delete", "retryable", "found and modified"])
def test_the_usual_layout_takes_the_short_way_to_the_same_end(kind: str) -> None:
    raw = bson.encode(KINDS[kind])
    assert module._usual(raw, 0, len(raw)) == module._walk(raw, 0, len(raw))


def test_arrays_that_lie_one_behind_the_other_are_one_stream() -> None:
    arrays = made.array(made.noop(1), made.noop(2)) + made.array() + made.array(made.noop(3))
    assert [each.t for each in entries(arrays)] == [1, 2, 3]


def test_an_entry_gives_its_bytes_back() -> None:
    arrays = made.array(made.noop(1), made.insert(2, {"_id": 1}))
    assert [each.raw for each in entries(arrays)] == [
        bson.encode(made.noop(1)),
        bson.encode(made.insert(2, {"_id": 1})),
    ]


@pytest.mark.parametrize(
    "broken",
    [{}, {"ns": "a.b"}, {"op": "i", "ns": "a.b"}, {"op": "", "ns": "a.b", "o": {}}],
    ids=["nothing", "no op", "no o", "empty op"],
)
def test_what_lacks_its_parts_is_unreadable(broken: dict[str, object]) -> None:
    with pytest.raises(UnreadableEntry):
        made.peeked(broken)


@given(st.data())
def test_hostile_bytes_are_read_or_refused_but_never_break_anything(data: st.DataObject) -> None:
    raw = bytearray(made.array(made.create(1), RETRYABLE, FOUND_AND_MODIFIED))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 20))
    hostile = bytes(raw[: len(raw) - cut])
    try:
        for found in entries(hostile):
            assert 0 <= found.start < found.end <= len(hostile)
    except UnreadableEntry:
        pass
