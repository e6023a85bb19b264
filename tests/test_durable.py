"""Files that are wholly there, or not at all."""

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsconsole import durable
from mmsconsole.errors import DiskFull, StorageError
from tests.support.snapshots import files_below


def test_the_parts_are_written_one_behind_the_other(tmp_path: Path) -> None:
    path = tmp_path / "file"

    assert durable.write_file(path, [b"one ", bytearray(b"two "), memoryview(b"three")]) == 13

    assert path.read_bytes() == b"one two three"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    durable.write_file(path, [b"long before"])

    durable.write_file(path, [b"now"])

    assert path.read_bytes() == b"now"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    durable.write_file(path, [b"before"])

    def parts() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        durable.write_file(path, parts())

    assert path.read_bytes() == b"before"
    assert files_below(tmp_path) == ["file"]


def test_of_a_large_file_the_disk_writes_the_beginning_while_the_rest_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[int, int]] = []
    monkeypatch.setattr(durable, "WRITEBACK_BYTES", 100)
    monkeypatch.setattr(
        durable, "begin_writeback", lambda _, offset, length: begun.append((offset, length))
    )

    durable.write_file(tmp_path / "small", [b"x" * 99])
    durable.write_file(tmp_path / "large", [b"x" * 60] * 5)

    assert begun == [(0, 120), (120, 120)]


def test_threads_that_write_one_file_do_not_mix_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    both_begun = threading.Barrier(2)

    def parts(byte: bytes) -> Iterator[bytes]:
        yield byte * 1000
        both_begun.wait(60)
        yield byte * 1000

    threads = [
        threading.Thread(target=durable.write_file, args=(path, parts(byte)))
        for byte in (b"a", b"b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert path.read_bytes() in (b"a" * 2000, b"b" * 2000)
    assert files_below(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EFBIG, DiskFull),
        (errno.EIO, StorageError),
    ],
)
def test_the_operating_systems_word_becomes_ours(number: int, kind: type[StorageError]) -> None:
    with pytest.raises(kind) as caught, durable.disk_errors("here"):
        raise OSError(number, os.strerror(number))

    assert caught.value.where == "here"
    assert isinstance(caught.value.__cause__, OSError)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(descriptor: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable.os, "write", no_room)

    with pytest.raises(DiskFull):
        durable.write_file(tmp_path / "file", [b"data"])

    assert files_below(tmp_path) == []


def test_a_write_that_takes_fewer_bytes_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.write
    monkeypatch.setattr(durable.os, "write", lambda fd, data: whole(fd, data[:3]))

    durable.write_file(tmp_path / "file", [b"0123456789"])

    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_folders_are_made_with_their_parents_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a/b/c"

    durable.make_folders(folder)
    durable.make_folders(folder)

    assert [p.stat().st_mode & 0o777 for p in (folder, *folder.parents)][:3] == [0o700] * 3


def test_a_link_in_the_place_of_what_is_being_written_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsconsole.durable.os.getpid", lambda: 1)
    monkeypatch.setattr("mmsconsole.durable.threading.get_native_id", lambda: 2)
    (tmp_path / "precious").write_text("theirs")
    (tmp_path / f"{durable.TEMPORARY}name.1.2").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError):
        durable.write_file(tmp_path / "name", [b"ours"])
    assert (tmp_path / "precious").read_text() == "theirs"
