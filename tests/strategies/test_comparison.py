"""What a comparison decides, without any server."""

from dataclasses import replace

import bson
import pytest
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.agent.catalogue_reads import Catalogue, Changes
from mmsconsole.agent.snapshot_reads import Identity
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.optime import Optime
from mmsconsole.strategies.comparison import (
    LOOKS_MAX,
    Finding,
    Ledger,
    Result,
    catalogue_problems,
    differing,
    is_compared,
    read_whole,
    stretch_of,
)


def made(ns: str, uuid: bytes = b"u", **changes: object) -> SyncCollection:
    known = SyncCollection(
        ns, "", ns, uuid, "collection", bson.encode({}), bson.encode({"name": "_id_"}), ()
    )
    return replace(known, **changes)  # type: ignore[arg-type]


# -- which documents differ

documents = st.dictionaries(st.integers(0, 60), st.sampled_from([b"1", b"2"]), max_size=40)


@given(documents, documents)
def test_differing_is_exactly_what_differs(
    source: dict[int, bytes], head: dict[int, bytes]
) -> None:
    def side(held: dict[int, bytes]) -> list[Identity]:
        return [Identity(b"%d" % key, held[key]) for key in sorted(held)]

    found = differing(iter(side(source)), iter(side(head)))

    keys = source.keys() | head.keys()
    expected = {b"%d" % key for key in keys if source.get(key) != head.get(key)}
    assert found is not None
    assert set(found) == expected
    assert len(found) == len(expected)


def test_too_many_differences_are_not_collected() -> None:
    source = (Identity(b"%d" % n, b"1") for n in range(100))
    head = (Identity(b"%d" % n, b"2") for n in range(100))
    assert differing(source, head, most=10) is None


# -- second looks

C = made("app.c")
DIFFERS = Finding(C, Result.DIFFERS, reason="3 documents in the source, 2 in the head")
EQUAL = Finding(C, Result.EQUAL, documents=3)
ALTERED = Finding(C, Result.UNREAD, reason="altered", again=True)
SAMPLES = Finding(C, Result.DIFFERS, reason="samples are not the same", sampled=True)
NEVER = Finding(C, Result.UNREAD, reason="capped")


def after(*looks: Finding) -> tuple[Ledger, bool]:
    """The ledger after some looks at one collection, and whether it wants one more."""
    ledger, again = Ledger(), True
    for found in looks:
        assert again, "it was done with"
        again = bool(ledger.take([found]))
    return ledger, again


@pytest.mark.parametrize(
    ("looks", "again", "problems", "left_out"),
    [
        ([EQUAL], False, 0, 0),
        ([NEVER], False, 0, 1),
        ([ALTERED], True, 0, 0),
        ([ALTERED, EQUAL], False, 0, 0),
        ([ALTERED] * LOOKS_MAX, False, 0, 1),
        ([DIFFERS], True, 0, 0),
        ([DIFFERS, EQUAL], False, 0, 0),
        ([DIFFERS, DIFFERS], False, 1, 0),
        ([DIFFERS, ALTERED], True, 0, 0),
        ([DIFFERS, ALTERED, DIFFERS], False, 1, 0),
        ([DIFFERS, NEVER], False, 1, 0),  # it differed, and nobody knows that it does no more
        ([ALTERED, ALTERED, DIFFERS], True, 0, 0),  # every difference gets a second look
        ([ALTERED, ALTERED, DIFFERS, EQUAL], False, 0, 0),
        ([SAMPLES, DIFFERS], True, 0, 0),  # samples only lead to a whole reading
        ([SAMPLES, DIFFERS, DIFFERS], False, 1, 0),
        ([SAMPLES, EQUAL], False, 0, 0),
        ([SAMPLES, NEVER], False, 1, 0),
    ],
)
def test_a_difference_counts_when_a_second_look_shows_it(
    looks: list[Finding], again: bool, problems: int, left_out: int
) -> None:
    ledger, wants_more = after(*looks)
    assert (wants_more, len(ledger.problems), len(ledger.left_out)) == (again, problems, left_out)


