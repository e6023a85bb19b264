"""A snapshot's files read in ranges, straight from its blocks."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.errors import Cancelled, NotFound, ObjectCorrupt, ObjectMissing
from mmsconsole.stores.blocks import streaming
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.pieces import FileRange, Piece
from mmsconsole.stores.blocks.streaming import AHEAD, SnapshotStream
from mmsconsole.task import Cancellation, Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    CutRoot,
    completed,
    contents,
    files_below,
    half_random,
    pack_keys,
    snapshot_record,
    write_files,
)


@pytest.fixture
def stream(blockstore: Blockstore, cut: CutRoot) -> SnapshotStream:
    return blockstore.stream(cut(), Task())


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "WINDOW_BYTES", 100_000)


def read(stream: SnapshotStream, *pieces: Piece) -> bytes:
    return b"".join(stream.read(pieces, Task()))


def test_its_files_are_listed_with_their_sizes_and_times(
    stream: SnapshotStream, root: Path
) -> None:
    for file in stream.files:
        found = (root / file.path).stat()
        assert (file.bytes, file.mtime) == (found.st_size, int(found.st_mtime))
    assert [file.path for file in stream.files] == sorted(contents(root))


@pytest.mark.usefixtures("small_windows")
def test_all_files_come_in_the_order_asked_for_with_what_lies_between_them(
    stream: SnapshotStream, root: Path
) -> None:
    pieces: list[Piece] = []
    expected = b""
    for number, file in reversed(list(enumerate(stream.files))):
        pieces += [f"<{file.path}>".encode(), FileRange(number, 0, file.bytes)]
        expected += f"<{file.path}>".encode() + (root / file.path).read_bytes()

    assert read(stream, *pieces) == expected


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 1),
        (BLOCK_BYTES - 1, BLOCK_BYTES + 1),
        (BLOCK_BYTES, 2 * BLOCK_BYTES),
        (100, 3 * BLOCK_BYTES + 100),
        (3 * BLOCK_BYTES + 99, 3 * BLOCK_BYTES + 100),
    ],
)
def test_a_range_is_those_bytes_wherever_it_begins_and_ends(
    stream: SnapshotStream, root: Path, start: int, end: int
) -> None:
    names = [file.path for file in stream.files]

    found = read(stream, FileRange(names.index("collection-1.wt"), start, end))

    assert found == (root / "collection-1.wt").read_bytes()[start:end]


def test_holes_are_zeros_and_nothing_is_read_for_them(
    cut: CutRoot, blockstore: Blockstore, root: Path, storage: FaultyStorage
) -> None:
    write_files(root, {"collection-1.wt": bytes(2 * BLOCK_BYTES)})
    stream = blockstore.stream(cut(), Task())
    number = [file.path for file in stream.files].index("collection-1.wt")
    for key in pack_keys(storage):
        storage.delete(key)

    assert read(stream, FileRange(number, 5, BLOCK_BYTES + 7)) == bytes(BLOCK_BYTES + 2)


def test_the_start_of_the_journal_is_the_last_file(blockstore: Blockstore, root: Path) -> None:
    files = files_below(root)
    write_files(root, {"journal/WiredTigerLog.0000000007": b"log head".ljust(8192, b"\0")})
    asked = snapshot_record("s1")
    snapshot = completed(asked, blockstore.cut(asked, root, files, None, Task()))
    stream = blockstore.stream(snapshot, Task())
    blockstore.materialise(snapshot, root.parent / "made", Task())

    last = stream.files[-1]

    made = (root.parent / "made" / last.path).read_bytes()
    assert read(stream, FileRange(len(stream.files) - 1, 0, last.bytes)) == made
    assert made.startswith(b"log head")


def everything(stream: SnapshotStream) -> list[Piece]:
    return [FileRange(number, 0, file.bytes) for number, file in enumerate(stream.files)]


@pytest.mark.usefixtures("small_windows")
def test_a_wrong_block_ends_the_stream_before_a_wrong_byte(
    stream: SnapshotStream, root: Path, storage: FaultyStorage
) -> None:
    (key,) = pack_keys(storage)
    spoiled = bytearray(storage.get(key))
    spoiled[len(spoiled) // 2] ^= 1
    storage.put(key, [bytes(spoiled)])
    right = b"".join((root / file.path).read_bytes() for file in stream.files)
    came = bytearray()

    with pytest.raises(ObjectCorrupt):
        came.extend(byte for data in stream.read(everything(stream), Task()) for byte in data)

    assert right.startswith(came)
    assert len(came) < len(right)


def test_a_pack_that_is_gone_is_told_by_its_name(
    stream: SnapshotStream, storage: FaultyStorage
) -> None:
    (key,) = pack_keys(storage)
    storage.delete(key)

    with pytest.raises(ObjectMissing, match=key):
        read(stream, *everything(stream))


@pytest.mark.usefixtures("small_windows")
def test_it_ends_when_it_is_cancelled(stream: SnapshotStream) -> None:
    cancellation = Cancellation()
    reading = stream.read(everything(stream), Task(cancellation))
    next(reading)

    cancellation.cancel()

    with pytest.raises(Cancelled):
        next(reading)


def test_no_more_is_read_ahead_than_allowed(
    blockstore: Blockstore,
    cut: CutRoot,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "WINDOW_BYTES", 4096)
    write_files(root, {"large.wt": half_random(7, 100 * 4096)})
    stream = blockstore.stream(cut(), Task())
    begun, work = _counted(stream._work)
    monkeypatch.setattr(stream, "_work", work)
    reading = stream.read(everything(stream), Task())

    for taken in range(1, 10):
        next(reading)
        assert len(begun) <= taken + AHEAD
    reading.close()

    assert len(begun) <= 9 + AHEAD


def _counted(work: Callable[..., bytes]) -> tuple[list[int], Callable[..., bytes]]:
    begun: list[int] = []
    lock = threading.Lock()

    def counting(window: streaming.Window) -> bytes:
        with lock:
            begun.append(1)
        return work(window)

    return begun, counting


def test_a_snapshot_without_a_manifest_is_refused(blockstore: Blockstore, cut: CutRoot) -> None:
    snapshot = replace(cut(), manifest_key="")

    with pytest.raises(NotFound):
        blockstore.stream(snapshot, Task())
