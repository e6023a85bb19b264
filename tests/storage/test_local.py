"""A folder of this machine as storage."""

import errno
import os
from pathlib import Path

import pytest

from mmsconsole import durable
from mmsconsole.errors import DiskFull, StorageError
from mmsconsole.storage.base import Storage
from mmsconsole.storage.local import LocalStorage
from tests.storage.contract import StorageContract, keys


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


class TestLocalStorage(StorageContract):
    pass


def test_an_object_is_a_file_that_only_its_owner_may_read(
    storage: LocalStorage, tmp_path: Path
) -> None:
    storage.put("a/b.pack", [b"abc"])

    path = tmp_path / "storage/a/b.pack"
    assert path.read_bytes() == b"abc"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_bytes_are_synced_before_they_have_their_name_and_the_name_after(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def recorded_fsync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        steps.append("sync bytes" if name.startswith(durable.TEMPORARY) else f"sync {name}")
        fsync(descriptor)

    def recorded_rename(path: Path, target: Path) -> Path:
        steps.append(f"name {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "rename", recorded_rename)
    storage.put("a/k", [b"x"])

    assert steps[-3:] == ["sync bytes", "name k", "sync a"]
    assert "sync storage" in steps[:-3], "the new folder's own name"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_leaves_nothing(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(DiskFull, match="no space left"):
            storage.put("a/k", [b"x"])

    assert [name for _, _, names in os.walk(tmp_path) for name in names] == []


def test_a_failed_sync_is_a_failed_put(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("a/first", [b"x"])

    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(StorageError, match="Input/output error"):
            storage.put("a/k", [b"x"])

    assert keys(storage, "") == ["a/first"]


def test_what_a_dead_write_left_is_hidden_and_swept(storage: LocalStorage, tmp_path: Path) -> None:
    storage.put("a/k", [b"x"])
    left = tmp_path / "storage/a/.tmp-other.4711"
    left.write_bytes(b"half")

    assert keys(storage, "") == ["a/k"]
    assert storage.sweep() == 1

    assert not left.exists()
    assert storage.get("a/k") == b"x"
    assert storage.sweep() == 0


def test_links_and_foreign_names_are_not_listed(storage: LocalStorage, tmp_path: Path) -> None:
    storage.put("a/k", [b"x"])
    (tmp_path / "storage/a/link").symlink_to("/etc/passwd")
    (tmp_path / "storage/link").symlink_to("/etc")
    (tmp_path / "storage/a file").write_bytes(b"not ours")

    assert keys(storage, "") == ["a/k"]


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    fresh: Storage = LocalStorage(tmp_path / "not/yet")

    assert keys(fresh, "") == []
    assert fresh.free_bytes()
    assert LocalStorage(tmp_path / "nor/this").sweep() == 0
