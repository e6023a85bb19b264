"""Data keys, and changing the master key without touching a byte of data."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from mmsconsole.errors import KeyUnusable, ObjectCorrupt, Refused, StorageError
from mmsconsole.storage.encryption.data_keys import WRAP_BYTES, KeyRing, wraps_in
from mmsconsole.storage.encryption.encrypted import EncryptedStorage
from mmsconsole.storage.encryption.master_key import MasterKey
from mmsconsole.storage.local import LocalStorage
from tests.storage.contract import keys
from tests.support.faulty import FaultyStorage

OLD = MasterKey(bytes(range(32)))
NEW = MasterKey(bytes(range(32, 64)))
THIRD = MasterKey(bytes(range(64, 96)))


@pytest.fixture
def inner(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


def filled(inner: LocalStorage) -> dict[str, bytes]:
    """Objects under three data keys; what lies in the store for each."""
    for number in range(3):
        storage = EncryptedStorage(inner, OLD)
        storage.put(f"a/{number}", [b"%d" % number])
        if number < 2:
            storage.keys.add_data_key()
    return {key: inner.get(key) for key in keys(inner, "a")}


def opens(inner: LocalStorage, master: MasterKey) -> bool:
    """Whether everything can be read; no half measures."""
    storage = EncryptedStorage(inner, master)
    try:
        storage.check_key()
    except KeyUnusable:
        return False
    assert [storage.get(f"a/{number}") for number in range(3)] == [b"0", b"1", b"2"]
    return True


def test_the_first_data_key_is_made_with_the_first_object(inner: LocalStorage) -> None:
    ring = KeyRing(inner, OLD)
    ring.check()
    assert ring.count == 0
    assert keys(inner, "") == []

    first = ring.current()

    assert ring.current() == first == KeyRing(inner, OLD).current()
    assert keys(inner, "") == [f"keys/{first.id.hex()}/{OLD.fingerprint}.key"]


def test_a_process_that_saw_an_empty_store_uses_the_data_key_that_another_made(
    inner: LocalStorage,
) -> None:
    mine, others = KeyRing(inner, OLD), KeyRing(inner, OLD)
    mine.check()

    assert others.current() == mine.current()


def test_new_objects_are_under_the_newest_data_key_and_old_ones_stay_readable(
    inner: LocalStorage,
) -> None:
    running = EncryptedStorage(inner, OLD)
    running.put("a/0", [b"0"])
    other = EncryptedStorage(inner, OLD)
    other.keys.add_data_key()
    other.put("a/1", [b"1"])

    assert inner.get("a/0")[16:32] != inner.get("a/1")[16:32]
    assert inner.get("a/1")[16:32] == EncryptedStorage(inner, OLD).keys.current().id
    assert running.get("a/1") == b"1", "it had not known the new data key"
    assert EncryptedStorage(inner, OLD).get("a/0") == b"0"


def test_the_master_key_is_changed_without_touching_data(inner: LocalStorage) -> None:
    before = filled(inner)

    assert KeyRing(inner, OLD).wrap_for(NEW) == 3
    assert opens(inner, OLD)
    assert opens(inner, NEW)
    assert KeyRing(inner, OLD).wrap_for(NEW) == 0, "a second time there is nothing to do"
    assert KeyRing(inner, NEW).drop_others() == 3

    assert opens(inner, NEW)
    assert not opens(inner, OLD)
    assert {key: inner.get(key) for key in keys(inner, "a")} == before


def test_a_process_that_runs_meanwhile_goes_on(inner: LocalStorage) -> None:
    running = EncryptedStorage(inner, OLD)
    running.put("a/0", [b"0"])
    KeyRing(inner, OLD).wrap_for(NEW)
    KeyRing(inner, NEW).drop_others()

    running.put("a/1", [b"1"])

    assert running.get("a/0") == b"0"
    assert EncryptedStorage(inner, NEW).get("a/1") == b"1"


def cut_off_everywhere(
    inner: LocalStorage, step: Callable[[FaultyStorage], None], look: Callable[[], None]
) -> int:
    """step(), ended at its first call to the store, its second, … until it comes through."""
    calls = 0
    for method in ("put", "get", "list", "delete"):
        nth = 0
        while True:
            nth += 1
            faulty = FaultyStorage(inner)
            faulty.fail(method, nth, StorageError("the process ends here"))
            with suppress(StorageError):
                step(faulty)
            calls += not faulty.waiting
            look()
            if faulty.waiting:
                break
    return calls


def test_a_change_that_is_cut_off_at_any_call_leaves_a_store_that_the_old_key_opens(
    inner: LocalStorage,
) -> None:
    before = filled(inner)

    def look() -> None:
        assert opens(inner, OLD)
        if {name.fingerprint for name in wraps_in(inner)} == {OLD.fingerprint, NEW.fingerprint}:
            opens(inner, NEW)  # all of it or, plainly said, not yet
        assert {key: inner.get(key) for key in keys(inner, "a")} == before

    def step(storage: FaultyStorage) -> None:
        KeyRing(storage, OLD).wrap_for(NEW)
        for name in wraps_in(inner):
            if name.fingerprint == NEW.fingerprint:
                inner.delete(name.key)

    assert cut_off_everywhere(inner, step, look) >= 3 + 3 + 2
    KeyRing(inner, OLD).wrap_for(NEW)
    assert opens(inner, NEW)


def test_closing_the_store_to_the_old_key_is_cut_off_at_any_call_and_the_new_one_opens_it(
    inner: LocalStorage,
) -> None:
    filled(inner)
    KeyRing(inner, OLD).wrap_for(NEW)

    def step(storage: FaultyStorage) -> None:
        KeyRing(storage, NEW).drop_others()
        KeyRing(inner, NEW).wrap_for(OLD)

    assert cut_off_everywhere(inner, step, lambda: _opens_and_restore(inner)) >= 3 + 2 + 3


def _opens_and_restore(inner: LocalStorage) -> None:
    assert opens(inner, NEW)
    KeyRing(inner, NEW).wrap_for(OLD)


def test_a_half_made_change_is_said_to_be_one(inner: LocalStorage) -> None:
    filled(inner)
    KeyRing(inner, OLD).wrap_for(NEW)
    missing = next(name for name in wraps_in(inner) if name.fingerprint == NEW.fingerprint)
    inner.delete(missing.key)

    with pytest.raises(KeyUnusable, match="1 of the data keys do not open") as caught:
        KeyRing(inner, NEW).check()

    assert OLD.fingerprint in caught.value.hint
    with pytest.raises(KeyUnusable):
        KeyRing(inner, NEW).drop_others()
    assert opens(inner, OLD), "nothing was closed"


def test_the_old_key_is_not_closed_out_by_itself_or_a_stranger(inner: LocalStorage) -> None:
    filled(inner)

    assert KeyRing(inner, OLD).drop_others() == 0
    for change in (KeyRing(inner, NEW).drop_others, lambda: KeyRing(inner, NEW).wrap_for(NEW)):
        with pytest.raises(KeyUnusable, match="not the store's master key"):
            change()
    assert opens(inner, OLD)


def test_a_new_data_key_opens_with_both_master_keys_of_a_change(inner: LocalStorage) -> None:
    filled(inner)
    KeyRing(inner, OLD).wrap_for(NEW)

    KeyRing(inner, OLD).add_data_key(NEW)

    assert KeyRing(inner, OLD).current() == KeyRing(inner, NEW).current()
    for known in (None, THIRD):
        with pytest.raises(Refused, match="the master key is being changed"):
            KeyRing(inner, OLD).add_data_key(known)


@pytest.mark.parametrize("at", range(WRAP_BYTES))
def test_no_byte_of_a_data_key_can_be_changed(inner: LocalStorage, at: int) -> None:
    KeyRing(inner, OLD).current()
    key = wraps_in(inner)[0].key
    data = bytearray(inner.get(key))
    data[at] ^= 0x01
    inner.put(key, [data])

    with pytest.raises(KeyUnusable, match="the data key is damaged") as caught:
        KeyRing(inner, OLD).check()

    assert caught.value.where == key
    assert "copy" in caught.value.hint


@pytest.mark.parametrize("wrong", [b"", b"x", b"x" * (WRAP_BYTES - 1), b"x" * (WRAP_BYTES + 1)])
def test_a_data_key_of_another_length_is_damaged(inner: LocalStorage, wrong: bytes) -> None:
    KeyRing(inner, OLD).current()
    inner.put(wraps_in(inner)[0].key, [wrong])

    with pytest.raises(KeyUnusable, match="the data key is damaged"):
        KeyRing(inner, OLD).check()


def test_a_data_key_under_anothers_name_is_damaged(inner: LocalStorage) -> None:
    filled(inner)
    first, second = (name.key for name in wraps_in(inner)[:2])
    inner.put(first, [inner.get(second)])

    with pytest.raises(KeyUnusable, match="the data key is damaged"):
        KeyRing(inner, OLD).check()


def test_a_lost_data_key_is_said_at_each_object_of_it(inner: LocalStorage) -> None:
    filled(inner)
    inner.delete(wraps_in(inner)[0].key)
    storage = EncryptedStorage(inner, OLD)

    with pytest.raises(ObjectCorrupt, match="the store has no data key") as caught:
        storage.get("a/0")
    assert "keys/ is lost" in caught.value.hint
    assert storage.get("a/1") == b"1"


@pytest.mark.parametrize(
    "key", ["keys/readme.txt", "keys/00/11.key", "keys/zz/yy.key", "keys/a", "keys/a/b/c.key",
            f"keys/{'0' * 32}/{'1' * 32}", f"keys/{'A' * 32}/{'1' * 32}.key"]
)  # fmt: skip
def test_foreign_names_among_the_keys_are_passed_over(inner: LocalStorage, key: str) -> None:
    filled(inner)
    inner.put(key, [b"x"])

    assert opens(inner, OLD)
    assert len(wraps_in(inner)) == 3
