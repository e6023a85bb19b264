"""One tree of settings: a TOML file, the environment over it, defaults below.

    MMSCONSOLE_HOME            everything (config, data, logs, sockets) under this folder
    config.toml                [section] key = value
    MMSCONSOLE_SECTION_KEY     the same key from the environment; lists are separated by ':'

A key that is not known, or a value that is not allowed, is an error that names the file, the
key and what is allowed. Nothing here is global: the tree is loaded once and passed on.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from mmsconsole.errors import SettingsError

PREFIX = "MMSCONSOLE_"
SYNC_MB_PER_SECOND_MAX = 100_000.0
HOME = "MMSCONSOLE_HOME"

Location = tuple[int | str, ...]
"""Of a value: section, key, and what lies deeper."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MongodSettings(Section):
    binaries: list[Path] = []
    """Paths of mongod binaries; looked at before PATH and the mongod extra."""


class MetadataSettings(Section):
    uri: SecretStr = SecretStr("")
    """An external replica set for the metadata; empty: the engine's private one."""


class StorageSettings(Section):
    url: str = ""
    """Where slices, oplog chunks and packs are kept: a folder; empty: inside the data folder."""


class HeadsSettings(Section):
    paths: list[Path] = []
    """Folders for heads; the one with most room is taken. Empty: inside the data folder."""
    cache_gb: float = Field(default=0.5, ge=0.25, le=1024)
    """WiredTiger cache of a head's mongod."""


class BackupSettings(Section):
    sync_from: Literal["secondary", "primary"] = "secondary"
    tail_from: Literal["primary", "secondary"] = "primary"
    snapshot_interval_minutes: int = Field(default=360, ge=0, le=7 * 24 * 60)
    """For deployments that are added from now on; 0: none by themselves."""
    oplog_window_hours_min: float = Field(default=3.0, ge=0, le=24 * 30)
    """The source's oplog must reach this far back (projected) for a backup to start."""
    sync_mb_per_second: float = Field(default=0.0, ge=0, le=SYNC_MB_PER_SECOND_MAX)
    """What an initial sync reads at most, in 1,000,000 bytes; 0: no limit. For deployments that
    are added from now on."""
    pause_cache_dirty_percent: float = Field(default=20.0, ge=0, le=100)
    """An initial sync pauses while so much of the source's cache is dirty; 0: never for that."""
    pause_cache_used_percent: float = Field(default=95.0, ge=0, le=100)
    pause_tickets_percent: float = Field(default=95.0, ge=0, le=100)
    """Share of the source's read or write tickets that is taken."""
    pause_lag_seconds: float = Field(default=60.0, ge=0, le=24 * 3600)
    """It pauses while a secondary of the source is so far behind; 0: never for that."""
    oplog_warning_percent: float = Field(default=50.0, gt=0, le=100)
    """People are warned when the stored oplog is behind by this share of the source's oplog."""
    oplog_critical_percent: float = Field(default=75.0, gt=0, le=100)
    slice_mb: int = Field(default=10, ge=1, le=15)
    chunk_seconds: float = Field(default=1.0, ge=0.1, le=60)
    """An oplog chunk is cut at least this often while there are entries."""


class ValidationSettings(Section):
    compare_mb: int = Field(default=4096, ge=0, le=1 << 30)
    """Of a new head's documents so much is compared with the source, small collections first; of
    the rest the count and samples."""
    compare_seconds: int = Field(default=120, ge=1, le=240)
    """How long one comparison may take: a source keeps 300 s of its history."""
    interval_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """How often the files of a head are validated; 0: only when somebody asks."""


class EngineSettings(Section):
    workers: int = Field(default=4, ge=1, le=64)
    """Jobs (initial syncs, snapshots, restores) at one time."""


class ConsoleSettings(Section):
    theme: str = "mms"
    refresh_seconds: float = Field(default=2.0, ge=1.0, le=60)
    ascii: bool = False
    """Only ASCII glyphs."""


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"


