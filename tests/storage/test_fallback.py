"""Two storages of the same objects."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmsconsole.errors import ObjectMissing, StorageError
from mmsconsole.storage.fallback import FallbackStorage
from mmsconsole.storage.local import LocalStorage
from tests.storage.contract import StorageContract
from tests.support.faulty import FaultyStorage

READS: list[Callable[[FallbackStorage], object]] = [
    lambda both: both.get("k"),
    lambda both: both.get_range("k", 1, 3),
    lambda both: both.size("k"),
]


@pytest.fixture
def first(tmp_path: Path) -> FaultyStorage:
    return FaultyStorage(LocalStorage(tmp_path / "first"))


@pytest.fixture
def second(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "second")


@pytest.fixture
def storage(first: FaultyStorage, second: LocalStorage) -> FallbackStorage:
    return FallbackStorage(first, second)


class TestFallbackStorage(StorageContract):
    """It is a storage like any other."""


@pytest.mark.parametrize("read", READS)
def test_what_the_first_has_not_is_read_from_the_second(
    read: Callable[[FallbackStorage], object], storage: FallbackStorage, second: LocalStorage
) -> None:
    second.put("k", [b"01234"])

    assert read(storage) in (b"01234", b"123", 5)


def test_what_the_first_fails_to_give_is_read_from_the_second(
    storage: FallbackStorage, first: FaultyStorage, second: LocalStorage
) -> None:
    for each in (first, second):
        each.put("k", [b"01234"])
    first.fail("get")

    assert storage.get("k") == b"01234"


def test_where_neither_has_it_the_first_ones_fault_is_told(
    storage: FallbackStorage, first: FaultyStorage
) -> None:
    first.fail("get", error=StorageError("the first is away"))

    with pytest.raises(StorageError, match="the first is away"):
        storage.get("k")
    with pytest.raises(ObjectMissing):
        storage.get("k")


def test_nothing_is_written_to_the_second(storage: FallbackStorage, second: LocalStorage) -> None:
    storage.put("k", [b"new"])
    second.put("old", [b"stays"])
    storage.delete("old")

    assert [stored.key for stored in second.list("")] == ["old"]
