"""New blocks into packs: two are stored at one time, and no more are in memory than is said."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from mmsconsole.errors import StorageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.storage.base import Buffer
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks import packs
from mmsconsole.stores.blocks.block import hash_of
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.packing import WRITERS, Packing
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage, broken
from tests.support.snapshots import (
    deployment_record,
    files_below,
    half_random,
    snapshot_record,
    write_files,
)

PATIENCE = 60.0
BLOCK = 1000


class Watched(LocalStorage):
    """Tells of every put before it is begun: the how many-th of all it is, from 0."""

    def __init__(self, root: Path, on_put: Callable[[int], None]) -> None:
        super().__init__(root)
        self._on_put = on_put
        self._puts = 0
        self._lock = threading.Lock()

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        with self._lock:
            number, self._puts = self._puts, self._puts + 1
        self._on_put(number)
        return super().put(key, parts)


@pytest.fixture(autouse=True)
def packs_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "PACK_BYTES", 100)


@pytest.fixture
def pool(metadata: Metadata) -> Pool:
    return metadata.pools.ensure("default", "default")


def waited(condition: threading.Barrier | threading.Event) -> None:
    condition.wait(PATIENCE)


def add(packing: Packing, number: int) -> None:
    raw = half_random(number, BLOCK)
    packing.add(hash_of(raw), raw, len(raw))


def check_that_all_told_of_is_there(storage: LocalStorage, metadata: Metadata, pool: Pool) -> None:
    """Of packs that have a record, and of blocks that have a place."""
    recorded = {pack.id: pack for pack in metadata.packs.all()}
    assert all(storage.size(pack.key) == pack.stored_bytes for pack in recorded.values())
    hashes = [hash_of(half_random(number, BLOCK)) for number in range(10)]
    places = metadata.blocks.places(pool.id, hashes).values()
    assert {place.pack for place in places} <= {*recorded}


def test_two_packs_are_stored_at_one_time(metadata: Metadata, pool: Pool, tmp_path: Path) -> None:
    both = threading.Barrier(2)
    storage = Watched(tmp_path, lambda _: waited(both))

    with Packing(storage, metadata, pool) as packing:
        for number in range(4):
            add(packing, number)
        packing.finish()

    assert len(packing.stored) == 4


def test_who_adds_waits_for_the_packs_that_are_being_stored(
    metadata: Metadata, pool: Pool, tmp_path: Path
) -> None:
    """A pack is let through when the one that there is no room for beside it comes."""
    coming = [threading.Event() for _ in range(10)]
    storage = Watched(tmp_path, lambda number: waited(coming[number]))

    with Packing(storage, metadata, pool) as packing:
        for number in range(8):
            if number >= WRITERS:
                coming[number - WRITERS].set()
            add(packing, number)
            assert number + 1 - len(packing.stored) <= WRITERS
        for event in coming:
            event.set()
        packing.finish()

    assert len(packing.stored) == 8


@pytest.mark.parametrize("failing", [0, 1])
def test_when_one_writer_fails_it_is_told_and_what_the_other_one_stored_is_whole(
    failing: int, metadata: Metadata, pool: Pool, tmp_path: Path
) -> None:
    both = threading.Barrier(2)

    def on_put(number: int) -> None:
        both.wait(PATIENCE)
        if number == failing:
            raise broken()

    storage = Watched(tmp_path, on_put)
    with Packing(storage, metadata, pool) as packing:
        add(packing, 0)
        add(packing, 1)
        with pytest.raises(StorageError, match="as it was told"):
            packing.finish()

    assert len(packing.stored) == 1
    assert len(list(metadata.packs.all())) == 1
    check_that_all_told_of_is_there(storage, metadata, pool)


def test_a_cut_ends_with_the_error_of_any_pack_and_nothing_refers_to_what_is_not_there(
    metadata: Metadata, tmp_path: Path
) -> None:
    metadata.deployments.add(deployment_record())
    root = write_files(tmp_path / "head", {f"{n}.wt": half_random(n, BLOCK) for n in range(6)})
    plain = LocalStorage(tmp_path / "storage")
    for nth in range(1, 7):
        storage, pool = FaultyStorage(plain), metadata.pools.ensure(f"g{nth}", "default")
        storage.fail("put", nth)

        with pytest.raises(StorageError, match="as it was told"):
            Blockstore(storage, metadata, pool).cut(
                snapshot_record("s1"), root, files_below(root), None, Task()
            )

        assert not list(plain.list("manifests"))
        check_that_all_told_of_is_there(plain, metadata, pool)
