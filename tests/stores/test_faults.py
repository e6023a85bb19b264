"""Whatever fails, and whenever: a complete snapshot or a clean error, nothing between.

Each call that a cut or a materialising makes to the storage fails in turn. A snapshot that was
called complete must then be restorable, byte for byte; one that failed must be possible the next
time, with whatever the failure has left lying about.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import DiskFull, MetadataError, MmsError, ObjectCorrupt, StorageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.stores.blocks import packs
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage, no_space
from tests.support.snapshots import (
    completed,
    contents,
    files_below,
    half_random,
    snapshot_record,
    write_files,
)


@pytest.fixture(autouse=True)
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "PACK_BYTES", 100_000)


class Head:
    """A head that is cut again and again, each time for a group that has nothing yet."""

    def __init__(self, storage: FaultyStorage, metadata: Metadata, folder: Path) -> None:
        files = {f"{number}.wt": half_random(number, BLOCK_BYTES + 1000) for number in range(3)}
        self.root = write_files(folder / "head", {**files, "small.wt": half_random(9, 3000)})
        self.storage = storage
        self._metadata = metadata
        self._folder = folder
        self._count = 0
        self._first: Snapshot | None = None

    def nothing_stored(self) -> None:
        self._count += 1
        self._first = None
        pool = self._metadata.pools.ensure(f"g{self._count}", "default")
        self.blockstore = Blockstore(self.storage, self._metadata, pool, threads=2)

    def one_stored(self) -> None:
        """And a file changed since."""
        self.nothing_stored()
        self._first = self.cut()
        write_files(self.root, {"1.wt": half_random(100 + self._count, BLOCK_BYTES + 1000)})

    def cut(self) -> Snapshot:
        record = snapshot_record(f"s{self._count}")
        files = files_below(self.root)
        made = self.blockstore.cut(record, self.root, files, self._first, Task())
        return completed(record, made)

    def check(self, snapshot: Snapshot) -> None:
        self.blockstore.check_complete(snapshot, Task())
        target = self._folder / f"out{self._count}"
        self.blockstore.materialise(snapshot, target, Task())
        assert contents(target) == contents(self.root)


@pytest.fixture
def head(
    storage: FaultyStorage, blockstore: Blockstore, metadata: Metadata, tmp_path: Path
) -> Head:
    return Head(storage, metadata, tmp_path)


def outcomes(head: Head, prepare: Callable[[], None], plan: Callable[[int], None]) -> list[str]:
    """What came of the cut whose first call was struck, of that whose second was, and so on."""
    seen: list[str] = []
    while True:
        prepare()
        head.storage.heal()
        plan(len(seen) + 1)
        try:
            snapshot, outcome = head.cut(), "complete"
        except MmsError as error:
            head.storage.heal()
            snapshot, outcome = head.cut(), error.code
        if head.storage.waiting:
            return seen
        head.check(snapshot)
        seen.append(outcome)


@pytest.mark.parametrize("prepared", ["nothing_stored", "one_stored"])
@pytest.mark.parametrize("method", ["put", "get_range", "size"])
def test_a_cut_survives_the_failure_of_any_call(head: Head, prepared: str, method: str) -> None:
    def plan(nth: int) -> None:
        head.storage.fail(method, nth)

    seen = outcomes(head, getattr(head, prepared), plan)

    assert set(seen) <= {StorageError.code}
    assert bool(seen) == (method == "put" or prepared == "one_stored")


def test_a_cut_survives_a_full_disk_at_any_put(head: Head) -> None:
    seen = outcomes(
        head, head.nothing_stored, lambda nth: head.storage.fail("put", nth, no_space())
    )

    assert set(seen) == {DiskFull.code}
    assert len(seen) >= 4, "several packs and a manifest"


@pytest.mark.parametrize("how", ["flip", "shorten"])
def test_a_cut_survives_any_wrong_read_of_the_previous_manifest(head: Head, how: str) -> None:
    """It goes on without, or stops; what it has read wrongly is in no snapshot."""

    def plan(nth: int) -> None:
        if how == "flip":
            head.storage.flip("get_range", nth, byte=40)
        else:
            head.storage.shorten("get_range", nth)

    seen = outcomes(head, head.one_stored, plan)

    assert seen
    assert set(seen) <= {"complete", ObjectCorrupt.code}


@pytest.mark.parametrize("when", ["before it was done", "after it was done"])
@pytest.mark.parametrize("record", ["packs", "blocks"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_cut_survives_a_metadata_database_that_fails(
    head: Head,
    metadata: Metadata,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    record: str,
    nth: int,
) -> None:
    collection = getattr(metadata, record)
    add, calls = collection.add, count(1)

    def failing(*arguments: Any) -> None:
        call = next(calls)
        if call != nth or when == "after it was done":
            add(*arguments)
        if call == nth:
            raise MetadataError("the metadata database does not answer")

    head.nothing_stored()
    monkeypatch.setattr(collection, "add", failing)
    with pytest.raises(MetadataError):
        head.cut()

    head.check(head.cut())


@pytest.mark.parametrize("how", ["fail", "flip", "shorten"])
def test_a_materialising_gives_the_files_or_an_error_whichever_read_is_struck(
    head: Head, tmp_path: Path, how: str
) -> None:
    head.nothing_stored()
    snapshot = head.cut()
    codes = set()
    nth = 1
    while True:
        head.storage.heal()
        getattr(head.storage, how)("get_range", nth)
        target = tmp_path / f"{how}{nth}"
        try:
            head.blockstore.materialise(snapshot, target, Task())
        except StorageError as error:
            codes.add(error.code)
            assert not target.exists()
        else:
            assert contents(target) == contents(head.root)
            break
        nth += 1

    assert head.storage.waiting, "only a materialising that was not struck may succeed"
    assert codes == {StorageError.code if how == "fail" else ObjectCorrupt.code}
    assert nth > 4, "the manifest and several packs were read"
