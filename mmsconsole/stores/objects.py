"""Small things that all stores do with objects."""

import hashlib
import re
from collections.abc import Iterable

from mmsconsole.errors import ObjectCorrupt, UsageError
from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.task import Task

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


def plain_id(id_: str) -> str:
    """The id itself, if it can be part of a key. Raises UsageError."""
    if not _ID.fullmatch(id_):
        raise UsageError(f"{id_!r} is not an id")
    return id_


def sha256_hex(parts: Iterable[Buffer]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def get_verified(storage: Storage, key: str, sha256: str) -> bytes:
    """The whole object, if it still is what was stored. Raises ObjectMissing, ObjectCorrupt."""
    data = storage.get(key)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ObjectCorrupt("its bytes differ from its sha256", where=key)
    return data


def delete_below(storage: Storage, folder: str, task: Task) -> None:
    """Every object below a folder, those too that no record knows."""
    for stored in list(storage.list(folder)):
        task.check()
        storage.delete(stored.key)
