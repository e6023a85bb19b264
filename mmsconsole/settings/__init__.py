"""One tree of settings: a TOML file, the environment over it, defaults below.

    MMSCONSOLE_HOME            everything (config, data, logs, sockets) under this folder
    config.toml                [section] key = value; [stores.NAME] for further stores, and
                               [notify.NAME] for each way to people
    MMSCONSOLE_SECTION_KEY     the same key from the environment; lists are separated by ':'
                               (not for those with a NAME: they are in the file alone)

A key that is not known, or a value that is not allowed, is an error that names the file, the
key and what is allowed. Nothing here is global: the tree is loaded once and passed on.

A section is a class in the module of its subject, and one line in `tree.SettingsTree`.
"""

from mmsconsole.settings.backups import (
    BLOCK_KIB,
    SYNC_MB_PER_SECOND_MAX,
    ZSTD_LEVELS,
    BackupSettings,
)
from mmsconsole.settings.home import HOME, Home, home_of
from mmsconsole.settings.loading import PREFIX, load_settings, variable_of
from mmsconsole.settings.stores import DEFAULT_STORE, GroomSettings, StoreSettings
from mmsconsole.settings.tree import Settings, SettingsTree

__all__ = [
    "BLOCK_KIB",
    "DEFAULT_STORE",
    "HOME",
    "PREFIX",
    "SYNC_MB_PER_SECOND_MAX",
    "ZSTD_LEVELS",
    "BackupSettings",
    "GroomSettings",
    "Home",
    "Settings",
    "SettingsTree",
    "StoreSettings",
    "home_of",
    "load_settings",
    "variable_of",
]
