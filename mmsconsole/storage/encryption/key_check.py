"""Whether each store's master key fits it: asked at start, before anything depends on it."""

import logging

from mmsconsole.errors import KeyUnusable, StorageError
from mmsconsole.settings import Settings
from mmsconsole.storage.encryption.encrypted import EncryptedStorage
from mmsconsole.storage.encryption.unencrypted import UnencryptedStorage
from mmsconsole.storage.marked import Memories
from mmsconsole.storage.open import open_url
from mmsconsole.storage.storages import Storages, open_storages

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""For a look at the start: a store that is away now may be back when it is needed."""


def checked_storages(settings: Settings, memories: Memories | None = None) -> Storages:
    """All stores of the settings. Raises KeyUnusable; says only in the log what does not answer."""
    for name in settings.stores:
        try:
            check_key(settings, name)
        except KeyUnusable:
            raise
        except StorageError as error:
            log.warning("the store %s can not be used now: %s", name, error)
    return open_storages(settings, memories=memories)


def check_key(settings: Settings, name: str) -> bool:
    """Whether the store is encrypted. Raises KeyUnusable, StorageError, SettingsError."""
    try:
        store = settings.store(name)
        seconds = min(store.timeout_seconds, PATIENCE_SECONDS)
        storage = open_url(store.model_copy(update={"tries": 1, "timeout_seconds": seconds}))
        if isinstance(storage, EncryptedStorage | UnencryptedStorage):
            storage.check_key()
    except KeyUnusable as error:
        raise KeyUnusable(str(error), where=f"store {name}", hint=error.hint) from error
    return isinstance(storage, EncryptedStorage)
