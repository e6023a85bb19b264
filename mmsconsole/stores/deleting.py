"""Objects are deleted: those that a store's lock keeps for some days are noted, and go later."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from mmsconsole.errors import ObjectLocked, SettingsError, StorageError, StorageUnreachable
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deletions import Deletion
from mmsconsole.storage.base import Storage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.expected import homes_of
from mmsconsole.task import Task

log = logging.getLogger(__name__)

AGAIN = timedelta(days=1)
"""Locks last for days; a store that is away is asked a little later too."""
RETRIED_MAX = 200
"""In one go."""


class Deleting:
    """From one store."""

    def __init__(self, storage: Storage, metadata: Metadata, store: str) -> None:
        self._storage = storage
        self._deletions = metadata.deletions
        self._store = store

    def note(self, subjects: Iterable[tuple[str, str]]) -> None:
        """Keys, each with the id of the record that refers to it, before that record goes."""
        self._deletions.note(self._store, subjects)

    def withdraw(self, keys: Iterable[str]) -> None:
        """They were noted, and are to stay."""
        self._deletions.settle(self._store, keys)

    def delete_noted(self, keys: Sequence[str]) -> None:
        """Their records are gone by now."""
        self._deletions.settle(self._store, [key for key in keys if self._deleted(key)])

    def delete(self, key: str) -> None:
        """What no record refers to."""
        if not self._deleted(key):
            self.note([(key, "")])

    def delete_below(self, folder: str, task: Task) -> None:
        """Every object below a folder, those too that no record knows."""
        for stored in self._storage.list(folder):
            task.check()
            self.delete(stored.key)

    def _deleted(self, key: str) -> bool:
        try:
            self._storage.delete(key)
        except ObjectLocked as error:
            log.info("to be deleted later: %s", error)
            return False
        return True


def retry_deletions(metadata: Metadata, storages: Storages, now: datetime) -> None:
    """What was noted, and whose time has come: after a crash, or when a lock may have ended."""
    away: dict[str, str] = {}
    for one in list(metadata.deletions.due(now, RETRIED_MAX)):
        why = away.get(one.store) or _why_not_yet(metadata, storages, one, away)
        if why:
            metadata.deletions.set_where({"_id": one.id}, not_before=now + AGAIN, reason=why)
        else:
            metadata.deletions.remove(one.id)


def _why_not_yet(
    metadata: Metadata, storages: Storages, one: Deletion, away: dict[str, str]
) -> str:
    """Empty when it is gone. A store that does not answer is not asked for the others: it would
    take its time for each, and everything that is to be deleted waits.
    """
    if _is_referred(metadata, one):
        return "a record refers to it"  # who removes that deletes the object too
    try:
        storages.of(one.store).delete(one.key)
    except StorageUnreachable as error:
        away[one.store] = str(error)
        return str(error)
    except (StorageError, SettingsError) as error:
        return str(error)
    return ""


def _is_referred(metadata: Metadata, one: Deletion) -> bool:
    """By the record that it was noted with, or by one that a rebuild of the store has made since:
    a lock keeps objects so that they can be had back.
    """
    return homes_of(metadata, [one.key]).get(one.key) in ("", one.store)
