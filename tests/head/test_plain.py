"""What is taken by its bytes is what `decide` applies as it stands, and nothing else."""

from typing import Any

import bson
import pytest
from bson import Int64
from bson.binary import Binary
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import OplogError, UnreadableEntry
from mmsconsole.head import plain as module
from mmsconsole.head.batch import BYTES_MAX, ENTRIES_MAX, Batch
from mmsconsole.head.plain import PlainEntries
from mmsconsole.head.stream import EntryStream
from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import APPLY
from mmsconsole.oplog.entry import Entry, entries
from tests.head.conftest import Recorded, needs_source
from tests.support import oplog_entries as made

EVER = 1 << 64
SESSION = {"lsid": made.SESSION, "txnNumber": Int64(7)}
SERVERS_SESSION = {"lsid": {**made.SESSION, "txnNumber": Int64(1)}, "txnNumber": Int64(7)}
PREVIOUS = {"prevOpTime": {"ts": Timestamp(0, 0), "t": Int64(-1)}}


def learned(*applied: made.Made) -> PlainEntries:
    plain = PlainEntries()
    for entry in map(made.peeked, applied):
        assert decide(entry) is APPLY
        plain.learn(entry)
    return plain


def taken(plain: PlainEntries, arrays: bytes) -> list[Entry]:
    """Which entries of the arrays are taken by their bytes; the others go one by one."""
    stream, found, after = EntryStream(arrays, plain), [], 0
    while (entry := stream.next()) is not None:
        after = max(after, entry.t << 32 | entry.i)
        batch = Batch()
        got = stream.take_plain(batch, after, EVER)
        assert len(batch.raws) == ENTRIES_MAX - batch.room.entries
        if got is None:
            assert not batch
            continue
        after = got.time
        found += batch.entries
        last = found[-1]
        assert (got.time, got.term) == (last.t << 32 | last.i, last.term)
    return found


def is_taken(plain: PlainEntries, entry: made.Made) -> bool:
    return taken(plain, made.array(made.noop(0), entry, made.noop(9))) != []


# -- what is taken

USUAL = {
    "insert": made.insert(5, {"_id": 1}),
    "insert without o2": {k: v for k, v in made.insert(5, {"_id": 1}).items() if k != "o2"},
    "update": made.update(5, 1, {"u": {"a": 0.0}}),
    "replacement": made.replace(5, {"_id": 1, "a": 2}),
    "delete": made.delete(5, 1),
    "retryable insert": SESSION | made.insert(5, {"_id": 1}) | PREVIOUS,
}


def with_stmt_id(entry: made.Made) -> made.Made:
    """As servers write it: before ts."""
    fields = list(entry.items())
    ts = list(entry).index("ts")
    return dict([*fields[:ts], ("stmtId", 3), *fields[ts:]])


@pytest.mark.parametrize("kind", USUAL)
@pytest.mark.parametrize("numbered", [False, True])
def test_the_usual_entries_are_taken_once_their_like_has_been_applied(
    kind: str, numbered: bool
) -> None:
    entry = with_stmt_id(USUAL[kind]) if numbered else USUAL[kind]
    assert is_taken(learned(entry), entry)
    assert not is_taken(PlainEntries(), entry)


def test_a_value_of_nothing_but_zeros_does_not_keep_an_entry_from_being_taken() -> None:
    """Every other document has a 0.0 in it, and zeros enough for a Timestamp(0, 0)."""
    entry = made.insert(5, {"_id": 1, "a": 0.0, "b": Int64(0), "c": Timestamp(1, 0)})
    assert is_taken(learned(entry), entry)


def test_entries_of_several_collections_are_taken_together() -> None:
    written = [made.insert(n, {"_id": n}, ns=f"app.{'c' * n}") for n in range(1, 9)]
    found = taken(learned(*written), made.array(made.noop(0), *written))
    assert [entry.t for entry in found] == list(range(1, 9))


# -- what is not

