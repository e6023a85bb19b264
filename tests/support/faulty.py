"""A storage that fails when it is told to: for proving what happens then."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from mmsconsole.errors import DiskFull, ObjectLocked, StorageError
from mmsconsole.storage.base import Buffer, Storage, StoredObject

Change = Callable[[bytes], bytes]


def no_space() -> DiskFull:
    return DiskFull("no space left on the disk", where="a faulty storage")


def broken() -> StorageError:
    return StorageError("the faulty storage fails as it was told", where="a faulty storage")


@dataclass(frozen=True, slots=True)
class Fault:
    error: StorageError | None
    change: Change | None
    """What becomes of the bytes that a read gives."""


class FaultyStorage:
    """Wraps a storage and implements Storage. Calls are counted from 1 for each method.

    A put that fails takes some of its parts first, and leaves nothing, as every storage must.
    """

    def __init__(self, inner: Storage) -> None:
        self.calls: Counter[str] = Counter()
        self.locked: set[str] = set()
        """Keys that may not be deleted yet."""
        self.locks = False
        """Whether nothing may be deleted yet."""
        self._inner = inner
        self._faults: dict[tuple[str, int], Fault] = {}
        self._lock = threading.Lock()

    def fail(self, method: str, nth: int = 1, error: StorageError | None = None) -> None:
        """From now on the nth call of `method` raises."""
        self._plan(method, nth, Fault(error or broken(), None))

    def shorten(self, method: str, nth: int = 1, by: int = 1) -> None:
        """The nth get or get_range gives fewer bytes than there are, and no error."""
        self._plan(method, nth, Fault(None, lambda data: data[:-by]))

    def flip(self, method: str, nth: int = 1, byte: int = 0) -> None:
        """The nth get or get_range gives one wrong byte, counted from the end if negative."""

        def flipped(data: bytes) -> bytes:
            changed = bytearray(data)
            changed[byte % len(changed)] ^= 0x01
            return bytes(changed)

        self._plan(method, nth, Fault(None, flipped))

    @property
    def waiting(self) -> bool:
        """Whether a planned fault has not been met yet."""
        return bool(self._faults)

    def heal(self) -> None:
        """No faults are left, and counting begins anew."""
        self._faults.clear()
        self.calls.clear()

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        fault = self._called("put")
        if fault is not None and fault.error is not None:
            list(islice(iter(parts), 1))
            raise fault.error
        return self._inner.put(key, parts)

    def get(self, key: str) -> bytes:
        return self._read("get", lambda: self._inner.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._read("get_range", lambda: self._inner.get_range(key, offset, length))

    def size(self, key: str) -> int:
        self._raise("size")
        return self._inner.size(key)

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        self._raise("list")
        return self._inner.list(prefix, after)

    def delete(self, key: str) -> None:
        self._raise("delete")
        if self.locks or key in self.locked:
            raise ObjectLocked("is locked until tomorrow", where=key)
        self._inner.delete(key)

    def free_bytes(self) -> int | None:
        self._raise("free_bytes")
        return self._inner.free_bytes()

    def sweep(self) -> int:
        return self._inner.sweep()

    def _plan(self, method: str, nth: int, fault: Fault) -> None:
        self._faults[method, self.calls[method] + nth] = fault

    def _called(self, method: str) -> Fault | None:
        with self._lock:
            self.calls[method] += 1
            return self._faults.pop((method, self.calls[method]), None)

    def _raise(self, method: str) -> None:
        fault = self._called(method)
        if fault is not None and fault.error is not None:
            raise fault.error

    def _read(self, method: str, read: Callable[[], bytes]) -> bytes:
        fault = self._called(method)
        if fault is not None and fault.error is not None:
            raise fault.error
        data = read()
        return data if fault is None or fault.change is None else fault.change(data)
