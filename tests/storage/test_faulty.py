"""The faulty storage of the tests is a storage, until it is told to fail."""

from pathlib import Path

import pytest

from mmsconsole.errors import DiskFull, ObjectMissing, StorageError
from mmsconsole.storage.local import LocalStorage
from tests.storage.contract import StorageContract
from tests.support.faulty import FaultyStorage, no_space


@pytest.fixture
def storage(tmp_path: Path) -> FaultyStorage:
    return FaultyStorage(LocalStorage(tmp_path))


class TestFaultyStorage(StorageContract):
    pass


def test_only_the_call_that_was_named_fails(storage: FaultyStorage) -> None:
    storage.fail("put", nth=2, error=no_space())

    storage.put("a", [b"1"])
    with pytest.raises(DiskFull):
        storage.put("b", [b"2"])
    storage.put("c", [b"3"])

    with pytest.raises(ObjectMissing):
        storage.get("b")


def test_counting_begins_when_the_fault_is_planned(storage: FaultyStorage) -> None:
    storage.put("a", [b"1"])
    storage.fail("put")

    with pytest.raises(StorageError, match="as it was told"):
        storage.put("b", [b"2"])


def test_reads_can_be_short_or_wrong(storage: FaultyStorage) -> None:
    storage.put("a", [b"abc"])
    storage.shorten("get")
    storage.flip("get", nth=2, byte=-1)

    assert [storage.get("a") for _ in range(3)] == [b"ab", b"abb", b"abc"]