INSERT = USUAL["insert"]
OTHERWISE: dict[str, made.Made] = {
    "another collection": {**INSERT, "ns": "app.d"},
    "another uuid": {**INSERT, "ui": made.OTHER_UUID},
    "another op": made.delete(5, 1),
    "a zero timestamp": made.insert(5, {"_id": 1, "z": Timestamp(0, 0)}),
    "an image": {"op": "i", "ns": "app.c", "ui": made.UUID, "o": {"_id": 1},
                 "needsRetryImage": "preImage", "ts": Timestamp(5, 1), "t": Int64(1)},
    "an image at the end": {**INSERT, "needsRetryImage": "preImage"},
    "from a migration": {"op": "i", "ns": "app.c", "ui": made.UUID, "o": {"_id": 1},
                         "fromMigrate": True, "ts": Timestamp(5, 1), "t": Int64(1)},
    "a session of the server's own": SERVERS_SESSION | INSERT,
    "another order": dict(reversed(list(INSERT.items()))),
    "no time": made.inner(INSERT),
    "a command": made.create(5),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERWISE)
def test_whatever_looks_otherwise_is_left_to_be_decided_upon(kind: str) -> None:
    assert not is_taken(learned(INSERT), OTHERWISE[kind])


def test_a_session_that_holds_the_bytes_of_an_entry_is_not_taken_for_one() -> None:
    """Its field named like the start of txnNumber lies where an ordinary session has ended."""
    inside = bson.encode(made.insert(8, {"_id": 1}))[4:]
    session = {**made.SESSION, "\x12txnNumber": Binary(b"123" + inside, 0)}
    crafted = {"lsid": session, **made.insert(7, {}, ns="app.d")}
    ordinary = SESSION | made.insert(5, {"_id": 1})

    found = taken(learned(INSERT), made.array(made.noop(0), ordinary, crafted, made.noop(9)))

    assert [entry.t for entry in found] == [5]
    assert not is_taken(learned(INSERT), crafted)


