"""A backup of the metadata into a store: a catalogue of what belongs to the deployments in it."""

import logging
from dataclasses import dataclass

from mmsconsole.errors import ObjectLocked, StorageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.migrations import schema_version
from mmsconsole.recovery.contents import Scope, kept_deployments, records_of
from mmsconsole.settings import Settings
from mmsconsole.storage.base import Storage
from mmsconsole.stores.catalogue import (
    CatalogueWriter,
    catalogue_key,
    names_in,
    next_time,
    surplus,
)
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

log = logging.getLogger(__name__)

PHASE = "backing up the metadata (records)"


@dataclass(frozen=True, slots=True)
class BackedUp:
    key: str
    records: int
    bytes: int


def is_encrypted(settings: Settings, store: str) -> bool:
    """Whether what is put there can be read with its key alone. Raises SettingsError."""
    found = settings.store(store)
    return bool(found.key_file or found.key_command)


def back_up(resources: Resources, store: str, engine: str, task: Task) -> BackedUp:
    """Durable on return; older ones of this engine are gone. Passwords only where the store is
    encrypted. Raises StorageError, MetadataError, SettingsError, Cancelled.
    """
    storage = resources.storages.of(store)
    names = names_in(storage)
    at = next_time(resources.clock.now(), names)
    scope = Scope.of(resources.metadata, store)
    secrets = is_encrypted(resources.settings, store)
    deployments, without = kept_deployments(scope.deployments, secrets=secrets)
    header = {
        "engine": engine,
        "at": resources.clock.now(),
        "schema": schema_version(resources.metadata),
        "without_password": without,
    }
    key = catalogue_key(engine, at, new_id())
    with CatalogueWriter(header) as writer:
        for collection, record in records_of(resources.metadata, scope, deployments):
            task.check()
            writer.add(collection, record)
            task.report(PHASE, writer.records, None)
        stored = writer.store(storage, key)
    _drop_older(storage, engine)
    return BackedUp(key, writer.records, stored)


def _drop_older(storage: Storage, engine: str) -> None:
    """What can not be deleted now is tried again by the next backup."""
    for name in surplus(names_in(storage), engine):
        try:
            storage.delete(name.key)
        except ObjectLocked as error:
            log.info("a catalogue stays for now: %s", error)
        except StorageError as error:
            log.warning("an old catalogue could not be deleted: %s", error)
