"""Does a storage do what it has to? A small object is put, read and deleted."""

from mmsconsole.errors import ObjectCorrupt, ObjectLocked
from mmsconsole.storage.base import Storage

FOLDER = "probes"
CONTENT = b"mmsconsole was here: this object may be deleted"


def probe(storage: Storage, id_: str) -> None:
    """Nothing is left, except where the storage locks what it takes.

    Raises StorageError or what else is wrong with it; ObjectCorrupt where it gives other bytes.
    """
    key = f"{FOLDER}/{id_}"
    storage.put(key, [CONTENT])
    if storage.get(key) != CONTENT:
        raise ObjectCorrupt("other bytes were read than had been written", where=key)
    try:
        storage.delete(key)
    except ObjectLocked:
        return  # as it has to be