class SettingsTree(Section):
    mongod: MongodSettings = MongodSettings()
    metadata: MetadataSettings = MetadataSettings()
    storage: StorageSettings = StorageSettings()
    heads: HeadsSettings = HeadsSettings()
    backup: BackupSettings = BackupSettings()
    validation: ValidationSettings = ValidationSettings()
    engine: EngineSettings = EngineSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: LogSettings = LogSettings()


@dataclass(frozen=True, slots=True)
class Home:
    """Where things lie. Every folder is made on first use, readable by its owner alone."""

    config: Path
    data: Path
    logs: Path
    run: Path
    """Sockets and locks; socket paths must stay under 107 bytes."""
    restores: Path
    """Where the console proposes to put restored files; any other folder will do as well."""

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def metadata(self) -> Path:
        return self.data / "metadata"

    @property
    def storage(self) -> Path:
        return self.data / "storage"

    @property
    def heads(self) -> Path:
        return self.data / "heads"


@dataclass(frozen=True)
class Settings:
    tree: SettingsTree
    home: Home

    @cached_property
    def head_folders(self) -> list[Path]:
        named = [path.expanduser().absolute() for path in self.tree.heads.paths]
        return named or [self.home.heads]

    @cached_property
    def storage_folder(self) -> Path:
        url = self.tree.storage.url
        return Path(url).expanduser() if url else self.home.storage


def home_of(environ: Mapping[str, str]) -> Home:
    if environ.get(HOME):
        root = Path(environ[HOME]).expanduser().absolute()
        return Home(*(root / name for name in ("config", "data", "logs", "run", "restores")))
    dirs = platformdirs.PlatformDirs("mmsconsole", appauthor=False)
    # Not the runtime folder: it goes when the last session ends, and the engine outlives that.
    return Home(
        dirs.user_config_path,
        dirs.user_data_path,
        dirs.user_log_path,
        dirs.user_data_path / "run",
        Path.home() / "restores",
    )


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises SettingsError."""
    environ = os.environ if environ is None else environ
    home = home_of(environ)
    values = _from_file(home.config_file)
    _check(values, lambda _: str(home.config_file))
    for section, keys in _from_environment(environ).items():
        values[section] = {**values.get(section, {}), **keys}
    # The file was right, so what is wrong now is a variable.
    return Settings(_check(values, lambda key: variable_of(*key[:2])), home)


def variable_of(section: object, key: object) -> str:
    """The environment variable of one key."""
    return f"{PREFIX}{section}_{key}".upper()


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"not valid TOML: {error}", where=str(path)) from error
    except OSError as error:
        raise SettingsError(f"can not be read: {error.strerror}", where=str(path)) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    known = {
        variable_of(section, key): (section, key, info.annotation)
        for section, keys in _sections().items()
        for key, info in keys.items()
    }
    found: dict[str, dict[str, Any]] = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name == HOME:
            continue
        if name not in known:
            allowed = ", ".join([HOME, *sorted(known)])
            near = get_close_matches(name, [HOME, *known], n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise SettingsError("no such setting", where=name, hint=f"{meant}allowed: {allowed}")
        section, key, kind = known[name]
        is_list = getattr(kind, "__origin__", None) is list
        value = [part for part in text.split(":") if part] if is_list else text
        found.setdefault(section, {})[key] = value
    return found


def _sections() -> dict[str, dict[str, Any]]:
    return {
        name: dict(info.annotation.model_fields)  # type: ignore[union-attr]
        for name, info in SettingsTree.model_fields.items()
    }


def _check(values: dict[str, Any], where: Callable[[Location], str]) -> SettingsTree:
    """`where` says where a key was set."""
    try:
        return SettingsTree.model_validate(values)
    except ValidationError as error:
        # Without its cause: it quotes the values.
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{key}: {_said(first['type'], first['msg'])}",
            where=where(first["loc"]),
            hint=_allowed(first["loc"]),
        ) from None


def _said(kind: str, message: str) -> str:
    return "no such setting" if kind == "extra_forbidden" else message[0].lower() + message[1:]


def _allowed(location: Location) -> str:
    section = str(location[0])
    if section not in _sections() or len(location) < 2:
        return "allowed sections: " + ", ".join(_sections())
    return f"allowed in [{section}]: " + ", ".join(_sections()[section])
