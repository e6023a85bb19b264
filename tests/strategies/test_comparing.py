"""A new head that is not what its source was: found, mended, or refused."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from pymongo.client_session import ClientSession

from mmsconsole.agent import snapshot_reads
from mmsconsole.errors import HeadSuspect
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.validations import Validation, ValidationKind
from mmsconsole.strategies import comparing
from mmsconsole.strategies.comparing import HeadComparison
from mmsconsole.task import Task
from tests.support.backups import Bench

DOCUMENTS = 500
Act = Callable[[], object]


@pytest.fixture
def filled(bench: Bench) -> Bench:
    app = bench.client.app
    app.c.insert_many([{"_id": n, "a": n % 7, "s": "x" * 100} for n in range(DOCUMENTS)])
    app.c.create_index("a")
    app.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    app.clustered.insert_many([{"_id": {"b": n, "a": 1}} for n in range(20)])
    app.create_collection("view", viewOn="c", pipeline=[])
    return bench


@pytest.fixture
def before_looking(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """before_looking(act, ...): one of them before each look at the documents."""
    look = HeadComparison._look
    waiting: list[Act] = []

    def patched(self: HeadComparison, pending: set[bytes] | None) -> Any:
        if waiting:
            waiting.pop(0)()
        return look(self, pending)

    monkeypatch.setattr(HeadComparison, "_look", patched)
    return lambda *acts: waiting.extend(acts)


def validation(bench: Bench) -> Validation:
    (found,) = bench.metadata.validations.all({"kind": ValidationKind.COMPARISON.value})
    return found


def head_app(bench: Bench, act: Callable[[Any], object]) -> Act:
    """Does something to the head's database `app`."""

    def on_head() -> None:
        with bench.head_client() as client:
            act(client.app)

    return on_head


def test_a_head_that_equals_its_source_is_said_to_be_compared(filled: Bench) -> None:
    filled.synced()

    found = validation(filled)
    assert found.good
    assert found.problems == ()
    assert found.documents >= DOCUMENTS + 20
    assert found.mended == 0
    assert found.left_out == ()
    kinds = [event.kind for event in filled.metadata.events.recent(filled.deployment.id)]
    assert "head validated" in kinds


