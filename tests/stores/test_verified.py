"""Random reads of a large object."""

from pathlib import Path

import pytest

from mmsconsole.errors import Cancelled, ObjectCorrupt
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores import verified
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.stores.verified import VerifiedObject
from mmsconsole.task import Cancellation, Task
from tests.support.faulty import FaultyStorage

DATA = bytes(range(250))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "PAGE_BYTES", 16)


@pytest.fixture
def storage(tmp_path: Path) -> FaultyStorage:
    made = FaultyStorage(LocalStorage(tmp_path))
    made.put("k", [DATA])
    return made


@pytest.fixture
def opened(storage: FaultyStorage) -> VerifiedObject:
    return VerifiedObject.open(storage, "k", sha256_hex([DATA]), Task())


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 250), (0, 0), (250, 0), (15, 2), (16, 16), (7, 100), (249, 1)]
)
def test_any_range_is_read(opened: VerifiedObject, offset: int, length: int) -> None:
    assert opened.read(offset, length) == DATA[offset : offset + length]


@pytest.mark.parametrize(("offset", "length"), [(0, 251), (250, 1), (-1, 1), (5, -1)])
def test_what_lies_outside_is_corrupt(opened: VerifiedObject, offset: int, length: int) -> None:
    with pytest.raises(ObjectCorrupt, match="has no bytes"):
        opened.read(offset, length)


def test_another_sha256_is_corrupt(storage: FaultyStorage) -> None:
    with pytest.raises(ObjectCorrupt, match="differ from its sha256"):
        VerifiedObject.open(storage, "k", sha256_hex([b"other"]), Task())


def test_what_changes_after_opening_is_noticed(
    opened: VerifiedObject, storage: FaultyStorage
) -> None:
    opened.read(0, 10)
    storage.put("k", [DATA[:100], b"\xff", DATA[101:]])

    assert opened.read(32, 16) == DATA[32:48]
    with pytest.raises(ObjectCorrupt, match="has changed while it was read") as caught:
        opened.read(90, 20)
    assert caught.value.where == "k"


def test_neighbouring_reads_fetch_a_page_once(
    opened: VerifiedObject, storage: FaultyStorage
) -> None:
    before = storage.calls["get_range"]
    for offset in range(16):
        opened.read(offset, 1)

    assert storage.calls["get_range"] == before + 1


def test_opening_can_be_cancelled(storage: FaultyStorage) -> None:
    cancelled = Cancellation()
    cancelled.cancel()

    with pytest.raises(Cancelled):
        VerifiedObject.open(storage, "k", sha256_hex([DATA]), Task(cancelled))
