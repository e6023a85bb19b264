"""The storage that the settings name."""

from mmsconsole.errors import SettingsError
from mmsconsole.settings import Settings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.local import LocalStorage


def open_storage(settings: Settings) -> Storage:
    """Raises SettingsError where storage.url names a kind of place that is not supported."""
    url = settings.tree.storage.url
    if "://" in url:
        raise SettingsError(
            f"no storage for {url.partition('://')[0]}:// yet",
            where="storage.url",
            hint="name a folder of this machine, as an absolute path",
        )
    folder = settings.storage_folder.expanduser()
    if not folder.is_absolute():
        raise SettingsError("not an absolute path", where="storage.url", hint="begin it with /")
    return LocalStorage(folder)
