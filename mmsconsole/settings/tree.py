"""All sections, and what follows from them together."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from mmsconsole.errors import SettingsError
from mmsconsole.settings.alerts import AlertsSettings
from mmsconsole.settings.backups import (
    BackupSettings,
    HeadsSettings,
    PolicySettings,
    RestoreSettings,
    ValidationSettings,
    VerificationSettings,
)
from mmsconsole.settings.engine import (
    ConsoleSettings,
    EngineSettings,
    LogSettings,
    MetadataSettings,
    MongodSettings,
    ServiceSettings,
)
from mmsconsole.settings.home import Home
from mmsconsole.settings.monitoring import MonitoringSettings
from mmsconsole.settings.notify import (
    CHANNEL_KINDS,
    CHANNEL_NAME_HINT,
    NotifySettings,
    check_channel_names,
)
from mmsconsole.settings.section import Section
from mmsconsole.settings.stores import (
    DEFAULT_STORE,
    STORE_NAME,
    STORE_NAME_HINT,
    CheckSettings,
    GroomSettings,
    StoreSettings,
)

NAMED = {
    "stores": f"each store is a section [stores.NAME] with a url; NAME: {STORE_NAME_HINT}",
    "notify": f"each channel is a section [notify.NAME] with a kind ({', '.join(CHANNEL_KINDS)}); "
    f"NAME: {CHANNEL_NAME_HINT}",
}
"""The sections that are there once for each name, [stores.NAME], and how they are written. The
environment does not set their keys."""


class SettingsTree(Section):
    mongod: MongodSettings = MongodSettings()
    metadata: MetadataSettings = MetadataSettings()
    storage: StoreSettings = StoreSettings()
    stores: dict[str, StoreSettings] = Field(default={})
    heads: HeadsSettings = HeadsSettings()
    backup: BackupSettings = BackupSettings()
    policy: PolicySettings = PolicySettings()
    validation: ValidationSettings = ValidationSettings()
    verification: VerificationSettings = VerificationSettings()
    groom: GroomSettings = GroomSettings()
    check: CheckSettings = CheckSettings()
    restore: RestoreSettings = RestoreSettings()
    service: ServiceSettings = ServiceSettings()
    engine: EngineSettings = EngineSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    alerts: AlertsSettings = AlertsSettings()
    notify: dict[str, NotifySettings] = Field(default={})
    console: ConsoleSettings = ConsoleSettings()
    log: LogSettings = LogSettings()

    @field_validator("notify")
    @classmethod
    def _check_channels(cls, channels: dict[str, NotifySettings]) -> dict[str, NotifySettings]:
        check_channel_names(channels)
        return channels

    @field_validator("stores")
    @classmethod
    def _check_names(cls, stores: dict[str, StoreSettings]) -> dict[str, StoreSettings]:
        for name, store in stores.items():
            if name == DEFAULT_STORE or not STORE_NAME.fullmatch(name):
                raise PydanticCustomError(
                    "store_name", "{name} can not be a store's name", {"name": repr(name)}
                )
            if not store.url.get_secret_value():
                raise PydanticCustomError("store_url", "{name} has no url", {"name": name})
        return stores


@dataclass(frozen=True)
class Settings:
    tree: SettingsTree
    home: Home

    @cached_property
    def head_folders(self) -> list[Path]:
        named = [path.expanduser().absolute() for path in self.tree.heads.paths]
        return named or [self.home.heads]

    @cached_property
    def stores(self) -> dict[str, StoreSettings]:
        """By name, the default first; each with a url."""
        default = self.tree.storage
        if not default.url.get_secret_value():
            default = default.model_copy(update={"url": SecretStr(str(self.home.storage))})
        return {DEFAULT_STORE: default, **self.tree.stores}

    @cached_property
    def store_folders(self) -> dict[str, Path]:
        """Of those stores that are folders of this machine, by name."""
        urls = {name: store.url.get_secret_value() for name, store in self.stores.items()}
        return {name: Path(url).expanduser() for name, url in urls.items() if "://" not in url}

    @cached_property
    def restores_folder(self) -> Path:
        """Where files are made that then go elsewhere."""
        return self._own_in(self.tree.restore.folder, "restores") or self.home.restores

    @cached_property
    def verification_folder(self) -> Path:
        """Where snapshots are restored to be verified."""
        return self._own_in(self.tree.verification.folder, "verification") or self.home.verification

    def _own_in(self, named: str, purpose: str) -> Path | None:
        """A named folder may serve several homes: each has one of its own inside."""
        if not named:
            return None
        home = hashlib.sha256(str(self.home.data).encode()).hexdigest()[:12]
        return Path(named).expanduser().absolute() / f"mmsconsole-{purpose}-{home}"

    def store(self, name: str) -> StoreSettings:
        """Raises SettingsError where the settings name no such store."""
        if name not in self.stores:
            hint = f"the stores are: {', '.join(self.stores)}; name another as [stores.NAME]"
            raise SettingsError(f"no store is called {name!r}", where="stores", hint=hint)
        return self.stores[name]
