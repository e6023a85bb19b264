"""Encryption at rest: what lies in the store is sealed, and whatever is not as it was is found."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmsconsole.errors import KeyUnusable, ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.storage.base import Storage
from mmsconsole.storage.encryption.data_keys import wraps_in
from mmsconsole.storage.encryption.encrypted import EncryptedStorage
from mmsconsole.storage.encryption.master_key import MasterKey
from mmsconsole.storage.encryption.sealing import HEADER_BYTES, SEALED_BYTES, SEGMENT_BYTES
from mmsconsole.storage.encryption.unencrypted import UnencryptedStorage
from mmsconsole.storage.local import LocalStorage
from tests.storage.contract import StorageContract, keys

MASTER = MasterKey(bytes(range(32)))
OTHER = MasterKey(bytes(range(1, 33)))
LARGE = os.urandom(2 * SEGMENT_BYTES + 100)
"""Three segments."""


@pytest.fixture
def inner(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


@pytest.fixture
def storage(inner: LocalStorage) -> EncryptedStorage:
    return EncryptedStorage(inner, MASTER)


class TestEncryptedStorage(StorageContract):
    pass


class TestUnencryptedStorage(StorageContract):
    @pytest.fixture
    def storage(self, inner: LocalStorage) -> Storage:
        return UnencryptedStorage(inner)


def test_nothing_of_an_object_can_be_read_in_the_store(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("a/k", [b"shop.orders " * 10_000])

    assert b"shop.orders" not in inner.get("a/k")
    assert storage.get("a/k") == b"shop.orders " * 10_000


def test_the_same_bytes_are_never_the_same_twice(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    stored = set()
    for _ in range(2):
        storage.put("k", [b"x" * 100])
        stored.add(inner.get("k"))

    assert len(stored) == 2


@pytest.mark.parametrize(
    "size",
    [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES,
     5 * SEGMENT_BYTES - 7],
)  # fmt: skip
def test_every_size_comes_back_and_is_told_in_plain_bytes(
    storage: EncryptedStorage, size: int
) -> None:
    data = os.urandom(size)

    assert storage.put("a/k", [data[:10], data[10:]]) == size

    assert storage.get("a/k") == data
    assert storage.size("a/k") == size
    assert [stored.bytes for stored in storage.list("a")] == [size]
    assert storage.get_range("a/k", 0, size) == data
    with pytest.raises(ObjectCorrupt, match=f"ends before byte {size + 1}"):
        storage.get_range("a/k", 0, size + 1)


def test_every_range_over_the_edges_of_segments_is_exact(storage: EncryptedStorage) -> None:
    storage.put("k", [LARGE])
    edges = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES,
             len(LARGE) - 1, len(LARGE)]  # fmt: skip

    for start in edges:
        for end in edges:
            if start <= end:
                assert storage.get_range("k", start, end - start) == LARGE[start:end]


def test_a_range_reads_only_the_segments_that_it_needs(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("k", [LARGE])
    sealed = bytearray(inner.get("k"))
    sealed[HEADER_BYTES] ^= 1
    sealed[-1] ^= 1
    inner.put("k", [sealed])

    middle = LARGE[SEGMENT_BYTES : 2 * SEGMENT_BYTES]
    assert storage.get_range("k", SEGMENT_BYTES, SEGMENT_BYTES) == middle
    for start, length in ((SEGMENT_BYTES - 1, 2), (2 * SEGMENT_BYTES, 1)):
        with pytest.raises(ObjectCorrupt, match="is not what was stored"):
            storage.get_range("k", start, length)


def _changed(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 0x80]) + sealed[at + 1 :]


SEGMENT = [sum(sizes) for sizes in ((HEADER_BYTES,), (HEADER_BYTES, SEALED_BYTES),
                                    (HEADER_BYTES, SEALED_BYTES, SEALED_BYTES))]  # fmt: skip
"""Where the three segments of LARGE begin."""
REGIONS = {
    "magic": 0, "version": 8, "zeros": 10, "segment bytes": 12, "data key": 16, "salt": 32,
    "salt's end": 63, "first segment": SEGMENT[0], "first tag": SEGMENT[1] - 1,
    "second segment": SEGMENT[1] + 100, "last segment": SEGMENT[2], "last tag": -1,
}  # fmt: skip
WRONG: dict[str, Callable[[bytes], bytes]] = {
    **{name: (lambda data, at=at: _changed(data, at % len(data))) for name, at in REGIONS.items()},
    "empty": lambda _: b"",
    "cut in its header": lambda data: data[:40],
    "header alone": lambda data: data[:HEADER_BYTES],
    "cut in its first tag": lambda data: data[: HEADER_BYTES + 15],
    "one byte short": lambda data: data[:-1],
    "cut between segments": lambda data: data[: SEGMENT[2]],
    "cut in a segment": lambda data: data[: SEGMENT[1] + 1000],
    "one byte more": lambda data: data + b"x",
    "a segment more": lambda data: data + data[SEGMENT[0] : SEGMENT[1]],
    "segments in another order": lambda data: (
        data[: SEGMENT[0]] + data[SEGMENT[1] : SEGMENT[2]] + data[SEGMENT[0] : SEGMENT[1]]
        + data[SEGMENT[2] :]
    ),
    "a segment left out": lambda data: data[: SEGMENT[1]] + data[SEGMENT[2] :],
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_not_as_it_was_is_corrupt(
    storage: EncryptedStorage, inner: LocalStorage, wrong: str
) -> None:
    storage.put("a/k", [LARGE])
    inner.put("a/k", [WRONG[wrong](inner.get("a/k"))])

    for read in (
        lambda: storage.get("a/k"),
        lambda: storage.get_range("a/k", 0, len(LARGE)),
        lambda: EncryptedStorage(inner, MASTER).get_range("a/k", 0, len(LARGE)),
    ):
        with pytest.raises(ObjectCorrupt) as caught:
            read()
        assert caught.value.where == "a/k"


@pytest.mark.parametrize("at", [at for at in range(HEADER_BYTES + 40)])
def test_no_byte_of_a_small_object_can_be_changed(
    storage: EncryptedStorage, inner: LocalStorage, at: int
) -> None:
    storage.put("k", [b"x" * 24])
    inner.put("k", [_changed(inner.get("k"), at)])

    with pytest.raises(ObjectCorrupt):
        storage.get("k")


def test_an_object_under_anothers_name_is_corrupt(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("a/k", [LARGE])
    storage.put("a/l", [LARGE])
    first, second = inner.get("a/k"), inner.get("a/l")
    inner.put("a/k", [second])
    inner.put("a/l", [first])
    inner.put("b/k", [first])

    for key in ("a/k", "a/l", "b/k"):
        with pytest.raises(ObjectCorrupt, match="segment 0 is not what was stored"):
            storage.get(key)


def test_a_segment_of_another_object_is_corrupt(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("a/k", [LARGE])
    before = inner.get("a/k")
    storage.put("a/k", [LARGE])
    inner.put("a/k", [inner.get("a/k")[: SEGMENT[1]] + before[SEGMENT[1] :]])

    with pytest.raises(ObjectCorrupt, match="segment 1 is not what was stored"):
        storage.get("a/k")


def test_an_object_that_is_not_encrypted_is_no_object_of_the_store(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("a/k", [b"x"])
    inner.put("a/plain", [b"somebody put this here, and it is longer than a header is" * 2])

    with pytest.raises(ObjectCorrupt, match="is not an encrypted object"):
        storage.get("a/plain")


def test_a_range_of_an_object_that_was_replaced_by_another_process_is_of_the_new_one(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("k", [b"old"])
    assert storage.get_range("k", 0, 3) == b"old"

    EncryptedStorage(inner, MASTER).put("k", [b"new and longer"])

    assert storage.get_range("k", 0, 14) == b"new and longer"
    EncryptedStorage(inner, MASTER).delete("k")
    with pytest.raises(ObjectMissing):
        storage.get_range("k", 0, 3)


def test_a_put_holds_no_more_than_a_few_segments(
    storage: EncryptedStorage, inner: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever has been taken from the source has been handed on, but for two segments."""
    taken = handed_on = most = 0

    def source() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(40):
            taken += SEGMENT_BYTES // 2
            yield bytes(SEGMENT_BYTES // 2)

    def counting(key: str, parts: Iterator[bytes]) -> int:
        nonlocal handed_on, most
        for part in parts:
            handed_on += len(part)
            most = max(most, taken - handed_on)
        return handed_on

    storage.keys.current()
    monkeypatch.setattr(inner, "put", counting)

    assert storage.put("k", source()) == 20 * SEGMENT_BYTES
    assert most <= 2 * SEGMENT_BYTES


def test_what_is_tried_again_is_encrypted_anew_and_a_stream_can_not_be(
    storage: EncryptedStorage, inner: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[list[bytes]] = []

    def tried_twice(key: str, parts: Iterator[bytes]) -> int:
        if iter(parts) is not parts:
            tries.append(list(parts))
        tries.append(list(parts))
        return sum(map(len, tries[-1]))

    storage.keys.current()
    monkeypatch.setattr(inner, "put", tried_twice)

    storage.put("k", [b"x"])
    assert len(tries) == 2
    assert tries[0] != tries[1]
    storage.put("k", iter([b"x"]))
    assert len(tries) == 3


def test_the_names_of_data_keys_are_not_for_objects(storage: EncryptedStorage) -> None:
    storage.put("k", [b"x"])

    for key in ("keys", "keys/a", "keys/a/b.key"):
        for method in (
            lambda key=key: storage.put(key, [b"x"]),
            lambda key=key: storage.get(key),
            lambda key=key: storage.get_range(key, 0, 1),
            lambda key=key: storage.size(key),
            lambda key=key: storage.delete(key),
        ):
            with pytest.raises(StorageError, match="names below keys/"):
                method()
    assert keys(storage, "") == ["k"]
    assert keys(storage, "keys") == []


# Keys that do not fit


def test_an_encrypted_store_opens_with_its_key_alone(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("a/k", [b"x"])

    assert EncryptedStorage(inner, MASTER).get("a/k") == b"x"
    with pytest.raises(KeyUnusable, match="this is not the store's master key") as caught:
        EncryptedStorage(inner, OTHER).get("a/k")
    assert MASTER.fingerprint in caught.value.what
    assert OTHER.fingerprint in caught.value.what


def refused(storage: EncryptedStorage | UnencryptedStorage) -> KeyUnusable:
    """What every method says."""
    said = set()
    for method in (
        storage.check_key,
        lambda: storage.put("a/k", [b"x"]),
        lambda: storage.get("a/k"),
        lambda: storage.get_range("a/k", 0, 1),
        lambda: storage.size("a/k"),
        lambda: list(storage.list("")),
        lambda: storage.delete("a/k"),
        storage.free_bytes,
        storage.sweep,
    ):
        with pytest.raises(KeyUnusable) as caught:
            method()
        assert caught.value.hint
        said.add(str(caught.value))
    assert len(said) == 1
    return caught.value


def test_an_encrypted_store_without_a_key_is_refused_and_nothing_is_written_to_it(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("a/k", [b"x"])
    before = keys(inner, "")

    error = refused(UnencryptedStorage(inner))

    assert "the store is encrypted, and no master key is named" in str(error)
    assert keys(inner, "") == before


def test_a_store_whose_data_keys_are_gone_says_so_with_and_without_a_key(
    storage: EncryptedStorage, inner: LocalStorage
) -> None:
    storage.put("a/k", [b"x"])
    for name in wraps_in(inner):
        inner.delete(name.key)

    assert "data keys of the store are gone" in str(refused(EncryptedStorage(inner, MASTER)))
    assert "its data keys are gone" in str(refused(UnencryptedStorage(inner)))


def test_a_store_with_plain_objects_is_refused_with_a_key(inner: LocalStorage) -> None:
    inner.put("a/k", [b"plain"])

    error = refused(EncryptedStorage(inner, MASTER))

    assert "holds objects that are not encrypted" in str(error)
    assert "begins with an empty store" in error.hint
    assert keys(inner, "") == ["a/k"]


def test_nothing_secret_is_shown(storage: EncryptedStorage, inner: LocalStorage) -> None:
    storage.put("k", [b"x"])
    data_key = storage.keys.current()
    secrets = {bytes(range(32)), data_key.secret, MASTER.wrapping_key}

    shown = repr(MASTER) + repr(data_key) + repr(storage) + repr(storage.keys) + repr(vars(storage))

    for secret in secrets:
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown
