"""A snapshot is materialised around damage, from the list of moved blocks or the second store."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmsconsole.errors import ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.fallback import READS_WITHOUT, FallbackStorage
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks import reads
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.moved import MovedBlock, encoded, moved_key
from mmsconsole.stores.blocks.packing import Packing
from mmsconsole.stores.blocks.packs import read_index
from mmsconsole.task import Task
from tests.support.damaged import flip, make_copy
from tests.support.faulty import FaultyStorage
from tests.support.history import BLOCK_BYTES, History
from tests.support.snapshots import contents, half_random

pytestmark = pytest.mark.usefixtures("small_packs")


@pytest.fixture
def second(tmp_path: Path) -> FaultyStorage:
    return FaultyStorage(LocalStorage(tmp_path / "offsite"))


@pytest.fixture
def history(
    storage: FaultyStorage, second: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> History:
    """Two snapshots, the second of which needs a few blocks of the first one's; both copied."""
    made = History(storage, metadata, tmp_path)
    files = b"".join(half_random(seed, BLOCK_BYTES) for seed in range(12))
    first = made.take("s1", {"a": files, "b": b"small"})
    made.take("s2", {"a": files[: BLOCK_BYTES * 6 + 7]}, first)
    make_copy(made, second)
    return made


@pytest.fixture
def told() -> list[str]:
    """Keys of what the second store had to give."""
    return []


Check = Callable[[], None]


@pytest.fixture
def check(history: History, second: FaultyStorage, told: list[str], tmp_path: Path) -> Check:
    """Materialises what is complete from both stores, each time byte for byte."""
    both = FallbackStorage(history.storage, second, told.append)
    blockstore = Blockstore(both, history.metadata, history.pool, threads=2)

    def run() -> None:
        for number, (id_, files) in enumerate(history.expected.items()):
            out = tmp_path / f"out-{len(list(tmp_path.iterdir()))}-{number}"
            blockstore.materialise(history.metadata.snapshots.get(id_), out, Task())
            assert contents(out) == files

    return run


def test_nothing_is_read_from_the_second_store_while_the_first_is_well(
    history: History, check: Check, told: list[str]
) -> None:
    check()
    history.forget("s1")
    history.groom()
    check()

    assert told == [], "not for a pack either that a groom has taken away"


def test_a_pack_that_is_damaged_anywhere_is_read_around(
    history: History, storage: FaultyStorage, check: Check, told: list[str]
) -> None:
    for key in history.packs():
        whole = storage.get(key)
        for at in range(30, len(whole), len(whole) // 9):
            flip(storage, key, at)
        check()
        storage.put(key, [whole[: len(whole) // 2]])
        check()
        storage.delete(key)
        check()
        assert key in told
        storage.put(key, [whole])
        told.clear()


@pytest.mark.parametrize("how", ["missing", "flipped", "truncated"])
def test_a_manifest_is_read_from_the_second_store(
    how: str, history: History, storage: FaultyStorage, check: Check, told: list[str],
    metadata: Metadata,
) -> None:  # fmt: skip
    key = metadata.snapshots.get("s2").manifest_key
    whole = storage.get(key)
    storage.delete(key)
    if how != "missing":
        storage.put(key, [whole[:-1]])
    if how == "flipped":
        storage.put(key, [whole])
        flip(storage, key, 100)

    check()

    assert set(told) == {key}


def test_the_whole_first_store_may_be_gone(
    history: History, storage: FaultyStorage, check: Check
) -> None:
    for stored in list(storage.list("")):
        storage.delete(stored.key)

    check()


def test_a_store_that_does_not_answer_is_not_asked_for_every_object(
    history: History, storage: FaultyStorage, check: Check
) -> None:
    storage.heal()
    for method in ("get", "get_range", "size"):
        for nth in range(1, 200):
            storage.fail(method, nth, StorageError("the first store is away"))

    check()

    assert 0 < sum(storage.calls.values()) < 10
    assert READS_WITHOUT > 10


def test_the_copy_may_be_groomed_and_the_first_one_lost(
    history: History, storage: FaultyStorage, second: FaultyStorage, check: Check
) -> None:
    history.forget("s1")
    history.groom()
    groomed = {one.key: storage.get(one.key) for one in storage.list("packs")}
    for one in list(second.list("packs")):
        second.delete(one.key)
    for key, data in groomed.items():
        second.put(key, [data])
        storage.delete(key)

    check()


def test_where_both_are_wrong_the_damage_is_named_and_nothing_is_left(
    history: History, storage: FaultyStorage, second: FaultyStorage, check: Check, tmp_path: Path
) -> None:
    key = history.metadata.packs.get(next(iter(history.used("s1")))).key
    for each in (storage, second):
        each.delete(key)
    with pytest.raises(ObjectMissing) as caught:
        check()
    assert caught.value.where == key

    for each in (storage, second):
        each.put(key, [bytes(200_000)])
    with pytest.raises(ObjectCorrupt) as corrupt:
        check()
    assert corrupt.value.where == key
    assert not list(tmp_path.glob("out-*"))


def test_without_a_second_store_damage_is_named_as_ever(
    history: History, storage: FaultyStorage, tmp_path: Path
) -> None:
    key = history.packs()[0]
    storage.put(key, [bytes(200_000)])
    with pytest.raises(ObjectCorrupt) as caught:
        history.check()
    assert caught.value.where == key
    storage.delete(key)
    with pytest.raises(ObjectMissing):
        history.check()
    assert not [one for one in storage.list("packs") if one.key == moved_key(key)]


def test_a_list_of_some_blocks_is_asked_for_those_alone_that_are_wrong_in_the_pack(
    history: History, storage: FaultyStorage, metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a groom, or a repair that could not bring back all, is under way."""
    monkeypatch.setattr(reads, "RAW_BYTES", BLOCK_BYTES)
    history.forget("s2")
    (one, *_) = metadata.packs.all()
    place = read_index(storage, one.key).places[1]
    stored = storage.get_range(one.key, place.offset, place.stored_bytes)
    with Packing(storage, metadata, history.pool) as packing:
        at = packing.add(place.hash, stored, place.raw_bytes)
        packing.finish()
        there = packing.stored[at.pack]
    block = MovedBlock(place.hash, there, at.offset, at.stored_bytes, at.number)
    storage.put(moved_key(one.key), [encoded("default", one.id, {1: block})])
    flip(storage, one.key, place.offset + 60)

    history.check()
