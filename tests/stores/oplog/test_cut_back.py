"""The stored oplog is cut back to the common point, whatever fails on the way."""

from collections.abc import Callable

import pytest

from mmsconsole.errors import Cancelled, MetadataError, ObjectCorrupt, OplogError
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from mmsconsole.stores.oplog.chunk_contents import optimes_of
from mmsconsole.stores.oplog.oplog_store import CutBack, OplogStore, StoredOplog
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Cancellation, Task
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.oplog_chunks import WALL, at, body, fails, fill, keys, recorded, seconds


@pytest.fixture
def store(storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock) -> OplogStore:
    return OplogStore(OnePlace(storage), metadata, manual_clock)


@pytest.mark.parametrize(
    ("common", "dropped"),
    [
        (30, CutBack(0, 0)),
        (29, CutBack(0, 1)),
        (26, CutBack(0, 4)),
        (25, CutBack(1, 5)),
        (23, CutBack(1, 7)),
        (20, CutBack(2, 10)),
        (11, CutBack(3, 19)),
    ],
)
def test_what_lies_behind_the_common_point_is_forgotten(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, common: int, dropped: CutBack
) -> None:
    fill(store)

    assert store.cut_back("d1", at(common)) == dropped

    assert store.window("d1") == StoredOplog(at(10), at(common))
    assert seconds(store) == list(range(11, common + 1))
    assert sorted(recorded(metadata)) == keys(storage)
    assert len(keys(storage, "d2")) == 1


def test_the_new_history_continues_the_common_point(store: OplogStore) -> None:
    fill(store)
    store.cut_back("d1", at(23))
    store.put("d1", body(23, 28, end_term=2))
    store.put("d1", body(28, 33, start_term=2, end_term=2))

    assert seconds(store) == list(range(11, 34))
    assert store.windows("d1") == [StoredOplog(at(10), at(33))]


def test_a_chunk_that_was_shortened_says_so_by_itself(
    store: OplogStore, metadata: Metadata
) -> None:
    fill(store)
    before = metadata.chunks.holding("d1", at(23))
    assert before is not None
    store.cut_back("d1", at(23))

    chunk = metadata.chunks.last("d1")
    assert chunk is not None
    assert (chunk.id, chunk.start, chunk.end, chunk.entries) == (before.id, at(20), at(23), 3)
    assert chunk.key != before.key
    assert chunk.wall == WALL
    assert optimes_of(store.read(chunk)) == [at(21), at(22), at(23)]


@pytest.mark.parametrize("common", [at(10), at(31), at(23, term=2), Optime(23, 2, 1)])
def test_a_point_that_is_not_stored_changes_nothing(store: OplogStore, common: Optime) -> None:
    fill(store)

    with pytest.raises(OplogError, match="has no entry"):
        store.cut_back("d1", common)

    assert seconds(store) == list(range(11, 31))


def test_a_younger_stretch_goes_whole(store: OplogStore) -> None:
    store.put("d1", body(10, 15))
    store.put("d1", body(30, 35), after_gap=True)
    store.put("d1", body(35, 40))

    assert store.cut_back("d1", at(13)) == CutBack(2, 12)

    assert store.windows("d1") == [StoredOplog(at(10), at(13))]


def test_a_damaged_chunk_is_not_shortened(store: OplogStore, storage: FaultyStorage) -> None:
    fill(store)
    storage.flip("get", byte=-1)

    with pytest.raises(ObjectCorrupt):
        store.cut_back("d1", at(23))

    assert seconds(store) == list(range(11, 31))


def test_it_can_be_broken_off(store: OplogStore) -> None:
    fill(store)
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        store.cut_back("d1", at(13), Task(cancellation))

    assert seconds(store) == list(range(11, 31))


# -- a failure at every step


def check_unbroken(store: OplogStore, common: int) -> None:
    window = store.window("d1")
    assert window is not None
    assert window.end >= at(common)
    assert seconds(store) == list(range(11, window.end.t + 1))


@pytest.mark.parametrize("common", [25, 23, 12])
@pytest.mark.parametrize(("method", "calls"), [("get", 1), ("put", 1), ("list", 1), ("delete", 4)])
def test_a_storage_that_fails_at_any_call_leaves_an_unbroken_oplog(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, method: str, calls: int,
    common: int,
) -> None:  # fmt: skip
    fill(store)
    met = 0
    for nth in range(1, calls + 1):
        storage.heal()
        storage.fail(method, nth)
        met += fails(lambda: store.cut_back("d1", at(common)))
        storage.heal()
        check_unbroken(store, common)
    store.cut_back("d1", at(common))

    assert met or common == 25
    assert seconds(store) == list(range(11, common + 1))
    assert sorted(recorded(metadata)) == keys(storage)


class FailingChunks:
    """Fails the nth call that changes a record, before it or after it was done."""

    def __init__(
        self, metadata: Metadata, monkeypatch: pytest.MonkeyPatch, nth: int, after: bool
    ) -> None:
        self.met = False
        self._left = nth
        self._after = after
        for name in ("remove", "replace"):
            real = getattr(metadata.chunks, name)
            monkeypatch.setattr(metadata.chunks, name, self._failing(real))

    def _failing(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            self._left -= 1
            if self._left:
                return real(*arguments)
            self.met = True
            if self._after:
                real(*arguments)
            raise MetadataError("does not answer")

        return call


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_metadata_database_that_fails_at_any_change_leaves_an_unbroken_oplog(
    store: OplogStore, storage: FaultyStorage, metadata: Metadata, nth: int, after: bool
) -> None:
    fill(store)
    with pytest.MonkeyPatch.context() as patches:
        failing = FailingChunks(metadata, patches, nth, after)
        with pytest.raises(MetadataError):
            store.cut_back("d1", at(18))
    assert failing.met
    check_unbroken(store, 18)

    store.cut_back("d1", at(18))

    assert seconds(store) == list(range(11, 19))
    assert sorted(recorded(metadata)) == keys(storage)
