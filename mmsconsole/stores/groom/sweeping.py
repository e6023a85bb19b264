"""Objects that no record refers to: noted when they are seen first, deleted a day later.

A crash leaves them behind: bytes are stored before the record that refers to them, and a record
goes before its object. What is written right now has no record yet either: so an object is only
deleted when it was found without one twice, some hours apart, and once more right before.

What belongs to another store by its record was a copy, maybe; or the settings tell another name, or
another URL, than when it was stored. So it goes only when its own store has it, in another place.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from mmsconsole.clock import Clock
from mmsconsole.errors import ObjectMissing, SettingsError, StorageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.orphans import Orphan
from mmsconsole.storage.base import Storage, StoredObject
from mmsconsole.storage.probe import CONTENT as PROBE
from mmsconsole.storage.probe import FOLDER as PROBES
from mmsconsole.stores.deleting import Deleting
from mmsconsole.stores.expected import FOLDERS, Expected, homes_of, pack_of
from mmsconsole.task import Task

log = logging.getLogger(__name__)

Homes = Callable[[str], Storage]
"""The store of a name. Raises SettingsError, StorageError."""

PHASE = "looking for orphans (objects)"
BATCH = 1000

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Swept:
    orphans: int
    """Objects without a record that are still there."""
    orphan_bytes: int
    deleted: int
    deleted_bytes: int


class Sweeping:
    """Of one store."""

    def __init__(
        self, storage: Storage, metadata: Metadata, store: str, clock: Clock, homes: Homes
    ) -> None:
        self._storage = storage
        self._metadata = metadata
        self._store = store
        self._clock = clock
        self._homes = homes
        self._others: dict[str, Storage | None] = {}

    def run(self, orphan_hours: float, task: Task, needed: Collection[str] = frozenset()) -> Swept:
        """`needed`: ids of packs that manifests name, whatever the records say.

        Raises StorageError, MetadataError, Cancelled; what was noted by then stays noted.
        """
        look = new_id()
        found, size = self._look(look, task)
        self._metadata.orphans.keep_seen(self._store, look)
        deleted, deleted_bytes = self._delete(orphan_hours, needed, task)
        return Swept(found - deleted, size - deleted_bytes, deleted, deleted_bytes)

    def _look(self, look: str, task: Task) -> tuple[int, int]:
        """How many orphans there are, and their bytes."""
        seen = count = size = 0
        expected = Expected(self._metadata, self._store)
        for batch in batches(self._objects()):
            task.check()
            there = expected.among(one.key for one in batch)
            orphans = [(one.key, one.bytes) for one in batch if one.key not in there]
            self._metadata.orphans.see(self._store, orphans, look, self._clock.now())
            seen, count = seen + len(batch), count + len(orphans)
            size += sum(bytes_ for _, bytes_ in orphans)
            task.report(PHASE, seen, None)
        return count, size

    def _delete(self, orphan_hours: float, needed: Collection[str], task: Task) -> tuple[int, int]:
        deleted = size = 0
        until = self._clock.now() - timedelta(hours=orphan_hours)
        deleting = Deleting(self._storage, self._metadata, self._store)
        orphans = self._metadata.orphans
        while due := list(orphans.seen_by(self._store, until, BATCH)):
            task.check()
            there = Expected(self._metadata, self._store).among(one.key for one in due)
            there |= {one.key for one in due if pack_of(one.key) in needed}
            homes = homes_of(self._metadata, (one.key for one in due if one.key not in there))
            for one in due:
                home = homes.get(one.key)
                if one.key not in there and (home is None or self._is_in(home, one)):
                    deleting.delete(one.key)
                    deleted, size = deleted + 1, size + one.bytes
                orphans.remove(one.id)
        return deleted, size

    def _is_in(self, home: str, orphan: Orphan) -> bool:
        """Whether the store that the object belongs to has it, and is another place than this."""
        if home not in self._others:
            self._others[home] = self._other(home)
        storage = self._others[home]
        try:
            return storage is not None and storage.size(orphan.key) == orphan.bytes
        except StorageError:
            return False

    def _other(self, home: str) -> Storage | None:
        """None where it is not there, or is this very place under another name."""
        key = f"{PROBES}/{new_id()}"
        try:
            storage = self._homes(home)
            self._storage.put(key, [PROBE])
            try:
                return None if _has(storage, key) else storage
            finally:
                Deleting(self._storage, self._metadata, self._store).delete(key)
        except (StorageError, SettingsError) as error:
            log.warning("the store %s is not looked into: %s", home, error)
            return None

    def _objects(self) -> Iterator[StoredObject]:
        for folder in FOLDERS:
            yield from self._storage.list(folder)


def _has(storage: Storage, key: str) -> bool:
    try:
        return bool(storage.size(key))
    except ObjectMissing:
        return False


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch
