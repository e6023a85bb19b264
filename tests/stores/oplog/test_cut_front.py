"""The oldest chunks of a stored oplog go, whatever fails on the way; what is behind stays whole."""

import pytest

from mmsconsole.errors import Cancelled, MetadataError, StorageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.deleting import retry_deletions
from mmsconsole.stores.oplog.oplog_store import OplogStore, StoredOplog
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Cancellation, Task
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.oplog_chunks import at, body, fails, fill, keys, recorded, seconds


@pytest.fixture
def store(storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock) -> OplogStore:
    """Entries 11 to 30 of d1 in four chunks, and some of another deployment."""
    made = OplogStore(OnePlace(storage), metadata, manual_clock)
    fill(made)
    return made


def cut(store: OplogStore, position: Optime, limit: int = 100) -> int:
    return store.cut_front("d1", position, Task(), limit)


def retry(metadata: Metadata, storage: FaultyStorage, clock: ManualClock) -> None:
    retry_deletions(metadata, Storages.one(storage), clock.now())


@pytest.mark.parametrize(
    ("position", "gone", "begin"),
    [
        (at(9), 0, 10),
        (at(14), 0, 10),
        (at(15), 1, 15),
        (Optime(15, 2, 1), 1, 15),
        (at(16), 1, 15),
        (at(20), 2, 20),
        (at(29), 3, 25),
    ],
)
def test_chunks_that_end_at_or_before_the_position_are_forgotten(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, position: Optime, gone: int,
    begin: int,
) -> None:  # fmt: skip
    assert cut(store, position) == gone

    assert store.windows("d1") == [StoredOplog(at(begin), at(30))]
    assert seconds(store, begin) == list(range(begin + 1, 31))
    assert sorted(recorded(metadata)) == keys(storage)
    assert len(keys(storage, "d2")) == 1
    assert list(metadata.deletions.all()) == []


@pytest.mark.parametrize("position", [at(30), at(99)])
def test_the_last_chunk_stays_for_the_tail_goes_on_from_it(
    store: OplogStore, position: Optime
) -> None:
    assert cut(store, position) == 3
    assert store.windows("d1") == [StoredOplog(at(25), at(30))]
    store.put("d1", body(30, 33))
    assert seconds(store, 25) == list(range(26, 34))


def test_one_call_takes_no_more_than_it_may(store: OplogStore) -> None:
    assert [cut(store, at(25), limit=2), cut(store, at(25), limit=2)] == [2, 1]


def test_nothing_is_cut_of_an_empty_oplog(store: OplogStore) -> None:
    assert store.cut_front("d3", at(25), Task()) == 0


def test_gaps_inside_stay_gaps(store: OplogStore) -> None:
    store.put("d1", body(50, 55), after_gap=True)
    store.put("d1", body(55, 60))
    cut(store, at(20))
    assert store.windows("d1") == [StoredOplog(at(20), at(30)), StoredOplog(at(50), at(60))]
    cut(store, at(52))
    assert store.windows("d1") == [StoredOplog(at(50), at(60))]


def test_it_can_be_broken_off(store: OplogStore, storage: FaultyStorage) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        store.cut_front("d1", at(25), Task(cancellation))
    assert seconds(store) == list(range(11, 31))
    assert len(keys(storage)) == 4


def test_what_was_cut_back_meanwhile_is_not_forgotten_in_its_place(
    store: OplogStore, metadata: Metadata
) -> None:
    """The chunk that a rollback has shortened has its old id and another object."""
    seen = metadata.chunks.holding("d1", at(20))
    assert seen is not None
    store.cut_back("d1", at(18))
    metadata.chunks.forget(seen)
    assert seconds(store) == list(range(11, 19))


# -- a failure at every step


def check_whole_behind(store: OplogStore, position: int) -> None:
    (window,) = store.windows("d1")
    assert window.start <= at(position)
    assert window.end == at(30)
    assert seconds(store, window.start.t) == list(range(window.start.t + 1, 31))


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_objects_whose_deletion_failed_are_deleted_later(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock,
    nth: int,
) -> None:  # fmt: skip
    storage.fail("delete", nth)
    with pytest.raises(StorageError):
        cut(store, at(25))
    storage.heal()
    check_whole_behind(store, 25)
    assert set(recorded(metadata)) <= set(keys(storage))

    retry(metadata, storage, manual_clock)

    assert recorded(metadata) == keys(storage)
    assert list(metadata.deletions.all()) == []


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize(
    ("step", "nth"), [("note", 1), ("forget", 1), ("forget", 2), ("forget", 3), ("settle", 1)]
)
def test_a_metadata_database_that_fails_at_any_change_leaves_it_whole(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock,
    step: str, nth: int, after: bool,
) -> None:  # fmt: skip
    records = metadata.chunks if step == "forget" else metadata.deletions
    left = [nth]
    with pytest.MonkeyPatch.context() as patches:
        real = getattr(records, step)

        def failing(*arguments: object) -> None:
            left[0] -= 1
            if left[0]:
                real(*arguments)
                return
            if after:
                real(*arguments)
            raise MetadataError("does not answer")

        patches.setattr(records, step, failing)
        with pytest.raises(MetadataError):
            cut(store, at(25))
    assert left == [0]
    check_whole_behind(store, 25)
    assert set(recorded(metadata)) <= set(keys(storage))
    assert not fails(lambda: retry(metadata, storage, manual_clock))
    assert set(recorded(metadata)) <= set(keys(storage)), "an object that is referred to has gone"

    cut(store, at(25))
    manual_clock.advance(2 * 86_400)
    retry(metadata, storage, manual_clock)

    assert seconds(store, 25) == list(range(26, 31))
    assert recorded(metadata) == keys(storage)
    assert list(metadata.deletions.all()) == []


# -- a store that locks its objects


def test_a_locked_object_is_deleted_when_its_lock_has_ended(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock
) -> None:
    locked = keys(storage)[1]
    storage.locked = {locked}

    assert cut(store, at(25)) == 3
    assert keys(storage) == [locked, *recorded(metadata)]
    retry(metadata, storage, manual_clock)
    (waiting,) = metadata.deletions.all()
    assert (waiting.key, "locked" in waiting.reason) == (locked, True)

    storage.locked = set()
    retry(metadata, storage, manual_clock)
    assert locked in keys(storage), "it is not asked for again and again"
    manual_clock.advance(2 * 86_400)
    retry(metadata, storage, manual_clock)
    assert keys(storage) == recorded(metadata)
    assert list(metadata.deletions.all()) == []


def test_a_rollback_does_not_wait_for_locks(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock
) -> None:
    storage.locked = set(keys(storage))
    store.cut_back("d1", at(23))
    assert seconds(store) == list(range(11, 24))
    storage.locked = set()
    manual_clock.advance(2 * 86_400)
    retry(metadata, storage, manual_clock)
    assert sorted(recorded(metadata)) == keys(storage)


def test_a_store_that_is_not_in_the_settings_any_more_is_asked_again_later(
    store: OplogStore, metadata: Metadata, storage: FaultyStorage, manual_clock: ManualClock
) -> None:
    metadata.deletions.note("gone", [("oplog/d1/x", "")])
    retry(metadata, storage, manual_clock)
    (waiting,) = metadata.deletions.all()
    assert "no store is named" in waiting.reason


def test_only_what_lies_behind_the_common_point_is_listed(
    store: OplogStore, storage: FaultyStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback at the end of years of oplog looks at its end."""
    listed: list[str] = []
    real = storage.list

    def listing(prefix: str, after: str = "") -> object:
        for one in real(prefix, after):
            listed.append(one.key)
            yield one

    monkeypatch.setattr(storage, "list", listing)
    store.cut_back("d1", at(25))
    assert len(listed) == 2
