"""What every storage promises. A new one subclasses StorageContract and gives `storage`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mmsconsole.errors import ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.storage.base import Buffer, Storage

HOSTILE_KEYS = [
    "", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "a//b", "a/", "./a", "a/.", "a/.b",
    ".tmp-a", "a\\b", "a b", "a\x00b", "a\nb", "ä", "a/" + "b" * 300, "a/" * 300 + "a", "~", "a*",
]  # fmt: skip


def keys(storage: Storage, prefix: str) -> list[str]:
    return [stored.key for stored in storage.list(prefix)]


class StorageContract:
    def test_what_is_put_is_got_back(self, storage: Storage) -> None:
        assert storage.put("a/b.slice", [b"abc", b"def"]) == 6

        assert storage.get("a/b.slice") == b"abcdef"
        assert storage.size("a/b.slice") == 6

    def test_parts_may_be_any_buffer_and_even_a_stream(self, storage: Storage) -> None:
        parts: list[Buffer] = [b"a", bytearray(b"b"), memoryview(b"xcx")[1:2], b""]

        assert storage.put("k", iter(parts)) == 3

        assert storage.get("k") == b"abc"

    def test_an_object_may_be_empty(self, storage: Storage) -> None:
        storage.put("k", [])

        assert storage.get("k") == b""
        assert storage.get_range("k", 0, 0) == b""

    def test_a_range_is_exactly_that_range(self, storage: Storage) -> None:
        storage.put("k", [b"0123456789"])

        assert storage.get_range("k", 3, 3) == b"345"
        assert storage.get_range("k", 0, 10) == b"0123456789"

    @pytest.mark.parametrize(("offset", "length"), [(0, 11), (9, 2), (10, 1), (50, 1)])
    def test_a_range_beyond_the_end_is_corrupt(
        self, storage: Storage, offset: int, length: int
    ) -> None:
        storage.put("k", [b"0123456789"])

        with pytest.raises(ObjectCorrupt, match="k"):
            storage.get_range("k", offset, length)

    def test_an_object_that_is_not_there_is_missing(self, storage: Storage) -> None:
        storage.put("a", [b"a file where a folder would be"])

        for key in ("b", "c/d", "a/b"):
            with pytest.raises(ObjectMissing) as caught:
                storage.get(key)
            assert key == caught.value.where
            with pytest.raises(ObjectMissing):
                storage.get_range(key, 0, 1)
            with pytest.raises(ObjectMissing):
                storage.size(key)

    def test_a_second_put_replaces_the_whole_object(self, storage: Storage) -> None:
        storage.put("k", [b"long and old"])
        storage.put("k", [b"new"])

        assert storage.get("k") == b"new"

    def test_a_put_whose_parts_fail_leaves_no_object(self, storage: Storage) -> None:
        def parts() -> Iterator[bytes]:
            yield b"some"
            raise StorageError("a source that fails")

        with pytest.raises(StorageError):
            storage.put("a/k", parts())

        assert keys(storage, "") == []
        with pytest.raises(ObjectMissing):
            storage.get("a/k")

    def test_a_put_whose_parts_fail_leaves_the_old_object(self, storage: Storage) -> None:
        def parts() -> Iterator[bytes]:
            yield b"some"
            raise StorageError("a source that fails")

        storage.put("k", [b"old"])
        with pytest.raises(StorageError):
            storage.put("k", parts())

        assert storage.get("k") == b"old"

    def test_a_listing_is_in_the_order_of_whole_names(self, storage: Storage) -> None:
        names = ["a-b", "a/b", "a/c/d", "a.b", "a0", "b/a", "b-", "a/c-"]
        for name in names:
            storage.put(name, [name.encode()])

        assert sorted(names) == keys(storage, "")

    def test_a_listing_tells_sizes(self, storage: Storage) -> None:
        storage.put("a/b", [b"12345"])

        assert [(stored.key, stored.bytes) for stored in storage.list("a")] == [("a/b", 5)]

    def test_a_listing_may_begin_behind_a_name(self, storage: Storage) -> None:
        for key in ("a/1", "a/2", "a/2x/deep", "a/3", "b/1"):
            storage.put(key, [b"x"])
        assert [one.key for one in storage.list("a", after="a/2")] == ["a/2x/deep", "a/3"]
        assert [one.key for one in storage.list("a", after="a/2y")] == ["a/3"]
        assert list(storage.list("a", after="b")) == []
        assert [one.key for one in storage.list("a", after="Z")][:1] == ["a/1"]

    def test_a_listing_is_of_a_folder_not_of_a_beginning(self, storage: Storage) -> None:
        for key in ("a/x", "a/b/x", "ab/x", "a-x"):
            storage.put(key, [b""])

        assert keys(storage, "a") == ["a/b/x", "a/x"]
        assert keys(storage, "a/") == ["a/b/x", "a/x"]
        assert keys(storage, "c") == []

    def test_what_is_deleted_is_gone_and_may_be_deleted_again(self, storage: Storage) -> None:
        storage.put("a/k", [b"x"])

        storage.delete("a/k")
        storage.delete("a/k")
        storage.delete("never/there")

        assert keys(storage, "") == []
        with pytest.raises(ObjectMissing):
            storage.size("a/k")

    def test_objects_may_be_deleted_while_they_are_listed(self, storage: Storage) -> None:
        for number in range(5):
            storage.put(f"a/{number}", [b"x"])

        for stored in storage.list("a"):
            storage.delete(stored.key)

        assert keys(storage, "a") == []

    @pytest.mark.parametrize("key", HOSTILE_KEYS)
    def test_a_hostile_name_is_refused_by_every_method(self, storage: Storage, key: str) -> None:
        for method in (
            lambda: storage.put(key, [b"x"]),
            lambda: storage.get(key),
            lambda: storage.get_range(key, 0, 1),
            lambda: storage.size(key),
            lambda: storage.delete(key),
        ):
            with pytest.raises(StorageError, match="not a name for an object"):
                method()
        assert keys(storage, "") == []

    def test_a_hostile_folder_is_not_listed(self, storage: Storage) -> None:
        for prefix in ("..", "/etc", "a/../.."):
            with pytest.raises(StorageError, match="not a name for an object"):
                keys(storage, prefix)

    def test_many_threads_may_put_and_get(self, storage: Storage) -> None:
        def there_and_back(number: int) -> bytes:
            storage.put(f"folder/{number % 3}/{number}", [bytes([number]) * 1000])
            return storage.get(f"folder/{number % 3}/{number}")

        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(there_and_back, range(40)))

        assert [bytes([number]) * 1000 for number in range(40)] == got
        assert len(keys(storage, "folder")) == 40

    def test_free_space_is_a_number_or_not_known(self, storage: Storage) -> None:
        free = storage.free_bytes()

        assert free is None or free > 0
