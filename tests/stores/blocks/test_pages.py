"""Block records lie in pages, and only pages that changed are stored."""

import os
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks import page_writer
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore, Cut
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.page_writer import PageWriter
from mmsconsole.stores.blocks.planning import Source
from mmsconsole.stores.blocks.records import PackNumbers
from mmsconsole.stores.check.needed_blocks import hurt_snapshots
from mmsconsole.task import Task
from tests.support.damaged import Stand, flip, make_copy
from tests.support.faulty import FaultyStorage
from tests.support.history import History, blocks
from tests.support.manifests import columns_of, entry_of_pack, id_of, written
from tests.support.snapshots import (
    LATER,
    completed,
    files_below,
    manifest_of,
    snapshot_record,
)

Head = dict[str, list[bytes]]
"""Hashes of the blocks, by file."""


def head_of(files: Mapping[str, int]) -> Head:
    chance = random.Random(1)
    return {path: [chance.randbytes(32) for _ in range(count)] for path, count in files.items()}


def pages_of(head: Head, at_once: int = 1) -> list[bytes]:
    """Hashes of its pages, made of so many records at one time."""
    numbers = PackNumbers()
    writer, pack = PageWriter(numbers), numbers.of(id_of(1))
    for path, hashes in sorted(head.items()):
        writer.begin(path, len(hashes))
        records = [(hash_, pack, number, 1, number) for number, hash_ in enumerate(hashes)]
        for first in range(0, len(records), at_once):
            if at_once == 1:
                writer.add(*records[first])
            else:
                writer.add_all(columns_of(records[first : first + at_once]))
    pages = writer.waiting()
    writer.close()
    assert writer.blocks == sum(map(len, head.values()))
    return pages


SMALL = {f"collection-{number}.wt": 1 + number % 3 for number in range(3000)}


@pytest.mark.parametrize(
    ("change", "most"),
    [
        (lambda head: head["collection-1500.wt"].extend(head_of({"x": 10})["x"]), 1),
        (lambda head: head.pop("collection-1500.wt"), 2),
        (lambda head: head.update(head_of({"collection-1500-new.wt": 3})), 2),
        (lambda head: head["collection-1.wt"].extend(head_of({"x": 5000})["x"]), 2 + 5),
        (lambda head: head["big.wt"].extend(head_of({"x": 10})["x"]), 1),
        (lambda head: head["big.wt"].__setitem__(2500, bytes(32)), 1),
        (lambda head: None, 0),
    ],
    ids=["a small file grows", "one goes", "one comes", "one becomes a large one",
         "a large file grows", "a block of it changes", "nothing"],
)  # fmt: skip
def test_a_change_makes_no_other_pages_than_those_around_it(change: object, most: int) -> None:
    head = head_of(SMALL | {"big.wt": 5000})
    before = pages_of(head)
    assert 25 < len(before) < 100
    assert callable(change)

    change(head)

    assert len(set(pages_of(head)) - set(before)) <= most


def test_records_fill_pages_the_same_one_by_one_and_many_at_a_time() -> None:
    head = head_of({"a": 700, "b": 63, "c": 63, "d": 3000, "e": 1})

    assert len(pages_of(head)) == 1 + 1 + 3 + 1
    assert pages_of(head) == pages_of(head, 500) == pages_of(head, 2048)


