"""Random reads of a large object, every byte of which has been checked."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress

from mmsconsole.errors import ObjectCorrupt, StorageError
from mmsconsole.storage.base import Storage
from mmsconsole.storage.fallback import second_of, tell_second
from mmsconsole.task import Task

PAGE_BYTES = 1 << 20
PART_BYTES = 8 << 20


class VerifiedObject:
    """An object too large to be held in memory, read in pages.

    Opening reads it once from end to end: it must have the sha256 that is known of it. The
    digest of each page is kept (32 bytes per MiB), and every later read is held against it.
    """

    def __init__(self, storage: Storage, key: str, size: int, digests: list[bytes]) -> None:
        self.key = key
        self.size = size
        self._storage = storage
        self._digests = digests
        self._cached = (-1, b"")

    @classmethod
    def open(cls, storage: Storage, key: str, sha256: str, task: Task) -> "VerifiedObject":
        """Of a second store, where the first one's bytes are wrong. Raises ObjectMissing,
        ObjectCorrupt.
        """
        try:
            return cls._opened(storage, key, sha256, task)
        except ObjectCorrupt:
            second = second_of(storage)
            if second is None:
                raise
            with suppress(StorageError):  # what is wrong with the first one is what matters
                opened = cls._opened(second, key, sha256, task)
                tell_second(storage, key)
                return opened
            raise

    @classmethod
    def _opened(cls, storage: Storage, key: str, sha256: str, task: Task) -> "VerifiedObject":
        size = storage.size(key)
        whole, digests = hashlib.sha256(), []
        for offset in range(0, size, PAGE_BYTES):
            task.check()
            page = storage.get_range(key, offset, min(PAGE_BYTES, size - offset))
            whole.update(page)
            digests.append(hashlib.sha256(page).digest())
        if whole.hexdigest() != sha256:
            raise ObjectCorrupt("its bytes differ from its sha256", where=key)
        return cls(storage, key, size, digests)

    def read(self, offset: int, length: int) -> bytes:
        """Raises ObjectCorrupt, also where the object ends before."""
        if not 0 <= offset <= offset + length <= self.size:
            raise ObjectCorrupt(f"has no bytes {offset} to {offset + length}", where=self.key)
        return b"".join(self._pieces(offset, offset + length))

    def _pieces(self, at: int, end: int) -> Iterator[bytes]:
        while at < end:
            number, skip = divmod(at, PAGE_BYTES)
            piece = self._page(number)[skip : skip + end - at]
            yield piece
            at += len(piece)

    def _page(self, number: int) -> bytes:
        if self._cached[0] != number:
            offset = number * PAGE_BYTES
            length = min(PAGE_BYTES, self.size - offset)
            page = self._storage.get_range(self.key, offset, length)
            if hashlib.sha256(page).digest() != self._digests[number]:
                raise ObjectCorrupt("has changed while it was read", where=self.key)
            self._cached = (number, page)
        return self._cached[1]


class VerifiedParts:
    """The bytes of an object in parts; the last one is given only if all are right.

    May be gone through several times, as a storage that retries does.
    """

    def __init__(self, storage: Storage, key: str, sha256: str) -> None:
        """`sha256`: of the whole object; empty where nothing is known of it."""
        self._storage = storage
        self._key = key
        self._sha256 = sha256

    def __iter__(self) -> Iterator[bytes]:
        size, digest = self._storage.size(self._key), hashlib.sha256()
        for offset in range(0, size, PART_BYTES) or [0]:
            part = self._storage.get_range(self._key, offset, min(PART_BYTES, size - offset))
            digest.update(part)
            last = offset + PART_BYTES >= size
            if last and self._sha256 and digest.hexdigest() != self._sha256:
                raise ObjectCorrupt("its bytes differ from its sha256", where=self._key)
            yield part