MISCHIEF = {
    "missing": lambda app: app.c.delete_one({"_id": 5}),
    "changed": lambda app: app.c.update_one({"_id": 5}, {"$set": {"s": "y" * 100}}),
    "extra": lambda app: app.c.insert_one({"_id": -1}),
    "another order of fields": lambda app: app.clustered.insert_one({"_id": {"a": 1, "b": 3}}),
    "a mess": lambda app: (
        app.c.delete_many({"_id": {"$lt": 50}}), app.c.update_many({}, {"$unset": {"a": 1}}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISCHIEF)
def test_documents_that_are_not_those_of_the_source_are_mended(
    filled: Bench, before_looking: Callable[..., None], kind: str
) -> None:
    before_looking(head_app(filled, MISCHIEF[kind]))

    filled.synced()

    found = validation(filled)
    assert found.good
    assert found.mended > 0
    filled.assert_head_equals_source()


def test_a_head_that_still_differs_is_not_in_sync(
    filled: Bench, before_looking: Callable[..., None]
) -> None:
    spoil = head_app(filled, MISCHIEF["missing"])
    before_looking(spoil, spoil)

    with pytest.raises(HeadSuspect, match=r"app\.c: 500 documents in the source, 499 in the head"):
        filled.backup().sync(Task())

    assert filled.head.phase is not SyncPhase.IN_SYNC
    assert not validation(filled).good
    assert list(filled.metadata.slices.of(filled.head.id)) != []


def test_more_differences_than_can_be_mended_are_refused(
    filled: Bench, before_looking: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsconsole.strategies.comparison.MENDED_MAX", 10)
    monkeypatch.setattr("mmsconsole.strategies.comparison.differing.__defaults__", (10,))
    before_looking(head_app(filled, lambda app: app.c.delete_many({"_id": {"$lt": 50}})))

    with pytest.raises(HeadSuspect, match=r"app\.c: 500 documents in the source, 450 in the head"):
        filled.backup().sync(Task())


def test_a_collection_that_is_missing_in_the_head_is_refused(
    filled: Bench, before_looking: Callable[..., None]
) -> None:
    before_looking(head_app(filled, lambda app: app.c.drop()))
    with pytest.raises(HeadSuspect, match=r"app\.c is missing in the head"):
        filled.backup().sync(Task())


def test_an_index_that_is_missing_in_the_head_is_refused(
    filled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil = head_app(filled, lambda app: app.c.drop_index("a_1"))
    compare = HeadComparison.compare_catalogue

    def patched(self: HeadComparison) -> None:
        spoil()
        compare(self)

    monkeypatch.setattr(HeadComparison, "compare_catalogue", patched)
    with pytest.raises(HeadSuspect, match=r"app\.c: its indexes differ"):
        filled.backup().sync(Task())


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """4 kB are read whole."""
    monkeypatch.setattr(comparing, "MEGABYTE", 1)


@pytest.mark.usefixtures("small_budget")
def test_of_a_large_collection_the_number_and_samples_are_compared(filled: Bench) -> None:
    filled.synced()

    found = validation(filled)
    assert found.good
    (left_out,) = found.left_out
    assert left_out.startswith("app.c: only its number of documents and samples were compared")


SPARSE_MISCHIEF = {
    "a document is missing": lambda app: app.c.delete_one({"_id": 7}),
    "all are changed": lambda app: app.c.update_many({}, {"$set": {"a": -1}}),
}


@pytest.mark.usefixtures("small_budget")
@pytest.mark.parametrize("kind", SPARSE_MISCHIEF)
def test_a_large_collection_whose_samples_differ_is_read_whole(
    filled: Bench, before_looking: Callable[..., None], kind: str
) -> None:
    before_looking(head_app(filled, SPARSE_MISCHIEF[kind]))

    filled.synced()

    found = validation(filled)
    assert found.good
    assert found.left_out == ()
    filled.assert_head_equals_source()


def test_capped_collections_are_said_to_be_left_out(filled: Bench) -> None:
    filled.client.app.create_collection("capped", capped=True, size=1 << 16)
    filled.synced()
    (left_out,) = validation(filled).left_out
    assert left_out.startswith("app.capped: capped collections")


def test_a_source_that_shows_no_past_moment_is_not_compared_and_that_is_told(
    filled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 4.4: readConcern snapshot is refused with InvalidOptions outside of transactions."""
    refused = {"readConcern": {"level": "snapshot", "afterClusterTime": 1}}
    limits = snapshot_reads._limits
    monkeypatch.setattr(
        snapshot_reads, "_limits", lambda moment: refused if moment.at else limits(moment)
    )

    filled.synced()

    found = validation(filled)
    assert (found.good, found.documents) == (True, 0)
    assert any(said.startswith("app.c: the source refused") for said in found.left_out)
    events = filled.metadata.events.recent(filled.deployment.id)
    text = next(event.text for event in events if event.kind == "head validated")
    assert "left out: " in text


def everything_altered(bench: Bench) -> Act:
    """Documents and catalogue of the source, in all the ways there are."""

    def alter() -> None:
        app = bench.client.app
        app.c.update_many({"a": 3}, {"$inc": {"n": 1}})
        app.c.delete_one({"_id": 1})
        app.c.insert_one({})
        app.made.insert_one({"_id": 1})
        app.indexed.create_index("x")
        app.command({"collMod": "modified", "validationLevel": "off"})
        app.renamed.rename("under_another_name")
        app.dropped.drop()
        app.view.drop()
        app.create_collection("another_view", viewOn="c", pipeline=[])
        with bench.client.start_session() as session:
            session.with_transaction(in_transaction)

    def in_transaction(session: ClientSession) -> None:
        bench.client.app.in_transaction.insert_one({"_id": 1}, session=session)
        bench.client.app.c.delete_one({"_id": 2}, session=session)

    return alter


def test_what_is_altered_while_it_is_compared_is_no_difference(
    filled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head stands at its position; before the source is read everything there changes."""
    for name in ("indexed", "modified", "renamed", "dropped"):
        filled.client.app[name].insert_one({"_id": 1})
    listed = HeadComparison._listed
    waiting = [everything_altered(filled)]

    def patched(self: HeadComparison, reader: Any) -> Any:
        if waiting:
            waiting.pop()()
        return listed(self, reader)

    monkeypatch.setattr(HeadComparison, "_listed", patched)

    filled.synced()

    found = validation(filled)
    assert (found.problems, found.mended) == ((), 0)
    filled.assert_head_equals_source()


def test_what_is_altered_while_the_catalogue_is_compared_is_no_difference(
    filled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("indexed", "modified", "renamed", "dropped"):
        filled.client.app[name].insert_one({"_id": 1})
    compare = HeadComparison.compare_catalogue
    alter = everything_altered(filled)

    def patched(self: HeadComparison) -> None:
        alter()
        compare(self)

    monkeypatch.setattr(HeadComparison, "compare_catalogue", patched)

    filled.synced()

    found = validation(filled)
    assert found.problems == ()
    assert any("altered meanwhile" in said for said in found.left_out)
    filled.assert_head_equals_source()


def test_a_busy_source_gives_no_false_alarm(filled: Bench) -> None:
    stopping = threading.Event()

    def work() -> None:
        with filled.source.client() as client:
            for n in itertools.count():
                if stopping.is_set():
                    return
                app = client.app
                app.c.update_one({"_id": n % DOCUMENTS}, {"$inc": {"n": 1}})
                app.c.replace_one({"_id": n}, {"s": "z" * (n % 50)}, upsert=True)
                app.c.delete_one({"_id": n - 7})
                app[f"short_{n % 3}"].insert_one({"n": n})
                if n % 5 == 0:
                    app[f"short_{n % 3}"].drop()
                if n % 7 == 0:
                    app.c.create_index("n", name=f"n_{n}")
                    app.c.drop_index(f"n_{n}")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        filled.synced()
    finally:
        stopping.set()
        worker.join()

    found = validation(filled)
    assert (found.problems, found.mended) == ((), 0)
    filled.assert_head_equals_source()
