"""What every storage can do: keep immutable objects under names.

An object is stored once put() returns: it would then survive a power cut. Before that it is
not there at all. Names are relative paths of plain letters, digits, '.', '_' and '-'.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    bytes: int


class Storage(Protocol):
    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        """Store the parts, one after another, as one object; returns its bytes.

        Replaces an object of that name whole. Raises DiskFull or StorageError, leaving nothing.
        """
        ...

    def get(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing."""
        ...

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises ObjectMissing, or ObjectCorrupt if it is too short."""
        ...

    def size(self, key: str) -> int:
        """Raises ObjectMissing."""
        ...

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """The objects below a folder, in order of their names: those behind the name `after`."""
        ...

    def delete(self, key: str) -> None:
        """No error where there is none."""
        ...

    def free_bytes(self) -> int | None:
        """What still fits, or None where the storage does not know."""
        ...

    def sweep(self) -> int:
        """Remove what writes that died have left; only while nobody writes. Returns how many."""
        ...
