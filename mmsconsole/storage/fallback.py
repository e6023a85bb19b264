"""Two storages that hold the same objects: what the first one can not give, the second may."""

import logging
from collections.abc import Callable
from typing import TypeVar

from mmsconsole.errors import ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.storage.base import Storage
from mmsconsole.storage.forwarding import Forwarding

log = logging.getLogger(__name__)

Found = TypeVar("Found")

WRONG = (ObjectMissing, ObjectCorrupt)
"""What is said of one object; anything else is said of the storage."""

READS_WITHOUT = 100
"""A first storage that does not answer is not asked again before so many reads: each would wait
for it."""


def _silent(_: str) -> None:
    """Nobody wants to know."""


class FallbackStorage(Forwarding):
    """Reads from `first`, and from `second` where that fails. Everything else is the first's.

    Bytes that are wrong without the storage's knowing are found by who reads them: that is then
    to be done once more with the second alone.
    """

    def __init__(
        self, first: Storage, second: Storage, told: Callable[[str], None] = _silent,
        *, missing_too: bool = True,
    ) -> None:  # fmt: skip
        """`told` is given the key of each object that the second one had to give. `missing_too`:
        what the first has not is looked for in the second.
        """
        self.first = first
        self.second = second
        self.told = told
        self._missing_too = missing_too
        self._without = 0

    def but_missing(self) -> "FallbackStorage":
        """The same, for who has another way to what the first one has not."""
        return FallbackStorage(self.first, self.second, self.told, missing_too=False)

    @property
    def _inner(self) -> Storage:
        return self.first

    def get(self, key: str) -> bytes:
        return self._read(key, lambda storage: storage.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._read(key, lambda storage: storage.get_range(key, offset, length))

    def size(self, key: str) -> int:
        return self._read(key, lambda storage: storage.size(key))

    def _read(self, key: str, read: Callable[[Storage], Found]) -> Found:
        if self._without > 0:
            self._without -= 1
            try:
                return self._from_second(key, read)
            except StorageError as error:
                log.debug("asked the first store after all: %s", error)
        try:
            return read(self.first)
        except StorageError as error:
            if not isinstance(error, WRONG):
                self._without = READS_WITHOUT
            elif isinstance(error, ObjectMissing) and not self._missing_too:
                raise
            return self._after(error, key, read)

    def _after(self, error: StorageError, key: str, read: Callable[[Storage], Found]) -> Found:
        """What the first one said is what matters, unless the second one can help."""
        try:
            found = self._from_second(key, read)
        except WRONG as missing:
            raise error from missing
        log.warning("%s was read from the second store: %s", key, error)
        return found

    def _from_second(self, key: str, read: Callable[[Storage], Found]) -> Found:
        found = read(self.second)
        self.told(key)
        return found


def second_of(storage: Storage) -> Storage | None:
    """The one that holds the same objects, if there is one."""
    return storage.second if isinstance(storage, FallbackStorage) else None


def tell_second(storage: Storage, key: str) -> None:
    """Its second storage has helped where the bytes of the first were wrong."""
    if isinstance(storage, FallbackStorage):
        storage.told(key)