def test_what_differed_is_read_whole_the_next_time() -> None:
    assert after(DIFFERS)[0].suspects == {C.uuid}
    assert after(SAMPLES)[0].suspects == {C.uuid}


# -- what is read


def test_small_collections_are_read_whole_as_far_as_the_budget_goes() -> None:
    sizes = {b"a": 10, b"b": 1, b"c": 5}
    collections = [made("d.x", uuid, total_bytes=size) for uuid, size in sizes.items()]
    assert read_whole(collections, 6) == {b"b", b"c"}
    assert read_whole(collections, 0) == set()
    assert read_whole(collections, 16) == set(sizes)


@pytest.mark.parametrize(
    ("collection", "compared"),
    [
        (made("app.c"), True),
        (made("app.system.buckets.t"), True),
        (made("admin.system.users"), True),
        (made("admin.system.version"), False),  # a head has one of its own
        (made("app.system.views"), False),  # a backup user may not read it
        (made("app.view", b"", kind="view"), False),
    ],
)
def test_what_a_head_has_of_its_own_is_not_compared(
    collection: SyncCollection, compared: bool
) -> None:
    assert is_compared(collection) is compared


@pytest.mark.parametrize(
    ("collection", "natural"),
    [
        (made("a.b"), False),
        (made("a.b", capped=True), True),
        (made("a.b", options=bson.encode({"clusteredIndex": True})), True),
    ],
)
def test_capped_and_clustered_collections_are_read_in_their_own_order(
    collection: SyncCollection, natural: bool
) -> None:
    assert stretch_of(collection).natural is natural


# -- options and indexes

INDEX = bson.encode({"key": {"a": 1}, "name": "a_1"})
QUIET = Changes(frozenset(), views=False)
VIEW = made("app.v", b"", kind="view", options=bson.encode({"viewOn": "c", "pipeline": []}))
BEYOND_PYTHON = DatetimeMS(1 << 60)
LATE = made("app.c", options=bson.encode({"validator": {"at": {"$lt": BEYOND_PYTHON}}}))
OTHER_VIEW = replace(VIEW, options=bson.encode({"viewOn": "d", "pipeline": []}))


@pytest.mark.parametrize(
    ("source", "head", "said"),
    [
        ([C], [C], None),
        ([C], [], "app.c is missing in the head"),
        ([], [C], "app.c is not in the source"),
        ([C], [made("app.d")], "app.c: is called app.d in the head"),
        ([C], [made("app.c", b"v")], "app.c is missing in the head"),
        ([made("app.c", indexes=(INDEX,))], [C], "app.c: its indexes differ"),
        ([C], [made("app.c", options=bson.encode({"capped": True}))], "app.c: its options differ"),
        ([VIEW], [OTHER_VIEW], "app.v: its options differ"),
        ([LATE], [LATE], None),
        ([LATE], [C], "app.c: its options differ"),
        ([made("admin.system.version", b"1")], [made("admin.system.version", b"2")], None),
        (
            [made("app.c", options=bson.encode({"capped": True, "size": 1}))],
            [made("app.c", options=bson.encode({"size": 1, "capped": True}))],
            None,
        ),
    ],
)
def test_options_indexes_and_names_are_compared(
    source: list[SyncCollection], head: list[SyncCollection], said: str | None
) -> None:
    problems, left_out = catalogue_problems(Catalogue(source, QUIET, Optime(1, 1)), head)
    assert (problems[:1], left_out) == ([said] if said else [], [])


@pytest.mark.parametrize(
    ("source", "head", "changes"),
    [
        ([C], [], Changes(frozenset({C.uuid}), views=False)),
        ([], [C], Changes(frozenset({C.uuid}), views=False)),
        ([VIEW], [], Changes(frozenset(), views=True)),
        ([VIEW], [OTHER_VIEW], Changes(frozenset(), views=True)),
    ],
)
def test_what_was_altered_since_is_no_problem_but_left_out(
    source: list[SyncCollection], head: list[SyncCollection], changes: Changes
) -> None:
    problems, left_out = catalogue_problems(Catalogue(source, changes, Optime(1, 1)), head)
    assert problems == []
    assert len(left_out) == 1