def sparse(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


BLOCKS, FILES = 80_000, 100
PACK_BLOCKS = 128


@pytest.fixture
def large_head(
    blockstore: Blockstore, storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> Snapshot:
    """A complete snapshot of 20 GB in a hundred files; of its packs there are the sizes, and its
    blocks are random hashes.
    """
    chance = random.Random(1)
    for number in range(FILES):
        sparse(tmp_path / f"large/{number:02}.wt", BLOCKS // FILES * BLOCK_BYTES)
    packs = [entry_of_pack(id_of(number), 32 << 20) for number in range(BLOCKS // PACK_BLOCKS)]
    for pack in packs:
        sparse(tmp_path / "storage" / pack.key, pack.bytes)
    records = (
        (chance.randbytes(32), *divmod(number, PACK_BLOCKS)) for number in range(BLOCKS)
    )  # fmt: skip
    root = tmp_path / "large"
    source = Source.of(root, files_below(root), 1 << 62, BLOCK_BYTES, full_read=False)
    files = [
        source.entry(path, number * BLOCKS // FILES) for number, path in enumerate(source.files)
    ]
    key = "manifests/d1/s1.first.manifest"
    header = {"block_bytes": BLOCK_BYTES, "group": "default", "snapshot": {"id": "s1"}}
    stored = written(
        storage, key, header, files,
        ((hash_, pack, number * 1000, 1000, number) for hash_, pack, number in records), packs,
    )  # fmt: skip
    held = ManifestReader.open(storage, key, stored.sha256, Task()).packs
    metadata.packs.put_all(recorded(pack) for pack in held)
    return replace(
        snapshot_record("s1"), manifest_key=key, manifest_sha256=stored.sha256,
        manifest_bytes=stored.stored_bytes,
    )  # fmt: skip


def recorded(pack: PackEntry) -> Pack:
    return Pack(pack.id, "default", pack.key, pack.sha256, PACK_BLOCKS, pack.bytes)


def next_cut(blockstore: Blockstore, root: Path, previous: Snapshot) -> Cut:
    snapshot = snapshot_record(f"{previous.id}-next", created_at=LATER)
    return blockstore.cut(snapshot, root, files_below(root), previous, Task())


def test_of_20_gb_that_have_not_changed_less_than_a_megabyte_is_stored(
    large_head: Snapshot, blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path
) -> None:
    cut = next_cut(blockstore, tmp_path / "large", large_head)

    assert cut.new_bytes < 100_000
    before = manifest_of(storage, large_head)
    after = manifest_of(storage, completed(snapshot_record("s2"), cut))
    assert after.pages == before.pages
    assert dict(zip(after.packs, after.uses, strict=True)) == dict(
        zip(before.packs, before.uses, strict=True)
    )


def test_a_file_that_changed_changes_its_own_pages_alone(
    large_head: Snapshot, blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path
) -> None:
    os.truncate(tmp_path / "large/50.wt", BLOCKS // FILES * BLOCK_BYTES + 1)

    cut = next_cut(blockstore, tmp_path / "large", large_head)

    before = manifest_of(storage, large_head)
    after = manifest_of(storage, completed(snapshot_record("s2"), cut))
    assert len({one.hash for one in after.pages} - {one.hash for one in before.pages}) == 1
    assert cut.new_bytes < 200_000


def test_a_page_that_is_wrong_does_not_stop_the_next_snapshot_and_is_stored_anew(
    large_head: Snapshot, blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path
) -> None:
    """Files whose records can not be read are read; nothing says that they have changed."""
    manifest = manifest_of(storage, large_head)
    wrong = manifest.pages[50]
    flip(storage, manifest.packs[wrong.pack].key, wrong.offset + 100)

    cut = next_cut(blockstore, tmp_path / "large", large_head)

    assert cut.lost == (manifest.packs[wrong.pack].key,)
    assert cut.changed == ()
    after = manifest_of(storage, completed(snapshot_record("s2"), cut))
    hashes = [one.hash for one in manifest.pages]
    assert [one.hash for one in after.pages if one.hash not in hashes] == [after.pages[50].hash]


@pytest.fixture
def history(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> History:
    """Two snapshots, two files, each of which has a page of its own: a has changed, b has not."""
    monkeypatch.setattr(page_writer, "LARGE_BLOCKS", 2)
    made = History(storage, metadata, tmp_path)
    first = made.take("s1", {"a": blocks(1, 2), "b": blocks(3, 4)})
    made.take("s2", {"a": blocks(1, 5), "b": blocks(3, 4)}, first)
    return made


def page(history: History, snapshot: str, number: int) -> tuple[str, int]:
    """Key of the pack that the page lies in, and where."""
    manifest = manifest_of(history.storage, history.metadata.snapshots.get(snapshot))
    found = manifest.pages[number]
    return manifest.packs[found.pack].key, found.offset


@pytest.mark.parametrize(
    ("number", "hurt"), [(0, ("s1",)), (1, ("s1", "s2"))], ids=["changed", "shared"]
)
def test_a_wrong_byte_in_a_page_is_found_and_hurts_who_has_that_page(
    history: History, tmp_path: Path, number: int, hurt: tuple[str, ...]
) -> None:
    stand = Stand(history, history.storage)
    key, at = page(history, "s1", number)
    flip(history.storage, key, at + 60)

    assert stand.wrong() == [key]

    ids = {pack.key: pack for pack in history.metadata.packs.all()}
    found = hurt_snapshots(history.storage, history.metadata, history.pool, [ids[key]], Task())
    assert found == {ids[key].id: hurt}
    for id_ in hurt:
        snapshot = history.metadata.snapshots.get(id_)
        with pytest.raises(
            ObjectCorrupt, match=f"block records of {snapshot.manifest_key}"
        ) as told:
            history.blockstore.materialise(snapshot, tmp_path / "out", Task())
        assert told.value.where == key
        assert not (tmp_path / "out").exists()


def test_a_missing_pack_of_pages_is_named_with_the_manifest(
    history: History, tmp_path: Path
) -> None:
    key, _ = page(history, "s1", 0)
    history.storage.delete(key)

    snapshot = history.metadata.snapshots.get("s1")
    with pytest.raises(ObjectMissing, match=f"block records of {snapshot.manifest_key}") as told:
        history.blockstore.materialise(snapshot, tmp_path / "out", Task())
    assert told.value.where == key


@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_a_wrong_page_is_taken_again_from_the_copy(
    history: History, tmp_path: Path, damage: str
) -> None:
    second = LocalStorage(tmp_path / "offsite")
    make_copy(history, second)
    stand = Stand(history, second)
    key, at = page(history, "s1", 1)
    whole = history.storage.get(key)
    if damage == "flipped":
        flip(history.storage, key, at + 60)
    else:
        history.storage.delete(key)

    (remedy,) = stand.repair()

    assert (remedy.source, remedy.left) == ("the store offsite", "")
    assert history.storage.get(key) == whole
    assert stand.wrong() == []
    history.check()


@pytest.mark.parametrize("damage", ["flipped", "index too", "missing"])
def test_a_wrong_page_is_taken_again_from_another_pack(history: History, damage: str) -> None:
    """A later snapshot could not read it, and has stored it anew."""
    stand = Stand(history, history.storage)
    key, at = page(history, "s2", 1)
    if damage == "missing":
        history.storage.delete(key)
    else:
        flip(history.storage, key, at + 60)
    second = history.metadata.snapshots.get("s2")
    history.take("s3", {"a": blocks(1, 6), "b": blocks(3, 4)}, second)
    if damage == "index too":
        flip(history.storage, key, -80)

    remedies = stand.repair()

    if damage == "missing":  # the other page in it is nowhere
        assert [one.snapshots for one in remedies] == [("s1",)]
        history.forget("s1")
    else:
        assert [(one.source, one.left) for one in remedies] == [("other packs", "")]
        assert stand.wrong() == []
    history.check()


def test_a_groom_moves_pages_and_the_next_snapshot_refers_to_them_there(
    history: History,
) -> None:
    """Of the pack with the first two pages one is needed, of all blocks all are."""
    second = history.metadata.snapshots.get("s2")
    third = history.take("s3", {"a": blocks(1, 5), "b": blocks(3, 4), "c": blocks(2)}, second)
    history.forget("s1")
    key, _ = page(history, "s2", 1)

    history.groom()

    assert key not in history.packs()
    history.check()
    packs = history.packs()
    files = {"a": blocks(1, 5), "b": blocks(3, 4), "c": blocks(2)}
    history.take("s4", files, third)
    assert history.packs() == packs, "nothing is stored"
    for gone in ("s2", "s3"):
        history.forget(gone)
    history.groom()
    history.check()
    assert page(history, "s4", 1)[0] in packs
