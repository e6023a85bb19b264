"""Encryption at rest: what leaves this process is sealed, and what comes back is checked.

Names and sizes of objects are not hidden.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mmsconsole.errors import ObjectCorrupt, StorageError
from mmsconsole.storage.base import Buffer, Storage, StoredObject
from mmsconsole.storage.encryption.data_keys import FOLDER, KeyRing
from mmsconsole.storage.encryption.master_key import MasterKey
from mmsconsole.storage.encryption.sealing import (
    HEADER_BYTES,
    SALT_BYTES,
    SEALED_BYTES,
    SEGMENT_BYTES,
    DataKey,
    Header,
    Segments,
    header_of,
    opened,
    plain_size,
    sealed_parts,
    segments_in,
)
from mmsconsole.storage.forwarding import Forwarding
from mmsconsole.storage.keys import check_key

HEADERS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Opened:
    """What reading a range of an object needs to know of it."""

    bytes: int
    segments: Segments


class EncryptedStorage(Forwarding):
    """Wraps a storage and implements Storage; all sizes are of plain bytes.

    Raises KeyUnusable where the master key does not fit the store, ObjectCorrupt where a byte
    differs from what was put under that name.
    """

    def __init__(self, inner: Storage, master: MasterKey) -> None:
        self.master = master
        self.keys = KeyRing(inner, master)
        self._locked = inner
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()

    def check_key(self) -> None:
        """Raises KeyUnusable."""
        self.keys.check()

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        sealing = _Sealing(_checked(key), parts, self.keys.current())
        # What can be gone through once only must not look as if it could be tried again.
        once = iter(parts) is parts
        stored = self._inner.put(key, iter(sealing) if once else sealing)
        self._forget(key)
        return _plain_size(stored, key)

    def get(self, key: str) -> bytes:
        sealed = self._inner.get(_checked(key))
        segments = self._segments(header_of(sealed, key), key)
        count = segments_in(_plain_size(len(sealed), key))
        return opened(segments, memoryview(sealed)[HEADER_BYTES:], 0, count)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        known = self._known(_checked(key))
        try:
            return self._range(key, known or self._open(key), offset, length)
        except ObjectCorrupt:
            if known is None:
                raise
        # The object may have been replaced since its header was read.
        return self._range(key, self._open(key), offset, length)

    def size(self, key: str) -> int:
        return _plain_size(self._inner.size(_checked(key)), key)

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """An object that is too short to be one of ours is told with no bytes."""
        for stored in self._inner.list(prefix, after):
            if not _is_reserved(stored.key):
                yield StoredObject(stored.key, plain_size(stored.bytes) or 0)

    def delete(self, key: str) -> None:
        self._inner.delete(_checked(key))
        self._forget(key)

    @property
    def _inner(self) -> Storage:
        """Once the master key is known to fit: what has other keys must not even be deleted."""
        self.keys.load()
        return self._locked

    def _range(self, key: str, known: Opened, offset: int, length: int) -> bytes:
        end = offset + length
        if end > known.bytes:
            raise ObjectCorrupt(f"ends before byte {end}", where=key)
        if length == 0:
            return b""
        first, last = offset // SEGMENT_BYTES, (end - 1) // SEGMENT_BYTES
        count = segments_in(known.bytes)
        start = HEADER_BYTES + first * SEALED_BYTES
        stop = HEADER_BYTES + (last + 1) * SEALED_BYTES
        if last == count - 1:
            stop -= count * SEGMENT_BYTES - known.bytes
        sealed = self._inner.get_range(key, start, stop - start)
        plain = opened(known.segments, sealed, first, count)
        skip = offset - first * SEGMENT_BYTES
        return plain[skip : skip + length]

    def _segments(self, header: Header, key: str) -> Segments:
        data_key = self.keys.find(header.data_key)
        if data_key is None:
            raise ObjectCorrupt(
                f"the store has no data key {header.data_key.hex()}", where=key,
                hint="its header is damaged, or a part of the folder keys/ is lost",
            )  # fmt: skip
        return Segments(data_key.secret, header, key)

    def _open(self, key: str) -> Opened:
        stored = self._inner.size(key)
        header = self._inner.get_range(key, 0, min(stored, HEADER_BYTES))
        segments = self._segments(header_of(header, key), key)
        found = Opened(_plain_size(stored, key), segments)
        with self._lock:
            self._opened[key] = found
            while len(self._opened) > HEADERS_KEPT:
                self._opened.popitem(last=False)
        return found

    def _known(self, key: str) -> Opened | None:
        with self._lock:
            if key in self._opened:
                self._opened.move_to_end(key)
            return self._opened.get(key)

    def _forget(self, key: str) -> None:
        with self._lock:
            self._opened.pop(key, None)


class _Sealing:
    """The sealed object; with another salt whenever it is gone through, as a retry does."""

    def __init__(self, key: str, parts: Iterable[Buffer], data_key: DataKey) -> None:
        self._key = key
        self._parts = parts
        self._data_key = data_key

    def __iter__(self) -> Iterator[bytes]:
        header = Header(self._data_key.id, secrets.token_bytes(SALT_BYTES))
        segments = Segments(self._data_key.secret, header, self._key)
        return sealed_parts(header, segments, self._parts)


def _plain_size(stored: int, key: str) -> int:
    found = plain_size(stored)
    if found is None:
        raise ObjectCorrupt(f"no encrypted object has {stored} bytes", where=key)
    return found


def _is_reserved(key: str) -> bool:
    return key.split("/")[0] == FOLDER


def _checked(key: str) -> str:
    if _is_reserved(check_key(key)):
        raise StorageError("names below keys/ are those of the data keys", where=key)
    return key
