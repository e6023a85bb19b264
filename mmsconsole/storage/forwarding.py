"""What a storage that stands before another one does not do by itself."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from mmsconsole.storage.base import Buffer, Storage, StoredObject


class Forwarding(ABC):
    """Implements Storage by another one. A subclass says which, and what it does otherwise."""

    @property
    @abstractmethod
    def _inner(self) -> Storage:
        """Asked for at every call."""

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        return self._inner.put(key, parts)

    def get(self, key: str) -> bytes:
        return self._inner.get(key)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._inner.get_range(key, offset, length)

    def size(self, key: str) -> int:
        return self._inner.size(key)

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        return self._inner.list(prefix, after)

    def delete(self, key: str) -> None:
        self._inner.delete(key)

    def free_bytes(self) -> int | None:
        return self._inner.free_bytes()

    def sweep(self) -> int:
        return self._inner.sweep()
