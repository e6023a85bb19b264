"""The second copy of a deployment's objects holds what the first store holds, in its order."""

from pathlib import Path

import pytest

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.copying import Copying
from mmsconsole.stores.oplog.oplog_store import OplogStore
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Task
from tests.stores.oplog.test_cut_back import at, body, fill
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.history import History
from tests.support.snapshots import CutRoot, contents, half_random

NEW = CopyState("d1", "second")


@pytest.fixture
def second(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "second")


@pytest.fixture
def oplog(storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock) -> OplogStore:
    return OplogStore(OnePlace(storage), metadata, manual_clock)


@pytest.fixture
def copying(
    storage: FaultyStorage, second: LocalStorage, blockstore: Blockstore, metadata: Metadata
) -> Copying:
    return Copying(metadata, metadata.deployments.get("d1"), storage, second)


def copied(copying: Copying, state: CopyState = NEW) -> CopyState:
    for reached in copying.oplog(state, Task()):
        state = reached
    return state


def objects(storage: FaultyStorage | LocalStorage, folder: str = "") -> dict[str, bytes]:
    return {stored.key: storage.get(stored.key) for stored in storage.list(folder)}


def recorded(metadata: Metadata, snapshot: Snapshot) -> Snapshot:
    return metadata.snapshots.add(snapshot)


def test_chunks_are_copied_in_order_and_only_what_came_since(
    copying: Copying, oplog: OplogStore, storage: FaultyStorage, second: LocalStorage
) -> None:
    fill(oplog)
    state = copied(copying)
    assert state.oplog_end == at(30)
    assert objects(second) == objects(storage, "oplog/d1")

    storage.calls.clear()
    oplog.put("d1", body(30, 40))
    assert copied(copying, state).oplog_end == at(40)

    assert storage.calls["get_range"] == 1
    assert objects(second) == objects(storage, "oplog/d1")


@pytest.mark.parametrize("common", [13, 15, 18, 27, 30])
def test_what_a_rollback_took_back_goes_from_the_copy_before_the_new_history_comes(
    common: int, copying: Copying, oplog: OplogStore, storage: FaultyStorage, second: LocalStorage
) -> None:
    fill(oplog)
    state = copied(copying)
    oplog.cut_back("d1", at(common))
    oplog.put("d1", body(common, 33, start_term=1, end_term=2))

    assert copied(copying, state).oplog_end == at(33, 2)

    assert objects(second) == objects(storage, "oplog/d1")


def test_a_copy_that_was_left_behind_by_the_window_keeps_what_it_has(
    copying: Copying, oplog: OplogStore, second: LocalStorage
) -> None:
    """That is older than all that is stored now; it goes like everything that was given up."""
    fill(oplog)
    state = copied(copying)
    before = objects(second)
    oplog.put("d1", body(30, 40))
    oplog.cut_front("d1", at(30), Task())

    assert copied(copying, state).oplog_end == at(40)

    assert objects(second).items() > before.items()
    assert len(objects(second)) == len(before) + 1


@pytest.mark.parametrize("which", [1, -1])
def test_a_chunk_that_the_copy_has_lost_or_that_was_stored_anew_comes_again(
    which: int, copying: Copying, oplog: OplogStore, storage: FaultyStorage, second: LocalStorage,
    metadata: Metadata,
) -> None:  # fmt: skip
    fill(oplog)
    copied(copying)
    chunks = list(metadata.chunks.in_order("d1"))
    first, again = chunks[0], chunks[which]
    second.delete(first.key)
    storage.delete(again.key)
    oplog.put_again(again, body(again.start.t, again.end.t))

    copying.snapshots(Task())

    assert objects(second).items() >= objects(storage, "oplog/d1").items()
    assert list(copying.extras()) == [again.key]


def test_a_copy_that_was_broken_off_goes_on(
    copying: Copying, oplog: OplogStore, storage: FaultyStorage, second: LocalStorage
) -> None:
    fill(oplog)
    storage.flip("get_range", nth=3)
    with pytest.raises(ObjectCorrupt):
        copied(copying)
    assert len(objects(second)) == 2

    copied(copying)

    assert objects(second) == objects(storage, "oplog/d1")


def test_a_snapshot_can_be_materialised_from_the_copy_alone(
    copying: Copying, cut: CutRoot, root: Path, second: LocalStorage, metadata: Metadata,
    tmp_path: Path,
) -> None:  # fmt: skip
    snapshot = recorded(metadata, cut("s1"))

    assert copying.snapshots(Task()) == ["s1"]
    assert copying.snapshots(Task()) == []

    pool = metadata.pools.ensure("default", "default")
    Blockstore(second, metadata, pool).materialise(snapshot, tmp_path / "restored", Task())
    assert contents(tmp_path / "restored") == contents(root)


def test_damaged_bytes_are_not_copied(
    copying: Copying, cut: CutRoot, storage: FaultyStorage, second: LocalStorage,
    metadata: Metadata,
) -> None:  # fmt: skip
    recorded(metadata, cut("s1"))
    storage.heal()
    storage.flip("get_range", nth=1, byte=-1)

    with pytest.raises(ObjectCorrupt):
        copying.snapshots(Task())

    assert objects(second) == {}
    assert copying.snapshots(Task()) == ["s1"]


def test_what_only_the_copy_has_is_named(
    copying: Copying, cut: CutRoot, storage: FaultyStorage, second: LocalStorage,
    metadata: Metadata,
) -> None:  # fmt: skip
    snapshot = recorded(metadata, cut("s1"))
    copying.snapshots(Task())
    assert list(copying.extras()) == []

    storage.delete(snapshot.manifest_key)

    assert list(copying.extras()) == [snapshot.manifest_key]


def test_a_damaged_list_of_moved_blocks_does_not_take_the_place_of_a_good_one(
    storage: FaultyStorage, second: LocalStorage, metadata: Metadata, tmp_path: Path
) -> None:
    history = History(storage, metadata, tmp_path)
    first = history.take("s1", {name: half_random(n, 900) for n, name in enumerate("abc")})
    history.take("s2", {"a": half_random(0, 900)}, first)
    history.forget("s1")
    history.groom()
    copying = Copying(metadata, history.deployment, storage, second)
    copying.snapshots(Task())
    before = objects(second)
    (key,) = [key for key in before if key.endswith(".moved")]
    storage.put(key, [before[key][:-1]])

    with pytest.raises(ObjectCorrupt):
        copying.snapshots(Task())

    assert objects(second) == before


def test_a_manifest_is_never_copied_before_the_packs_that_it_needs(
    copying: Copying, cut: CutRoot, storage: FaultyStorage, second: LocalStorage,
    metadata: Metadata,
) -> None:  # fmt: skip
    """Also of a snapshot that is completed while packs are copied."""
    packs_copied = copying._copy_packs

    def and_one_more(task: Task) -> None:
        packs_copied(task)
        if metadata.snapshots.find("s1") is None:
            recorded(metadata, cut("s1"))

    copying._copy_packs = and_one_more  # type: ignore[method-assign]

    assert copying.snapshots(Task()) == []
    assert objects(second) == {}
    assert copying.snapshots(Task()) == ["s1"]
    assert objects(second) == objects(storage)
