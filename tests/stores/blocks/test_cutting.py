"""Cutting a head's files into blocks."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import Cancelled, StorageError, UsageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from mmsconsole.stores.blocks import cutting, packs
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore, Cut
from mmsconsole.stores.blocks.packs import read_index
from mmsconsole.stores.blocks.planning import Piece
from mmsconsole.task import Cancellation, Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    CutRoot,
    completed,
    contents,
    deployment_record,
    files_below,
    half_random,
    manifest_of,
    pack_keys,
    restored,
    snapshot_record,
    write_files,
)


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


def test_blocks_of_zeros_take_no_room(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path
) -> None:
    write_files(root, {"sparse.wt": bytes(40 * BLOCK_BYTES) + b"end" + bytes(BLOCK_BYTES)})
    before = cut("s1")
    out = tmp_path / "out"

    assert restored(blockstore, before, out) == contents(root)
    assert before.new_bytes < 1_000_000
    assert (out / "sparse.wt").stat().st_blocks * 512 < 10 * BLOCK_BYTES


def test_the_manifest_tells_everything_but_secrets(cut: CutRoot, storage: FaultyStorage) -> None:
    snapshot = cut()

    assert manifest_of(storage, snapshot).header == {
        "block_bytes": BLOCK_BYTES,
        "log_start": None,
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


def test_packs_are_cut_off_when_they_are_full(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(packs, "PACK_BYTES", 200_000)
    write_files(root, {"big.wt": half_random(8, 12 * BLOCK_BYTES)})

    snapshot = cut()

    assert len(pack_keys(storage)) > 5
    assert len(manifest_of(storage, snapshot).packs) == metadata.packs.collection.count_documents(
        {}
    )
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


def test_bytes_come_before_their_records_and_these_before_the_manifest(
    cut: CutRoot, storage: FaultyStorage, metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, str]] = []

    def record(owner: object, method: str, told: Callable[..., tuple[str, str]]) -> None:
        original = getattr(owner, method)

        def recorded(*arguments: Any) -> object:
            result = original(*arguments)
            steps.append(told(*arguments))
            return result

        monkeypatch.setattr(owner, method, recorded)

    monkeypatch.setattr(packs, "PACK_BYTES", 100_000)
    record(storage, "put", lambda key, parts: ("object", Path(key).stem))
    record(metadata.packs, "add", lambda pack: ("record", pack.id))
    record(metadata.blocks, "add", lambda pool, places: ("places", places[0].pack))
    snapshot = cut()

    ids = [pack.id for pack in manifest_of(storage, snapshot).packs]
    assert len(ids) > 1
    for pack in ids:  # two of them are stored at one time
        assert [kind for kind, id_ in steps if id_ == pack] == ["object", "record", "places"]
    assert len(steps) == 3 * len(ids) + 1
    assert steps[-1] == ("object", Path(snapshot.manifest_key).stem)


def test_groups_share_nothing(
    blockstore: Blockstore, cut: CutRoot, root: Path, storage: FaultyStorage, metadata: Metadata
) -> None:
    cut("s1")
    other = Blockstore(storage, metadata, metadata.pools.ensure("other", "default"))
    made = other.cut(snapshot_record("s2"), root, files_below(root), None, Task())

    assert made.new_bytes > made.bytes / 3
    assert {key.split("/")[1] for key in pack_keys(storage)} == {"default", "other"}


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
            elif change == "is written to":  # in another tick of the clock of files
                os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))
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


def test_an_empty_head_is_a_snapshot_of_nothing(
    blockstore: Blockstore, tmp_path: Path, root: Path
) -> None:
    snapshot = snapshot_record("s1")
    made: Cut = blockstore.cut(snapshot, root, [], None, Task())

    assert restored(blockstore, completed(snapshot, made), tmp_path / "out") == {}
    assert (made.files, made.bytes) == (0, 0)
