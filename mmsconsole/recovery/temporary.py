"""A metadata database for one restore: on a machine without an engine and without a home.

It lies in a folder of its own below the system's temporary one, which goes at the end; its mongod
ends with this process, however that ends.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from mmsconsole.clock import Clock
from mmsconsole.errors import KeyUnusable
from mmsconsole.metadata.binary import choose_for_metadata
from mmsconsole.metadata.connect import open_metadata
from mmsconsole.metadata.migrations import migrate
from mmsconsole.metadata.server import PrivateServer
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.secret import Secret
from mmsconsole.settings import DEFAULT_STORE, HOME, PREFIX, Settings, load_settings
from mmsconsole.storage.encryption.key_check import check_key
from mmsconsole.storage.open import open_storage
from mmsconsole.storage.storages import Storages
from mmsconsole.storage.urls import shown_url
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation

STORE = DEFAULT_STORE
TAKEN = (f"{PREFIX}STORAGE_", f"{PREFIX}MONGOD_", f"{PREFIX}HEADS_CACHE_GB")
"""Variables that mean something without a home: how to reach a store, and which mongod."""
STOP_SECONDS = 10.0
KEY_HINT = "give the store's master key: --key-file FILE, or MMSCONSOLE_STORAGE_KEY_COMMAND"


@contextmanager
def temporary_resources(
    url: Secret, key_file: Path | None, environ: Mapping[str, str], clock: Clock,
    stop: Cancellation,
) -> Iterator[Resources]:  # fmt: skip
    """With an empty metadata database, and the one store of that URL. `stop` ends the waits of
    its throttle and its retries.

    Raises SettingsError, KeyUnusable, StorageError, NoSuitableMongod, MongodError, MetadataError.
    Nothing is left at the end.
    """
    folder = Path(tempfile.mkdtemp(prefix="mms-"))
    try:
        settings = settings_for(url, key_file, environ, folder)
        _check_key(settings)  # what is wrong with URL or key is said before anything begins
        storages = Storages([STORE], lambda _: open_storage(settings, STORE, clock, stop), stop)
        with _metadata_server(settings, storages, environ, clock) as resources:
            yield resources
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_key(settings: Settings) -> None:
    """check_key() speaks of settings; here are none."""
    try:
        check_key(settings, STORE)
    except KeyUnusable as error:
        where = shown_url(settings.store(STORE).url.get_secret_value())
        raise KeyUnusable(error.what, where=where, hint=KEY_HINT) from error


def settings_for(
    url: Secret, key_file: Path | None, environ: Mapping[str, str], folder: Path
) -> Settings:
    """Raises SettingsError."""
    taken = {name: text for name, text in environ.items() if name.startswith(TAKEN)}
    settings = load_settings(taken | {HOME: str(folder)})
    changes: dict[str, object] = {"url": SecretStr(url.reveal())}
    if key_file is not None:
        changes |= {"key_file": str(key_file.expanduser().absolute()), "key_command": []}
    storage = settings.tree.storage.model_copy(update=changes)
    return Settings(settings.tree.model_copy(update={"storage": storage}), settings.home)


@contextmanager
def _metadata_server(
    settings: Settings, storages: Storages, environ: Mapping[str, str], clock: Clock
) -> Iterator[Resources]:
    binaries = find_binaries(settings.tree.mongod.binaries, environ)
    server = PrivateServer(settings.home, choose_for_metadata(binaries, None), clock)
    before = os.umask(0o077)
    try:
        server.start()
        metadata = open_metadata(settings)
        try:
            migrate(metadata, clock)
            yield Resources(settings, metadata, storages, clock, binaries)
        finally:
            metadata.close()
    finally:
        server.stop(STOP_SECONDS)
        os.umask(before)
