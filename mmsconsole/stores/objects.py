"""Small things that all stores do with objects."""

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress

from mmsconsole.errors import ObjectCorrupt, StorageError, UsageError
from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.storage.fallback import second_of, tell_second

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


def is_plain_id(id_: str) -> bool:
    return _ID.fullmatch(id_) is not None


def plain_id(id_: str) -> str:
    """The id itself, if it can be part of a key. Raises UsageError."""
    if not is_plain_id(id_):
        raise UsageError(f"{id_!r} is not an id")
    return id_


def sha256_hex(parts: Iterable[Buffer]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def get_verified(storage: Storage, key: str, sha256: str) -> bytes:
    """The whole object, if it still is what was stored, or a second store's copy of it is.

    Raises ObjectMissing, ObjectCorrupt.
    """
    data = storage.get(key)
    if hashlib.sha256(data).hexdigest() == sha256:
        return data
    second = second_of(storage)
    if second is not None:
        with suppress(StorageError):  # what is wrong with the first one is what matters
            data = get_verified(second, key, sha256)
            tell_second(storage, key)
            return data
    raise ObjectCorrupt("its bytes differ from its sha256", where=key)
