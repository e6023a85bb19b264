"""The mark of a store lies in a file too, for those who can not ask the metadata."""

import logging
from pathlib import Path

import pytest

from mmsconsole.errors import StorageUnreachable
from mmsconsole.storage.kept_marks import check_known, kept_beside, kept_mark
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.marked import MARK_FILE, MarkedFolder
from tests.storage.test_marked import OTHER, OWN, FakeMemory, mark_of, unmount


@pytest.fixture
def memory() -> FakeMemory:
    return FakeMemory()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "disk/store"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "marks/far"


def opened(root: Path, memory: FakeMemory, file: Path) -> MarkedFolder:
    memories = kept_beside(lambda store: {"far": memory}[store], file.parent)
    return MarkedFolder(LocalStorage(root), memories("far"))


def test_the_first_object_writes_the_mark_down(root: Path, memory: FakeMemory, file: Path) -> None:
    assert kept_mark(file) == ""

    opened(root, memory, file).put("a/k", [b"x"])

    assert kept_mark(file) == memory.noted == mark_of(root)
    check_known(root, file)


def test_a_mark_that_was_known_before_there_was_a_file_is_written_down_when_it_is_used(
    root: Path, memory: FakeMemory, file: Path
) -> None:
    root.mkdir(parents=True)
    (root / MARK_FILE).write_text(OWN)
    memory.noted = OWN

    opened(root, memory, file).free_bytes()

    assert kept_mark(file) == OWN


def test_a_copy_that_takes_the_place_of_the_store_is_written_down(
    root: Path, memory: FakeMemory, file: Path
) -> None:
    opened(root, memory, file).put("a/k", [b"x"])
    memory.keys = ["a/k"]
    (root / MARK_FILE).write_text(OTHER)
    with pytest.raises(StorageUnreachable, match="another store"):
        check_known(root, file)

    assert opened(root, memory, file).get("a/k") == b"x"

    assert kept_mark(file) == memory.noted == OTHER
    check_known(root, file)


def test_without_its_disk_the_folder_is_told_from_the_store(
    root: Path, memory: FakeMemory, file: Path
) -> None:
    opened(root, memory, file).put("a/k", [b"x"])
    unmount(root)

    with pytest.raises(StorageUnreachable, match="mounted") as raised:
        check_known(root, file)

    assert memory.noted in raised.value.hint


def test_the_store_works_where_its_mark_can_not_be_written_down(
    root: Path, memory: FakeMemory, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.touch()

    with caplog.at_level(logging.WARNING):
        opened(root, memory, file).put("a/k", [b"x"])

    assert mark_of(root) == memory.noted
    assert "is not written down" in caplog.text
