"""A folder that knows itself again."""

import stat
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest

from mmsconsole.errors import ObjectMissing, StorageUnreachable
from mmsconsole.settings import StoreSettings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.encryption.unencrypted import UnencryptedStorage
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.marked import MARK_FILE, Finding, MarkedFolder, judged, mark_in
from mmsconsole.storage.open import open_url
from tests.storage.contract import StorageContract, keys

OWN, OTHER = "a" * 32, "b" * 32


@dataclass
class FakeMemory:
    noted: str = ""
    keys: list[str] = field(default_factory=list)

    def mark(self) -> str:
        return self.noted

    def note_first(self, mark: str) -> str:
        self.noted = self.noted or mark
        return self.noted

    def note(self, mark: str) -> None:
        self.noted = mark

    def known_keys(self) -> Sequence[str]:
        return self.keys


@pytest.fixture
def memory() -> FakeMemory:
    return FakeMemory()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Of a store on a disk that may be taken away."""
    return tmp_path / "disk/store"


@pytest.fixture
def storage(root: Path, memory: FakeMemory) -> MarkedFolder:
    return MarkedFolder(LocalStorage(root), memory)


def mark_of(root: Path) -> str:
    return (root / MARK_FILE).read_text().strip()


def unmount(root: Path) -> None:
    root.parent.rename(root.parent.with_name("unmounted"))
    root.parent.mkdir()


def mount(root: Path) -> None:
    root.parent.rmdir()
    root.parent.with_name("unmounted").rename(root.parent)


class TestMarkedFolder(StorageContract):
    pass


@pytest.mark.parametrize(
    ("found", "noted", "known", "there", "finding"),
    [
        (OWN, OWN, True, False, Finding.SAME),
        (OWN, "", True, False, Finding.UNNOTED),
        (OWN, "", False, False, Finding.UNNOTED),
        (OTHER, OWN, True, False, Finding.ANOTHER),
        (OTHER, OWN, True, True, Finding.UNNOTED),
        (OTHER, OWN, False, False, Finding.UNNOTED),
        ("", OWN, True, False, Finding.AWAY),
        ("", OWN, False, False, Finding.AWAY),
        ("", OWN, True, True, Finding.UNMARKED),
        ("", "", True, False, Finding.AWAY),
        ("", "", True, True, Finding.UNMARKED),
        ("", "", False, False, Finding.UNMARKED),
    ],
)
def test_what_a_folder_is_taken_for(
    found: str, noted: str, known: bool, there: bool, finding: Finding
) -> None:
    assert judged(found, noted, known, there) is finding


def test_a_store_that_has_lost_everything_that_is_known_of_it_is_never_written_to() -> None:
    for found, noted in product(["", OTHER], [OWN]):
        assert judged(found, noted, True, False) in (Finding.AWAY, Finding.ANOTHER)


def test_the_first_object_marks_the_folder_and_what_was_only_read_is_not_made(
    storage: MarkedFolder, root: Path, memory: FakeMemory
) -> None:
    assert keys(storage, "a") == []
    storage.delete("a/k")
    assert not root.exists()

    storage.put("a/k", [b"x"])

    assert mark_of(root) == memory.noted
    assert keys(storage, "a") == ["a/k"]


@pytest.mark.parametrize(
    "call",
    [
        lambda storage: storage.put("a/k", [b"y"]),
        lambda storage: storage.get("a/k"),
        lambda storage: storage.get_range("a/k", 0, 1),
        lambda storage: storage.size("a/k"),
        lambda storage: list(storage.list("")),
        lambda storage: storage.delete("a/k"),
        lambda storage: storage.free_bytes(),
        lambda storage: storage.sweep(),
    ],
)
def test_a_disk_that_is_not_mounted_is_not_written_to_and_not_taken_for_empty(
    storage: MarkedFolder, root: Path, call: Callable[[Storage], object]
) -> None:
    storage.put("a/k", [b"x"])
    unmount(root)

    with pytest.raises(StorageUnreachable, match="mounted") as raised:
        call(storage)

    assert not list(root.parent.iterdir())
    assert raised.value.where == str(root)
    mount(root)
    assert storage.get("a/k") == b"x"


def test_so_it_is_by_the_next_process_and_in_a_folder_that_is_there(
    storage: MarkedFolder, root: Path, memory: FakeMemory
) -> None:
    storage.put("a/k", [b"x"])
    unmount(root)
    root.mkdir()

    with pytest.raises(StorageUnreachable):
        MarkedFolder(LocalStorage(root), memory).put("a/k", [b"y"])

    assert not list(root.iterdir())


def test_a_disk_that_goes_while_it_is_listed_is_not_taken_for_one_that_ends_there(
    storage: MarkedFolder, root: Path
) -> None:
    for name in ("a/1", "b/1"):
        storage.put(name, [b"x"])
    listing = storage.list("")
    next(listing)
    unmount(root)

    with pytest.raises(StorageUnreachable):
        list(listing)


def test_the_hint_begins_a_lost_store_anew(
    storage: MarkedFolder, root: Path, memory: FakeMemory
) -> None:
    storage.put("a/k", [b"x"])
    memory.keys = ["a/k"]
    unmount(root)
    with pytest.raises(StorageUnreachable) as raised:
        storage.put("a/k", [b"x"])

    command = raised.value.hint.rpartition(": ")[2]
    subprocess.run(["/bin/sh", "-c", command], check=True, timeout=60)

    storage.put("a/new", [b"y"])
    assert keys(storage, "a") == ["a/new"]
    assert memory.noted == mark_in(root)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def test_the_folder_of_another_store_is_refused(
    storage: MarkedFolder, root: Path, memory: FakeMemory
) -> None:
    memory.noted, memory.keys = OWN, ["a/k"]
    root.mkdir(parents=True)
    (root / MARK_FILE).write_text(OTHER)

    with pytest.raises(StorageUnreachable, match="another store"):
        storage.put("a/k", [b"x"])

    assert mark_of(root) == OTHER


def test_a_mark_that_nobody_has_noted_is_taken_as_it_is(
    storage: MarkedFolder, root: Path, memory: FakeMemory
) -> None:
    """The metadata database is new, or another engine's."""
    root.mkdir(parents=True)
    (root / MARK_FILE).write_text(OTHER)

    assert keys(storage, "a") == []

    assert memory.noted == OTHER


def test_a_copy_of_a_store_without_its_mark_is_the_store_and_gets_it_again(
    storage: MarkedFolder, root: Path, memory: FakeMemory
) -> None:
    LocalStorage(root).put("a/k", [b"x"])
    memory.noted, memory.keys = OWN, ["a/gone", "a/k"]

    assert storage.get("a/k") == b"x"
    assert not (root / MARK_FILE).exists()
    storage.put("a/new", [b"y"])

    assert mark_of(root) == OWN


def test_who_marks_a_folder_second_takes_the_first_ones_mark(
    storage: MarkedFolder, root: Path, memory: FakeMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note_first(mark: str) -> str:
        memory.noted = OWN  # another process was a moment earlier
        return OWN

    monkeypatch.setattr(memory, "note_first", note_first)

    storage.put("a/k", [b"x"])

    assert mark_of(root) == OWN
    assert storage.get("a/k") == b"x"


def test_a_crash_before_the_note_leaves_a_store_that_is_known(
    storage: MarkedFolder, root: Path, memory: FakeMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(mark: str) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(memory, "note_first", crash)
        with pytest.raises(KeyboardInterrupt):
            storage.put("a/k", [b"x"])
    assert memory.noted == ""

    MarkedFolder(LocalStorage(root), memory).put("a/k", [b"x"])

    assert memory.noted == mark_of(root)


def test_many_threads_that_begin_a_store_at_once_make_one_mark(
    storage: MarkedFolder, root: Path, memory: FakeMemory
) -> None:
    threads = [
        threading.Thread(target=storage.put, args=(f"a/{number}", [b"x"])) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(keys(storage, "a")) == 8
    assert mark_of(root) == memory.noted


@pytest.mark.parametrize("text", [b"", b"\xff\x00", b"A" * 32, OWN.encode() * 9])
def test_a_mark_that_is_damaged_is_said(storage: MarkedFolder, root: Path, text: bytes) -> None:
    root.mkdir(parents=True)
    (root / MARK_FILE).write_bytes(text)

    with pytest.raises(StorageUnreachable, match="damaged"):
        storage.put("a/k", [b"x"])


def test_folders_alone_are_marked_and_below_every_wrapper(
    root: Path, memory: FakeMemory, tmp_path: Path
) -> None:
    store = StoreSettings.model_validate({"url": str(root)})
    storage = open_url(store, memory=memory)
    assert isinstance(storage, UnencryptedStorage)
    storage.put("a/k", [b"x"])
    unmount(root)

    with pytest.raises(StorageUnreachable):
        storage.get("a/k")


def test_without_a_memory_a_folder_is_taken_as_it_is(root: Path) -> None:
    storage = open_url(StoreSettings.model_validate({"url": str(root)}))

    with pytest.raises(ObjectMissing):
        storage.get("a/k")
    storage.put("a/k", [b"x"])

    assert not (root / MARK_FILE).exists()
