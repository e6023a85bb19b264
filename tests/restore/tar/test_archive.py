"""The archive of a folder's files: ranges, compression, and a folder that changes meanwhile."""

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from mmsconsole.errors import Cancelled, StorageError
from mmsconsole.restore.tar import folder_files
from mmsconsole.restore.tar.archive import Archive
from mmsconsole.restore.tar.folder_files import FolderFiles
from mmsconsole.task import Cancellation, Task
from tests.support.snapshots import contents, half_random, write_files

FILES = {
    "WiredTiger": b"WiredTiger 11",
    "collection-1.wt": half_random(1, 300_000),
    "db/index-2.wt": half_random(2, 5000),
    "empty.wt": b"",
}


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_files, "WINDOW_BYTES", 7000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "made", FILES)


def whole(archive: Archive) -> bytes:
    return b"".join(archive.read(0, archive.bytes, Task()))


def unpacked(data: bytes, into: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(into, filter="data")
    return contents(into)


def test_tarfile_unpacks_the_folder_as_it_was(folder: Path, tmp_path: Path) -> None:
    assert unpacked(whole(Archive(FolderFiles(folder))), tmp_path / "out") == FILES


def test_every_range_is_a_part_of_the_whole(folder: Path) -> None:
    archive = Archive(FolderFiles(folder))
    all_of_it = whole(archive)

    for start in range(0, archive.bytes, 9973):
        end = start + 20_011
        assert b"".join(archive.read(start, end, Task())) == all_of_it[start:end]


@pytest.mark.parametrize(
    ("kind", "unpack"),
    [("gzip", gzip.decompress), ("zstd", lambda data: zstandard.decompress(data, 10**7))],
)
def test_compressed_it_is_the_same(
    folder: Path, kind: str, unpack: Callable[[bytes], bytes]
) -> None:
    archive = Archive(FolderFiles(folder))
    compressed = b"".join(archive.compressed(kind, Task()))

    if kind == "zstd":
        plain = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(compressed)).read()
    else:
        plain = unpack(compressed)

    assert plain == whole(archive)
    assert len(compressed) < archive.bytes


def test_a_file_that_changes_meanwhile_ends_the_stream(folder: Path) -> None:
    archive = Archive(FolderFiles(folder))
    with (folder / "db/index-2.wt").open("ab") as file:
        file.write(b"more")

    with pytest.raises(StorageError, match="has changed"):
        whole(archive)


def test_a_file_that_was_taken_away_ends_the_stream(folder: Path) -> None:
    archive = Archive(FolderFiles(folder))
    (folder / "collection-1.wt").unlink()

    with pytest.raises(StorageError, match=r"collection-1\.wt"):
        whole(archive)


def test_a_link_in_the_folder_is_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"not ours")
    (folder / "link").symlink_to(tmp_path / "secret")

    assert "link" not in [file.path for file in FolderFiles(folder).files]


def test_a_file_that_became_a_link_ends_the_stream(folder: Path, tmp_path: Path) -> None:
    archive = Archive(FolderFiles(folder))
    (folder / "WiredTiger").rename(tmp_path / "elsewhere")
    (folder / "WiredTiger").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StorageError, match="WiredTiger"):
        whole(archive)


def test_cancelling_ends_it(folder: Path) -> None:
    archive, cancellation = Archive(FolderFiles(folder)), Cancellation()
    reading = archive.read(0, archive.bytes, Task(cancellation))
    next(reading)

    cancellation.cancel()

    with pytest.raises(Cancelled):
        next(reading)


def test_its_digest_tells_archives_of_other_files_apart(folder: Path) -> None:
    before = Archive(FolderFiles(folder)).digest("seed")
    assert Archive(FolderFiles(folder)).digest("seed") == before
    assert Archive(FolderFiles(folder)).digest("other") != before

    os.utime(folder / "WiredTiger", (5, 5))

    assert Archive(FolderFiles(folder)).digest("seed") != before
