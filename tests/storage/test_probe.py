"""A storage is tried out with one small object."""

from pathlib import Path

import pytest

from mmsconsole.errors import ObjectCorrupt, ObjectLocked, StorageRefused
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.probe import probe
from tests.support.faulty import FaultyStorage


@pytest.fixture
def storage(tmp_path: Path) -> FaultyStorage:
    return FaultyStorage(LocalStorage(tmp_path))


def test_a_storage_that_does_what_it_has_to_keeps_nothing_of_it(storage: FaultyStorage) -> None:
    probe(storage, "one")
    assert list(storage.list("")) == []
    assert storage.calls == {"put": 1, "get": 1, "delete": 1, "list": 1}


@pytest.mark.parametrize("method", ["put", "get", "delete"])
def test_what_is_refused_is_told(storage: FaultyStorage, method: str) -> None:
    storage.fail(method, 1, StorageRefused("no right to it"))
    with pytest.raises(StorageRefused):
        probe(storage, "one")


def test_other_bytes_are_told(storage: FaultyStorage) -> None:
    storage.flip("get")
    with pytest.raises(ObjectCorrupt):
        probe(storage, "one")


def test_a_lock_is_no_fault(storage: FaultyStorage) -> None:
    storage.fail("delete", 1, ObjectLocked("locked"))
    probe(storage, "one")
