"""Making a snapshot's files again."""

import errno
import os
import random
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmsconsole.errors import Cancelled, DiskFull, ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.stores.blocks import materialising, outfiles, reads
from mmsconsole.stores.blocks.block import BLOCK_BYTES, zero_hash
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.manifest import FileEntry
from mmsconsole.stores.blocks.outfiles import OutFile, OutFolder
from mmsconsole.stores.blocks.packs import read_index
from mmsconsole.stores.blocks.reads import Wanted, coalesced, runs
from mmsconsole.task import Cancellation, Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    completed,
    contents,
    files_below,
    half_random,
    pack_keys,
    snapshot_record,
    write_files,
)

FILES = {
    "a.wt": half_random(1, 2 * BLOCK_BYTES + 10),
    "db/b.wt": half_random(2, 5000),
    "db/deep/c.wt": half_random(3, BLOCK_BYTES),
    "empty.wt": b"",
    "holes.wt": bytes(BLOCK_BYTES) + half_random(4, 100),
}


@pytest.fixture
def snapshot(blockstore: Blockstore, tmp_path: Path) -> Snapshot:
    root = write_files(tmp_path / "head", FILES)
    record = snapshot_record("s1")
    return completed(record, blockstore.cut(record, root, files_below(root), None, Task()))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "not/there/yet"


def test_the_files_are_as_they_were_and_their_owners_alone(
    blockstore: Blockstore, snapshot: Snapshot, out: Path
) -> None:
    blockstore.materialise(snapshot, out, Task())

    assert contents(out) == FILES
    assert {stat.S_IMODE((out / path).stat().st_mode) for path in FILES} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (out, out / "db")} == {0o700}


def test_it_may_be_made_in_a_folder_that_has_other_files(
    blockstore: Blockstore, snapshot: Snapshot, out: Path
) -> None:
    write_files(out, {"notes": b"of somebody else"})

    blockstore.materialise(snapshot, out, Task())

    assert contents(out) == {**FILES, "notes": b"of somebody else"}


@pytest.mark.parametrize("taken", ["a.wt", "db/other", "holes.wt"])
def test_nothing_that_is_there_is_overwritten_or_taken_away(
    blockstore: Blockstore, snapshot: Snapshot, out: Path, taken: str
) -> None:
    write_files(out, {taken: b"of somebody else"})

    with pytest.raises(StorageError, match="File exists"):
        blockstore.materialise(snapshot, out, Task())

    assert contents(out) == {taken: b"of somebody else"}


