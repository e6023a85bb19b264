"""A cut that knows of an earlier one, and what becomes of snapshots later."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.errors import NotFound, StorageError
from mmsconsole.metadata.blocks import Blocks
from mmsconsole.metadata.database import Metadata
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    CutRoot,
    completed,
    contents,
    files_below,
    half_random,
    manifest_of,
    pack_keys,
    page_pack_keys,
    restored,
    snapshot_record,
    write_files,
)


def test_untouched_files_are_not_read_again(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, read_files: list[str]
) -> None:
    first = cut("s1")
    read_files.clear()
    write_files(root, {"db/index-2.wt": half_random(3, 4096)})

    second = cut("s2", previous=first)

    assert read_files == ["db/index-2.wt"]
    assert restored(blockstore, second, tmp_path / "out") == contents(root)


@pytest.mark.parametrize("what", ["size", "mtime", "ctime", "inode"])
def test_any_sign_of_a_touch_makes_a_file_be_read(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, read_files: list[str],
    what: str,
) -> None:  # fmt: skip
    path = root / "db/index-2.wt"
    first = cut("s1")
    read_files.clear()
    found = path.stat()
    if what == "size":
        os.truncate(path, 4000)
    elif what == "mtime":
        path.write_bytes(half_random(3, 4096))
    elif what == "ctime":
        path.write_bytes(half_random(3, 4096))
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    else:
        (root / "new").write_bytes(half_random(3, 4096))
        (root / "new").rename(path)

    second = cut("s2", previous=first)

    assert read_files == ["db/index-2.wt"]
    assert restored(blockstore, second, tmp_path / "out") == contents(root)


@pytest.mark.parametrize("seconds", [1, 3600], ids=["at once", "an hour later"])
def test_a_file_changed_just_before_its_snapshot_is_read_the_next_time(
    cut: CutRoot, root: Path, read_files: list[str], seconds: int
) -> None:
    """Its times may not tell a change that came right after."""
    changed = datetime.fromtimestamp((root / "db/index-2.wt").stat().st_mtime, UTC)
    first = cut("s1", created_at=changed + timedelta(seconds=1))
    read_files.clear()

    cut("s2", previous=first, created_at=changed + timedelta(seconds=seconds))

    assert "db/index-2.wt" in read_files


def test_the_previous_snapshot_of_another_head_says_nothing_of_these_files(
    cut: CutRoot, read_files: list[str]
) -> None:
    first = cut("s1", head="another")
    read_files.clear()

    cut("s2", previous=first)

    assert len(read_files) == 3


def test_unchanged_blocks_of_a_changed_file_need_no_look_up(
    cut: CutRoot, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cut("s1")
    looked_up: list[bytes] = []
    places = Blocks.places

    def recorded(self: Blocks, pool: str, hashes: list[bytes]) -> object:
        looked_up.extend(hashes)
        return places(self, pool, hashes)

    monkeypatch.setattr(Blocks, "places", recorded)
    with (root / "collection-1.wt").open("r+b") as file:
        file.seek(BLOCK_BYTES + 5)
        file.write(b"changed")

    second = cut("s2", previous=first)

    assert len(looked_up) == 2, "the block, and the page of block records"
    assert second.new_bytes < first.new_bytes / 2


def test_files_may_come_go_grow_and_shrink(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path
) -> None:
    write_files(root, {"b.wt": half_random(4, 2 * BLOCK_BYTES), "z.wt": half_random(5, 9000)})
    first = cut("s1")
    (root / "db/index-2.wt").unlink()
    write_files(
        root,
        {
            "a.wt": half_random(6, 5000),
            "b.wt": half_random(4, BLOCK_BYTES + 1),
            "collection-1.wt": half_random(1, 5 * BLOCK_BYTES),
            "empty.wt": b"no more",
        },
    )

    second = cut("s2", previous=first)

    assert restored(blockstore, second, tmp_path / "out") == contents(root)


def test_a_file_may_grow_far_beyond_all_that_there_was(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path
) -> None:
    first = cut("s1")
    os.truncate(root / "db/index-2.wt", 40 * BLOCK_BYTES + 5)

    second = cut("s2", previous=first)

    assert restored(blockstore, second, tmp_path / "out") == contents(root)


def test_the_manifest_names_exactly_the_packs_that_it_needs(
    cut: CutRoot, root: Path, storage: FaultyStorage, metadata: Metadata
) -> None:
    first = cut("s1")
    for path in files_below(root):
        (root / path).unlink()
    write_files(root, {"new.wt": half_random(9, 1000)})

    second = cut("s2", previous=first)

    of_pages = page_pack_keys(storage)
    (old,), (new,) = (
        [pack for pack in manifest_of(storage, snapshot).packs if pack.key not in of_pages]
        for snapshot in (first, second)
    )
    recorded = metadata.packs.get(new.id)
    assert old.id != new.id
    assert new == PackEntry(recorded.id, recorded.key, recorded.stored_bytes, recorded.sha256)
    assert storage.size(new.key) == new.bytes


def test_a_lost_pack_is_told_and_its_blocks_are_stored_again(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage
) -> None:
    """With a previous manifest that counts on it, and with only the index that knows it."""
    first = cut("s1")
    (lost,) = pack_keys(storage)
    storage.delete(lost)

    for previous in (first, None):
        snapshot = snapshot_record(f"after-{previous is None}")
        made = blockstore.cut(snapshot, root, files_below(root), previous, Task())

        assert made.lost == (lost,)
        found = restored(blockstore, completed(snapshot, made), tmp_path / snapshot.id)
        assert found == contents(root)


@pytest.mark.parametrize("damage", ["missing", "corrupt"])
def test_a_lost_manifest_of_the_previous_snapshot_is_told_and_done_without(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    damage: str,
) -> None:  # fmt: skip
    first = cut("s1")
    if damage == "missing":
        storage.delete(first.manifest_key)
    else:
        storage.flip("get_range", byte=50)
    snapshot = snapshot_record("s2")
    made = blockstore.cut(snapshot, root, files_below(root), first, Task())

    assert made.lost == (first.manifest_key,)
    found = restored(blockstore, completed(snapshot, made), tmp_path / "out")
    assert found == contents(root)


def test_a_forgotten_snapshot_leaves_others_whole(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    metadata: Metadata,
) -> None:  # fmt: skip
    first, failed, second = cut("s1"), cut("s1"), cut("s10")
    metadata.snapshots.add(first)

    blockstore.forget(first)
    blockstore.forget(first)

    assert metadata.snapshots.find("s1") is None
    assert [found.key for found in storage.list("manifests")] == [second.manifest_key]
    assert failed.manifest_key != first.manifest_key
    assert restored(blockstore, second, tmp_path / "out") == contents(root)


def test_a_forgotten_snapshot_whose_manifest_stayed_is_forgotten_the_next_time(
    blockstore: Blockstore, cut: CutRoot, storage: FaultyStorage, metadata: Metadata
) -> None:
    snapshot = metadata.snapshots.add(cut("s1"))
    storage.fail("delete")

    with pytest.raises(StorageError):
        blockstore.forget(snapshot)
    assert metadata.snapshots.find("s1") is None
    blockstore.forget(snapshot)

    assert list(storage.list("manifests")) == []


def test_a_complete_snapshot_is_found_complete_and_damage_is_named(
    blockstore: Blockstore, cut: CutRoot, storage: FaultyStorage
) -> None:
    snapshot = cut()
    blockstore.check_complete(snapshot, Task())
    (pack,) = pack_keys(storage)

    storage.put(pack, [storage.get(pack)[:-1]])
    with pytest.raises(StorageError) as caught:
        blockstore.check_complete(snapshot, Task())
    assert (caught.value.code, caught.value.where) == ("object_corrupt", pack)
    storage.delete(pack)
    with pytest.raises(StorageError) as caught:
        blockstore.check_complete(snapshot, Task())
    assert (caught.value.code, caught.value.where) == ("object_missing", pack)


def test_a_snapshot_without_a_manifest_can_not_be_used(
    blockstore: Blockstore, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="has no manifest"):
        blockstore.materialise(snapshot_record("s1"), tmp_path / "out", Task())
