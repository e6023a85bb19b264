"""Cutting a head's files into blocks."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.errors import Cancelled, NotFound, StorageError, UsageError
from mmsconsole.metadata.blocks import Blocks
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.stores import cutting, packs
from mmsconsole.stores.block import BLOCK_BYTES
from mmsconsole.stores.blockstore import Blockstore, Cut
from mmsconsole.stores.manifest import PackEntry
from mmsconsole.stores.manifest_reader import ManifestReader
from mmsconsole.stores.packs import read_index
from mmsconsole.stores.planning import Piece
from mmsconsole.task import Cancellation, Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    completed,
    contents,
    deployment_record,
    files_below,
    half_random,
    snapshot_record,
    write_files,
)

CutRoot = Callable[..., Snapshot]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Five blocks in three files, one of them in a folder, and an empty file."""
    return write_files(
        tmp_path / "head",
        {
            "WiredTiger": b"WiredTiger 11",
            "collection-1.wt": half_random(1, 3 * BLOCK_BYTES + 100),
            "db/index-2.wt": half_random(2, 4096),
            "empty.wt": b"",
        },
    )


@pytest.fixture
def cut(blockstore: Blockstore, root: Path, tmp_path: Path) -> CutRoot:
    """cut(id, previous=None, **fields) -> the complete snapshot of what `root` holds now."""

    def run(id_: str = "s1", previous: Snapshot | None = None, **fields: object) -> Snapshot:
        snapshot = replace(snapshot_record(id_), **fields)  # type: ignore[arg-type]
        made = blockstore.cut(snapshot, root, files_below(root), previous, Task())
        return completed(snapshot, made)

    return run


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that cuts have read, as often as they have."""
    read: list[str] = []
    read_piece = cutting.read_piece

    def recorded(root: Path, piece: Piece, into: memoryview) -> None:
        read.append(piece.file.path)
        read_piece(root, piece, into)

    monkeypatch.setattr(cutting, "read_piece", recorded)
    return read


def restored(blockstore: Blockstore, snapshot: Snapshot, folder: Path) -> dict[str, bytes]:
    blockstore.materialise(snapshot, folder, Task())
    return contents(folder)


def opened(storage: FaultyStorage, snapshot: Snapshot) -> ManifestReader:
    return ManifestReader.open(storage, snapshot.manifest_key, snapshot.manifest_sha256, Task())


def test_a_snapshot_holds_the_files_as_they_were(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path
) -> None:
    snapshot = cut()
    before = contents(root)
    write_files(root, {"collection-1.wt": b"changed since"})

    assert restored(blockstore, snapshot, tmp_path / "out") == before
    assert snapshot.files == 4
    assert snapshot.bytes == sum(map(len, before.values()))


def test_only_the_files_that_were_named_are_cut(
    blockstore: Blockstore, root: Path, tmp_path: Path
) -> None:
    snapshot = snapshot_record("s1")
    made = blockstore.cut(snapshot, root, ["db/index-2.wt"], None, Task())

    found = restored(blockstore, completed(snapshot, made), tmp_path / "out")
    assert list(found) == ["db/index-2.wt"]


def test_what_is_stored_is_compressed_and_counted(cut: CutRoot, storage: FaultyStorage) -> None:
    snapshot = cut()

    stored = sum(found.bytes for found in storage.list(""))
    assert snapshot.new_bytes == stored
    assert stored < snapshot.bytes * 0.7


def test_equal_blocks_are_stored_once(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage
) -> None:
    """Within a cut, and between heads of a group that know nothing of each other."""
    same = half_random(7, BLOCK_BYTES)
    write_files(root, {"a.wt": same * 3, "b.wt": same})
    first = cut("s1")
    second = cut("s2", head="another")

    places = [place for pack in pack_keys(storage) for place in read_index(storage, pack).places]
    assert len(places) == len({place.hash for place in places})
    assert second.new_bytes < first.new_bytes / 100
    assert restored(blockstore, second, tmp_path / "out") == contents(root)


def pack_keys(storage: FaultyStorage) -> list[str]:
    return [found.key for found in storage.list("packs")]


def test_blocks_of_zeros_take_no_room(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path
) -> None:
    write_files(root, {"sparse.wt": bytes(40 * BLOCK_BYTES) + b"end" + bytes(BLOCK_BYTES)})
    before = cut("s1")
    out = tmp_path / "out"

    assert restored(blockstore, before, out) == contents(root)
    assert before.new_bytes < 1_000_000
    assert (out / "sparse.wt").stat().st_blocks * 512 < 10 * BLOCK_BYTES


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


def test_a_file_changed_just_before_its_snapshot_is_read_the_next_time(
    blockstore: Blockstore, cut: CutRoot, root: Path, read_files: list[str]
) -> None:
    """Its times may not tell a change that came right after."""
    path = root / "db/index-2.wt"
    just_now = snapshot_record("x").created_at.fromtimestamp(
        path.stat().st_mtime + 1, snapshot_record("x").created_at.tzinfo
    )
    first = cut("s1", created_at=just_now)
    read_files.clear()

    cut("s2", previous=first)

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

    def recorded(self: Blocks, group: str, hashes: list[bytes]) -> object:
        looked_up.extend(hashes)
        return places(self, group, hashes)

    monkeypatch.setattr(Blocks, "places", recorded)
    with (root / "collection-1.wt").open("r+b") as file:
        file.seek(BLOCK_BYTES + 5)
        file.write(b"changed")

    second = cut("s2", previous=first)

    assert len(looked_up) == 1
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


def test_the_manifest_tells_everything_but_secrets(cut: CutRoot, storage: FaultyStorage) -> None:
    snapshot = cut()

    assert opened(storage, snapshot).header == {
        "block_bytes": BLOCK_BYTES,
        "group": "default",
        "snapshot": {
            "id": "s1",
            "head": "h1",
            "created_at": snapshot.created_at,
            "optime": {"ts": Optime(1_700_000_000, 7).timestamp, "term": 3},
            "replay_from": {"ts": Optime(1_699_999_990, 1).timestamp, "term": 3},
            "mongod_version": "6.0.5",
            "fcv": "6.0",
        },
        "deployment": {
            "id": "d1",
            "name": "shop-d1",
            "set_name": "rs0",
            "set_id": deployment_record().set_id,
            "server_version": "6.0.5",
            "fcv": "6.0",
        },
    }
    assert b"hunter2" not in storage.get(snapshot.manifest_key)


def test_the_manifest_names_exactly_the_packs_that_it_needs(
    cut: CutRoot, root: Path, storage: FaultyStorage, metadata: Metadata
) -> None:
    first = cut("s1")
    for path in files_below(root):
        (root / path).unlink()
    write_files(root, {"new.wt": half_random(9, 1000)})

    second = cut("s2", previous=first)

    (old,), (new,) = (opened(storage, snapshot).packs for snapshot in (first, second))
    recorded = metadata.packs.get(new.id)
    assert old.id != new.id
    assert new == PackEntry(recorded.id, recorded.key, recorded.stored_bytes, recorded.sha256)
    assert storage.size(new.key) == new.bytes


def test_packs_are_cut_off_when_they_are_full(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(packs, "PACK_BYTES", 200_000)
    write_files(root, {"big.wt": half_random(8, 12 * BLOCK_BYTES)})

    snapshot = cut()

    assert len(pack_keys(storage)) > 5
    assert len(opened(storage, snapshot).packs) == metadata.packs.collection.count_documents({})
    assert restored(blockstore, snapshot, tmp_path / "out") == contents(root)


def test_what_does_not_compress_is_stored_as_it_is(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage
) -> None:
    noise = os.urandom(BLOCK_BYTES)
    write_files(root, {"noise.wt": noise})
    snapshot = cut()

    (pack,) = pack_keys(storage)
    assert noise in storage.get(pack)
    assert restored(blockstore, snapshot, tmp_path / "out") == contents(root)


def test_groups_share_nothing(
    blockstore: Blockstore, cut: CutRoot, root: Path, storage: FaultyStorage, metadata: Metadata
) -> None:
    cut("s1")
    other = Blockstore(storage, metadata, "other")
    made = other.cut(snapshot_record("s2"), root, files_below(root), None, Task())

    assert made.new_bytes > made.bytes / 3
    assert {key.split("/")[1] for key in pack_keys(storage)} == {"default", "other"}


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


@pytest.mark.parametrize("path", ["../head/WiredTiger", "/etc/passwd", "db/../WiredTiger", ""])
def test_a_path_outside_of_the_head_is_not_cut(
    blockstore: Blockstore, root: Path, path: str, storage: FaultyStorage
) -> None:
    with pytest.raises(UsageError, match="does not lie below"):
        blockstore.cut(snapshot_record("s1"), root, [path], None, Task())

    assert list(storage.list("")) == []


def test_links_folders_and_missing_files_are_not_cut(
    blockstore: Blockstore, root: Path, storage: FaultyStorage
) -> None:
    (root / "link").symlink_to("/etc/passwd")

    for path in ("link", "db", "missing"):
        with pytest.raises(StorageError) as caught:
            blockstore.cut(snapshot_record("s1"), root, [path], None, Task())
        assert caught.value.where in (path, str(root))
    assert list(storage.list("manifests")) == []


@pytest.mark.parametrize("change", ["shrinks", "grows", "is written to", "is replaced"])
def test_a_file_that_changes_while_it_is_cut_fails_the_cut(
    blockstore: Blockstore, root: Path, monkeypatch: pytest.MonkeyPatch, change: str,
    storage: FaultyStorage,
) -> None:  # fmt: skip
    read_piece = cutting.read_piece
    path = root / "collection-1.wt"

    def disturbed(root: Path, piece: Piece, into: memoryview) -> None:
        if piece.file.path == path.name:
            if change == "shrinks":
                os.truncate(path, 1000)
            elif change == "grows":
                os.truncate(path, 100 * BLOCK_BYTES)
            elif change == "is written to":
                os.utime(path)
            else:
                (root / "new").write_bytes(path.read_bytes())
                (root / "new").rename(path)
        read_piece(root, piece, into)

    monkeypatch.setattr(cutting, "read_piece", disturbed)
    with pytest.raises(StorageError, match="has changed while it was cut") as caught:
        blockstore.cut(snapshot_record("s1"), root, files_below(root), None, Task())

    assert caught.value.where == path.name
    assert list(storage.list("manifests")) == []


def test_a_cut_can_be_cancelled(blockstore: Blockstore, root: Path, storage: FaultyStorage) -> None:
    cancelled = Cancellation()
    task = Task(cancelled, lambda phase, done, total: cancelled.cancel())

    with pytest.raises(Cancelled):
        blockstore.cut(snapshot_record("s1"), root, files_below(root), None, task)

    assert list(storage.list("manifests")) == []


def test_progress_is_told_in_bytes_up_to_the_whole(blockstore: Blockstore, root: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    task = Task(report=lambda *report: told.append(report))

    made = blockstore.cut(snapshot_record("s1"), root, files_below(root), None, task)

    assert told[0] == ("cutting blocks", 0, made.bytes)
    assert told[-1] == ("cutting blocks", made.bytes, made.bytes)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


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


def test_an_empty_head_is_a_snapshot_of_nothing(
    blockstore: Blockstore, tmp_path: Path, root: Path
) -> None:
    snapshot = snapshot_record("s1")
    made: Cut = blockstore.cut(snapshot, root, [], None, Task())

    assert restored(blockstore, completed(snapshot, made), tmp_path / "out") == {}
    assert (made.files, made.bytes) == (0, 0)