def test_a_link_in_the_target_is_not_followed(
    blockstore: Blockstore, snapshot: Snapshot, out: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir(parents=True)
    (out / "db").symlink_to(elsewhere)

    with pytest.raises(StorageError, match="File exists"):
        blockstore.materialise(snapshot, out, Task())

    assert list(elsewhere.iterdir()) == []


def test_every_file_and_folder_is_synced(
    blockstore: Blockstore, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    blockstore.materialise(snapshot, out, Task())

    files = {out / path for path in FILES}
    assert files | {path.parent for path in files} | {out.parent, out.parent.parent} <= synced


def test_a_wrong_byte_in_any_block_is_corrupt_and_leaves_nothing(
    blockstore: Blockstore, snapshot: Snapshot, storage: FaultyStorage, out: Path
) -> None:
    """Some bytes of every block; the pack is named."""
    (pack,) = pack_keys(storage)
    whole = storage.get(pack)
    chance = random.Random(1)
    for place in read_index(storage, pack).places:
        first, last = place.offset, place.offset + place.stored_bytes - 1
        for byte in (first, chance.randint(first, last), last):
            storage.put(pack, [whole[:byte], bytes([whole[byte] ^ 0x10]), whole[byte + 1 :]])
            with pytest.raises(ObjectCorrupt) as caught:
                blockstore.materialise(snapshot, out, Task())
            assert caught.value.where == pack
            assert not out.exists()


def test_a_wrong_byte_in_the_manifest_is_corrupt(
    blockstore: Blockstore, snapshot: Snapshot, storage: FaultyStorage, out: Path
) -> None:
    for byte in range(0, storage.size(snapshot.manifest_key), 7):
        storage.flip("get_range", byte=byte)
        with pytest.raises(ObjectCorrupt) as caught:
            blockstore.materialise(snapshot, out, Task())
        assert caught.value.where == snapshot.manifest_key


def test_a_missing_pack_is_said_and_leaves_nothing(
    blockstore: Blockstore, snapshot: Snapshot, storage: FaultyStorage, out: Path
) -> None:
    (pack,) = pack_keys(storage)
    storage.delete(pack)

    with pytest.raises(ObjectMissing) as caught:
        blockstore.materialise(snapshot, out, Task())

    assert caught.value.where == pack
    assert not out.parent.exists()


def test_a_full_disk_leaves_nothing_whichever_write_it_meets(
    blockstore: Blockstore, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwritev, calls = os.pwritev, count()
    failing = -1

    def limited(descriptor: int, parts: list[bytes], offset: int) -> int:
        if next(calls) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwritev(descriptor, parts, offset)

    monkeypatch.setattr(os, "pwritev", limited)
    blockstore.materialise(snapshot, out.with_name("whole"), Task())
    writes, before = next(calls), files_below(out.parent)
    assert writes > 1
    for nth in range(writes):
        calls, failing = count(), nth
        with pytest.raises(DiskFull):
            blockstore.materialise(snapshot, out, Task())
        assert not out.exists()
    assert files_below(out.parent) == before


def test_a_write_that_takes_only_some_bytes_is_continued(
    blockstore: Blockstore, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwritev", lambda fd, parts, at: pwrite(fd, parts[0][:777], at))
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:50_000], at))

    blockstore.materialise(snapshot, out, Task())

    assert contents(out) == FILES


def test_a_failed_sync_fails_the_whole_and_leaves_nothing(
    blockstore: Blockstore, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(file: OutFile) -> None:
        if file.path.name == "b.wt":
            raise StorageError("Input/output error", where=str(file.path))

    monkeypatch.setattr(OutFile, "sync", failing)
    with pytest.raises(StorageError, match=r"b\.wt: Input/output error"):
        blockstore.materialise(snapshot, out, Task())

    assert not out.exists()


def test_a_materialising_can_be_cancelled_and_leaves_nothing(
    blockstore: Blockstore, snapshot: Snapshot, out: Path
) -> None:
    cancelled = Cancellation()

    def stop(phase: str, done: int, total: int | None) -> None:
        if phase == "materialising":
            cancelled.cancel()

    with pytest.raises(Cancelled):
        blockstore.materialise(snapshot, out, Task(cancelled, stop))

    assert not out.exists()


def test_no_descriptor_stays_open_after_a_failure(
    blockstore: Blockstore, snapshot: Snapshot, storage: FaultyStorage, out: Path
) -> None:
    blockstore.materialise(snapshot, out.with_name("whole"), Task())
    storage.fail("get_range", nth=storage.calls["get_range"] // 2)

    with pytest.raises(StorageError):
        blockstore.materialise(snapshot, out, Task())

    assert [link for link in opened_files() if link.is_relative_to(out.parent)] == []


def opened_files() -> Iterator[Path]:
    for number in range(1024):
        with suppress(FileNotFoundError):  # there is none, or another thread has just closed it
            yield Path(f"/proc/self/fd/{number}").readlink()


def test_progress_is_told_in_bytes_up_to_the_whole(
    blockstore: Blockstore, snapshot: Snapshot, out: Path
) -> None:
    told: list[tuple[str, int, int | None]] = []
    blockstore.materialise(snapshot, out, Task(report=lambda *report: told.append(report)))

    assert told[0] == ("materialising", 0, snapshot.bytes)
    assert told[-2:] == [("materialising", snapshot.bytes, snapshot.bytes)] * 2


def test_more_files_and_blocks_than_one_window_holds(
    blockstore: Blockstore, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(materialising, "WINDOW_BYTES", 2 * BLOCK_BYTES)
    monkeypatch.setattr(materialising, "WINDOW_FILES", 3)
    monkeypatch.setattr(outfiles, "OPEN_MAX", 2)
    files = {f"{number:03}.wt": half_random(number, 100 + number) for number in range(40)}
    files["large.wt"] = half_random(50, 7 * BLOCK_BYTES + 1)
    root = write_files(tmp_path / "head", files)
    record = snapshot_record("s1")
    made = blockstore.cut(record, root, files_below(root), None, Task())

    blockstore.materialise(completed(record, made), out, Task())

    assert contents(out) == files


sizes = st.one_of(
    st.integers(0, 3000),
    st.sampled_from([BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES]),
)
trees = st.dictionaries(
    st.from_regex(r"[a-z]{1,3}(/[a-z0-9.-]{1,3}[a-z])?\.wt", fullmatch=True),
    st.tuples(st.integers(0, 4), sizes, st.booleans()),
    max_size=6,
)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=trees, second=trees)
def test_whatever_is_cut_is_what_is_made(
    blockstore: Blockstore,
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[str, tuple[int, int, bool]],
    second: dict[str, tuple[int, int, bool]],
) -> None:
    """Two snapshots of one head, the second held against the first."""
    folder, previous = tmp_path_factory.mktemp("any"), None
    root = folder / "head"
    for number, tree in enumerate((first, second)):
        root.mkdir(exist_ok=True)
        for path, (seed, size, zeros) in tree.items():
            write_files(root, {path: bytes(size) if zeros else half_random(seed, size)})
        record = snapshot_record(f"s{number}")
        made = blockstore.cut(record, root, files_below(root), previous, Task())
        previous = completed(record, made)
        blockstore.materialise(previous, folder / f"out{number}", Task())
        assert contents(folder / f"out{number}") == contents(root)


@pytest.fixture
def file(tmp_path: Path) -> OutFile:
    return OutFile(tmp_path / "file", blocks=1)


def wanted(file: OutFile, offset: int, stored: int = 10, pack: int = 0, number: int = 0) -> Wanted:
    hash_ = zero_hash(BLOCK_BYTES)
    return Wanted(pack, offset, stored, hash_, BLOCK_BYTES, file, number * BLOCK_BYTES)


def spans(blocks: list[Wanted]) -> list[tuple[int, int, int, int]]:
    """(pack, start, end, blocks) of the reads."""
    return [(read.pack, read.start, read.end, len(read.blocks)) for read in coalesced(blocks)]


def test_blocks_beside_each_other_become_one_read(file: OutFile) -> None:
    assert spans([]) == []
    assert spans([wanted(file, 0), wanted(file, 10), wanted(file, 20)]) == [(0, 0, 30, 3)]


def test_a_small_gap_is_read_along_and_a_large_one_not(file: OutFile) -> None:
    gap = reads.GAP_BYTES

    assert spans([wanted(file, 0), wanted(file, 10 + gap)]) == [(0, 0, 20 + gap, 2)]
    assert spans([wanted(file, 0), wanted(file, 11 + gap)]) == [
        (0, 0, 10, 1),
        (0, 11 + gap, 21 + gap, 1),
    ]


def test_a_block_wanted_twice_is_read_once(file: OutFile) -> None:
    assert spans([wanted(file, 5), wanted(file, 5), wanted(file, 15)]) == [(0, 5, 25, 3)]
    assert spans([wanted(file, 5, stored=50), wanted(file, 6)]) == [(0, 5, 55, 2)]


def test_a_read_stays_in_its_pack_and_within_its_limits(file: OutFile) -> None:
    half = reads.READ_BYTES // 2
    most = reads.RAW_BYTES // BLOCK_BYTES
    many = [wanted(file, number * 10) for number in range(most + 1)]

    assert spans([wanted(file, 0), wanted(file, 10, pack=1)]) == [(0, 0, 10, 1), (1, 10, 20, 1)]
    assert [blocks for *_, blocks in spans(many)] == [most, 1]
    assert [
        end - start
        for _, start, end, _ in spans([wanted(file, at * half, half) for at in range(3)])
    ] == [2 * half, half]


def test_blocks_that_follow_one_another_in_a_file_become_one_write(
    file: OutFile, tmp_path: Path
) -> None:
    other = OutFile(tmp_path / "other", blocks=1)
    blocks = [wanted(file, 0, number=number) for number in (0, 1, 3)]

    together = list(runs([*blocks, wanted(other, 0, number=4)]))

    assert [len(run) for run in together] == [2, 1, 1]


def test_a_folder_where_nothing_was_made_is_left_as_it_was(tmp_path: Path) -> None:
    entry = FileEntry("x", 0, 1, 1, 1, 0)
    (tmp_path / "x").write_bytes(b"there")

    with pytest.raises(StorageError, match="File exists"), OutFolder(tmp_path) as folder:
        folder.make(entry, 0)

    assert (tmp_path / "x").read_bytes() == b"there"
