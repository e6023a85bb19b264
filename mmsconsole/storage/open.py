"""The storage that the settings name, in its wrappers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsconsole.clock import Clock, SystemClock
from mmsconsole.errors import SettingsError
from mmsconsole.secret import Secret
from mmsconsole.settings import DEFAULT_STORE, Settings, StoreSettings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.encryption.encrypted import EncryptedStorage
from mmsconsole.storage.encryption.master_key import master_key
from mmsconsole.storage.encryption.unencrypted import UnencryptedStorage
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.marked import MarkedFolder, Memories, Memory
from mmsconsole.storage.retrying import Backoff, Retrying
from mmsconsole.storage.throttled import Throttled
from mmsconsole.storage.urls import WHERE, scheme_of
from mmsconsole.task import Cancellation

Opener = Callable[[StoreSettings, Clock], Storage]


def open_storage(
    settings: Settings,
    name: str = DEFAULT_STORE,
    clock: Clock | None = None,
    stop: Cancellation | None = None,
    memories: Memories | None = None,
) -> Storage:
    """Nothing is asked of the place itself. Raises SettingsError where it can not be used.

    `stop` ends the waits of throttle and retries, for good: Cancelled is raised then. `memories`
    tell whether a folder is the store that it was; without them it is taken as it is.
    """
    store = settings.store(name)
    section = "storage" if name == DEFAULT_STORE else f"stores.{name}"
    try:
        return open_url(store, clock, stop, memories(name) if memories else None)
    except SettingsError as error:
        where = f"{section}.{error.where}"
        raise SettingsError(error.what, where=where, hint=error.hint) from error


def open_url(
    store: StoreSettings,
    clock: Clock | None = None,
    stop: Cancellation | None = None,
    memory: Memory | None = None,
) -> Storage:
    """As `open_storage`, of a place that no section of the settings has to name."""
    clock, stop = clock or SystemClock(), stop or Cancellation()
    storage = _backend(store, clock)
    if memory is not None and isinstance(storage, LocalStorage):
        storage = MarkedFolder(storage, memory)
    if store.mb_per_second:
        storage = Throttled(storage, store.mb_per_second, clock, stop)
    if scheme_of(store.url.get_secret_value()):  # nothing is on the way to a folder
        storage = Retrying(storage, Backoff(store.tries), clock, stop)
    return _encrypted(storage, store)


def _encrypted(storage: Storage, store: StoreSettings) -> Storage:
    master = master_key(store.key_file, store.key_command)
    return EncryptedStorage(storage, master) if master else UnencryptedStorage(storage)


def _backend(store: StoreSettings, clock: Clock) -> Storage:
    scheme = scheme_of(store.url.get_secret_value())
    if scheme not in OPENERS:
        allowed = ", ".join(f"{name}://" for name in OPENERS if name)
        hint = f"name a folder of this machine as an absolute path, or one of {allowed}"
        raise SettingsError(f"no storage for {scheme}://", where=WHERE, hint=hint)
    if store.lock_days and scheme != "s3":
        hint = "leave it out, or use a bucket with object lock by s3://"
        raise SettingsError("a lock is for s3:// only", where="lock_days", hint=hint)
    with _extra(scheme):
        return OPENERS[scheme](store, clock)


def _open_folder(store: StoreSettings, _clock: Clock) -> Storage:
    folder = Path(store.url.get_secret_value()).expanduser()
    if not folder.is_absolute():
        hint = f"begin it with /, or with one of {', '.join(f'{s}://' for s in OPENERS if s)}"
        raise SettingsError("not an absolute path", where=WHERE, hint=hint)
    return LocalStorage(folder)


def _open_s3(store: StoreSettings, clock: Clock) -> Storage:
    from mmsconsole.storage.s3.s3_storage import open_s3

    return open_s3(store, clock)


def _open_gcs(store: StoreSettings, _clock: Clock) -> Storage:
    from mmsconsole.storage.clouds.cloud_storage import open_gcs

    return open_gcs(store)


def _open_azure(store: StoreSettings, _clock: Clock) -> Storage:
    from mmsconsole.storage.clouds.cloud_storage import open_azure

    return open_azure(store)


def _open_mongo(store: StoreSettings, _clock: Clock) -> Storage:
    from mmsconsole.storage.mongodb.url import open_mongo

    return open_mongo(Secret(store.url.get_secret_value()), store.timeout_seconds)


OPENERS: dict[str, Opener] = {
    "": _open_folder,
    "s3": _open_s3,
    "gs": _open_gcs,
    "az": _open_azure,
    "mongodb": _open_mongo,
}
"""By the scheme of the URL. What a scheme needs is imported when one is opened."""

EXTRAS = {"boto3": "s3", "botocore": "s3", "obstore": "cloud"}
"""The extra that carries a package."""


@contextmanager
def _extra(scheme: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        hint = f"pip install 'mmsconsole[{EXTRAS[package]}]'"
        what = f"{scheme}:// needs the package {package}, which is not installed"
        raise SettingsError(what, where=WHERE, hint=hint) from error