BROKEN = {
    "no document": (lambda entry: entry.start - 3, b"\x02"),
    "longer than its array": (lambda entry: entry.start + 1, b"\x10"),
    "without a length": (lambda entry: entry.start, b"\x00\x00"),
    "a document in it that has no length": (lambda entry: entry.o, b"\x00\x00"),
    "a document in it that is longer": (lambda entry: entry.o + 1, b"\x10"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_an_entry_whose_bytes_are_broken_is_not_taken(how: str) -> None:
    insert = made.insert(5, {"_id": 1, "s": "x" * 300})
    arrays = bytearray(made.array(made.noop(0), insert))
    where, with_ = BROKEN[how]
    at = where(list(entries(bytes(arrays)))[-1])
    arrays[at : at + len(with_)] = with_

    stream, batch = EntryStream(bytes(arrays), learned(insert)), Batch()
    stream.next()

    assert stream.take_plain(batch, 0, EVER) is None
    with pytest.raises(UnreadableEntry):
        stream.next()


def test_only_what_comes_behind_what_was_is_taken() -> None:
    plain = learned(INSERT)
    assert not is_taken(plain, {**INSERT, "ts": Timestamp(0, 1)})
    backwards = made.array(made.noop(1), made.insert(7, {"_id": 1}), made.insert(6, {"_id": 2}))
    assert [entry.t for entry in taken(plain, backwards)] == [7]


def test_nothing_behind_the_end_is_taken() -> None:
    stream = EntryStream(
        made.array(*(made.insert(n, {"_id": n}) for n in range(9))), learned(INSERT)
    )
    batch = Batch()
    stream.next()
    got = stream.take_plain(batch, 0, 5 << 32 | 1)
    assert got is not None
    assert [entry.t for entry in batch.entries] == [1, 2, 3, 4, 5]
    assert [stream.next().t for _ in range(3)] == [6, 7, 8]  # type: ignore[union-attr]


def test_no_more_is_taken_than_a_batch_has_room_for() -> None:
    text = "x" * (BYTES_MAX // 4)
    written = made.array(*(made.insert(n, {"_id": n, "s": text}) for n in range(6)))
    stream, batch = EntryStream(written, learned(INSERT)), Batch()
    stream.next()
    assert stream.take_plain(batch, 0, EVER) is not None
    assert len(batch.raws) == 3
    assert stream.take_plain(batch, 3 << 32 | 1, EVER) is None


def test_the_memory_of_heads_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADS_MAX", 3)
    written = [made.insert(5, {"_id": 1}, ns=f"app.c{n}") for n in range(10)]
    plain = learned(*written)
    assert is_taken(plain, written[-1])
    assert len(plain._heads) <= 3


# -- held against `decide`


def check(arrays: bytes) -> list[Entry]:
    """Learns from everything that is applied, as the applier does; what is taken must be too."""
    plain = PlainEntries()
    for entry in entries(arrays):
        if decide(entry) is APPLY and entry.op != b"c":
            plain.learn(entry)
    found = taken(plain, arrays)
    for entry in found:
        assert decide(entry) is APPLY
        assert entry.op in (b"i", b"u", b"d")
    return found


NAMES = ["app.c", "app.system.views", "app.system.buckets.w", "config.transactions", "local.x",
         "config.settings", "admin.system.version", "admin.system.users", "admin.system.keys",
         "app.system.resharding.1", "a.b"]  # fmt: skip
VALUES = st.sampled_from(
    [0, 0.0, Int64(0), 7, "\x11z", "needsRetryImage", b"\x11a\x00" + b"\x00" * 9, Timestamp(0, 0),
     Timestamp(9, 9), {"z": Timestamp(0, 0)}, "featureCompatibilityVersion", made.UUID]
)  # fmt: skip
DOCUMENTS = st.dictionaries(st.sampled_from(["a", "b", "z", "", "op"]), VALUES, max_size=4)


@st.composite
def an_entry(draw: st.DrawFn, seconds: int) -> made.Made:
    document = {"_id": draw(VALUES), **draw(DOCUMENTS)}
    name = draw(st.sampled_from(NAMES))
    kinds: list[Any] = [
        lambda: made.insert(seconds, document, name),
        lambda: made.replace(seconds, document, name),
        lambda: made.update(seconds, document["_id"], {"u": document}, name),
        lambda: made.delete(seconds, document["_id"], name),
        lambda: made.noop(seconds),
    ]
    entry = draw(st.sampled_from(kinds))()
    times = {field: entry.pop(field) for field in ("ts", "t", "v")}
    extra = draw(st.sets(st.sampled_from(["fromMigrate", "needsRetryImage", "stmtId"])))
    more = {"fromMigrate": True, "needsRetryImage": "preImage", "stmtId": 1}
    entry |= {field: value for field, value in more.items() if field in extra} | times
    if draw(st.booleans()):
        entry = draw(st.sampled_from([SESSION, SERVERS_SESSION])) | entry | PREVIOUS
    if draw(st.integers(0, 5)) == 0:
        entry = dict(draw(st.permutations(list(entry.items()))))
    return entry


@st.composite
def oplogs(draw: st.DrawFn) -> bytes:
    written = [draw(an_entry(seconds)) for seconds in range(1, draw(st.integers(2, 12)))]
    return made.array(*written)


@given(oplogs())
def test_what_is_taken_of_any_oplog_is_what_is_applied_as_it_stands(arrays: bytes) -> None:
    check(arrays)


@given(st.data())
def test_hostile_bytes_are_taken_only_where_they_would_be_applied(data: st.DataObject) -> None:
    raw = bytearray(made.array(*(with_stmt_id(SESSION | INSERT | made.at(n)) for n in range(6))))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    hostile = bytes(raw[: len(raw) - data.draw(st.integers(0, 20))])
    try:
        found = taken(learned(INSERT), hostile)
    except OplogError:
        return
    assert all(decide(entry) is APPLY for entry in found)


@needs_source
def test_of_a_real_oplog_most_is_taken_and_all_of_that_is_applied_as_it_stands(
    recorded: Recorded,
) -> None:
    arrays = b"".join(recorded.arrays)
    found = check(arrays)
    documents = [entry for entry in entries(arrays) if entry.op in (b"i", b"u", b"d")]
    assert len(found) > len(documents) / 2
    assert {entry.op for entry in found} == {b"i", b"u", b"d"}
    assert any(bson.decode(entry.raw).get("lsid") for entry in found)
