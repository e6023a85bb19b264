"""A wrong byte anywhere in what is stored: found, named, and never served as data.

Each object is flipped at every byte (large ones at many), cut off, lengthened, put in the place
of another of its kind, and removed. Every way of reading it then gives what was stored, or an
error that names it.
"""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.stores.blocks import packs
from mmsconsole.stores.blocks.packs import read_index
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.faults.operations import ARRAY, FILES, OTHER, Restored, SliceStored, at, chunk_body
from tests.support.snapshots import (
    completed,
    contents,
    files_below,
    pack_keys,
    page_pack_keys,
    snapshot_record,
)

FLIPS_MAX = 200
READING = (ObjectCorrupt, ObjectMissing)

Read = Callable[[], object]


def damaged(whole: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """What may become of an object's bytes; what was done, and the outcome."""
    chance = random.Random(seed)
    places = range(len(whole))
    if len(whole) > FLIPS_MAX:
        edges = [*places[:80], *places[-60:]]
        places = sorted({*edges, *chance.sample(places, FLIPS_MAX - len(edges))})
    for place in places:
        bit = 1 << chance.randrange(8)
        yield f"byte {place}", whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
    for length in sorted({0, 1, 15, 16, 20, len(whole) // 2, len(whole) - 1}):
        yield f"cut off at {length}", whole[:length]
    yield "one byte more", whole + b"\0"


class Object:
    """A stored object, the ways of reading it, and another of its kind."""

    def __init__(self, folder: Path, key: str, other: str, reads: list[Read]) -> None:
        self.path = folder / "storage" / key
        self.key = key
        self.whole = self.path.read_bytes()
        self.other = (folder / "storage" / other).read_bytes()
        self.reads = reads
        self.expected = [read() for read in reads]

    def check(self, said: str) -> int:
        """How many of the readings refused it."""
        refused: list[str] = []
        for read, expected in zip(self.reads, self.expected, strict=True):
            try:
                found = read()
            except READING as error:
                refused.append(error.where)
            else:
                assert found == expected, said
        assert set(refused) <= {self.key}, said
        return len(refused)

    def check_all(self) -> None:
        for said, changed in damaged(self.whole, seed=7):
            self.path.write_bytes(changed)
            assert self.check(said), said
        self.path.write_bytes(self.other)
        assert self.check("another in its place") == len(self.reads)
        self.path.unlink()
        assert self.check("removed") == len(self.reads)
        self.path.write_bytes(self.whole)
        assert self.check("healed") == 0


def test_a_slice(resources: Resources, short_folder: Path) -> None:
    operation = SliceStored(resources, short_folder / "work", 1)
    operation.put(0, ARRAY)
    operation.put(1, OTHER)
    one, other = resources.metadata.slices.of(operation.head)

    reads: list[Read] = [lambda: resources.sync_store.get(one)]
    Object(short_folder, one.key, other.key, reads).check_all()


def test_a_chunk(resources: Resources, short_folder: Path) -> None:
    store = resources.oplog_store
    one, other = (store.put("d1", chunk_body(*span)) for span in ((10, 14), (14, 16)))

    reads: list[Read] = [
        lambda: store.read(one),
        lambda: [arrays for _, arrays in store.entries("d1", at(10))],
    ]
    Object(short_folder, one.key, other.key, reads).check_all()


def test_a_chunk_that_is_to_be_shortened(resources: Resources, short_folder: Path) -> None:
    """What can not be read is not cut back: nothing is forgotten then."""
    store = resources.oplog_store
    one, _ = (store.put("d1", chunk_body(*span)) for span in ((10, 14), (14, 16)))
    path = short_folder / "storage" / one.key
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")

    with pytest.raises(ObjectCorrupt) as caught:
        store.cut_back("d1", at(12))

    assert caught.value.where == one.key
    window = store.window("d1")
    assert window is not None
    assert window.end == at(16)


class Stored(Restored):
    """A snapshot of two files in two packs, and what reads them."""

    def key(self, kind: str) -> str:
        """The first of them; a manifest is not among many."""
        of_kind = {"packs": pack_keys, "pages": page_pack_keys}.get(kind)
        return of_kind(self.storage)[0] if of_kind else self.keys(kind)[0]

    def materialised(self) -> dict[str, bytes]:
        self.checked += 1
        target = self.folder / f"made{self.checked}"
        self.blocks.materialise(self.complete()[0], target, Task())
        return contents(target)

    def cut_again(self) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """The next snapshot, which is held against this one's manifest; and what it misses."""
        self.checked += 1
        snapshot = snapshot_record(f"again{self.checked}", deployment=self.id)
        files = files_below(self.root)
        cut = self.blocks.cut(snapshot, self.root, files, self.complete()[0], Task())
        target = self.folder / f"made{self.checked}"
        self.blocks.materialise(completed(snapshot, cut), target, Task())
        return contents(target), cut.lost


@pytest.fixture
def stored(resources: Resources, short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Stored:
    monkeypatch.setattr(packs, "PACK_BYTES", 2000)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # nothing here waits for the disk
    return Stored(resources, short_folder / "work", 1)


def test_a_pack(stored: Stored, short_folder: Path) -> None:
    """Blocks are checked when they are read, all else when the pack tells of itself."""
    key, other = pack_keys(stored.storage)
    reads: list[Read] = [stored.materialised, lambda: read_index(stored.storage, key)]

    Object(short_folder, key, other, reads).check_all()


def test_a_pack_of_pages(stored: Stored, short_folder: Path) -> None:
    key, other = stored.key("pages"), stored.key("packs")
    reads: list[Read] = [stored.materialised, lambda: read_index(stored.storage, key)]

    Object(short_folder, key, other, reads).check_all()


def test_a_manifest(stored: Stored, short_folder: Path) -> None:
    key = stored.key(f"manifests/{stored.id}")
    stored.cut_again()
    (other,) = set(stored.keys(f"manifests/{stored.id}")) - {key}

    Object(short_folder, key, other, [stored.materialised]).check_all()


@pytest.mark.parametrize("kind", ["packs", "pages", "manifests"])
def test_the_next_snapshot_does_without_what_is_damaged_and_names_it(
    stored: Stored, short_folder: Path, kind: str
) -> None:
    key = stored.key(kind)
    path = short_folder / "storage" / key
    path.write_bytes(path.read_bytes()[:-1])

    held, lost = stored.cut_again()

    assert held == FILES
    assert key in lost


@pytest.mark.parametrize("kind", ["packs", "pages", "manifests"])
@pytest.mark.parametrize("how", ["flipped", "removed"])
def test_a_restore_stops_and_leaves_nothing_that_looks_finished(
    stored: Stored, short_folder: Path, kind: str, how: str
) -> None:
    key = stored.key(kind)
    path = short_folder / "storage" / key
    whole = path.read_bytes()
    path.unlink()
    if how == "flipped":
        path.write_bytes(whole[:150] + bytes([whole[150] ^ 1]) + whole[151:])

    with pytest.raises(READING) as caught:
        stored.run()

    assert caught.value.where == key
    assert not stored.target.exists()
    assert stored.metadata.restores.get(stored.restore.id).state is not RestoreState.DONE

    path.write_bytes(whole)
    stored.run()
    stored.check_done()
