"""Random reads of a large object, every byte of which has been checked."""

import hashlib
from collections.abc import Iterator

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.storage.base import Storage
from mmsconsole.task import Task

PAGE_BYTES = 1 << 20


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
        """Raises ObjectMissing, ObjectCorrupt."""
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
