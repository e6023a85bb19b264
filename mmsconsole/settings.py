"""One tree of settings: a TOML file, the environment over it, defaults below.

    MMSCONSOLE_HOME            everything (config, data, logs, sockets) under this folder
    config.toml                [section] key = value, and [stores.NAME] for further stores
    MMSCONSOLE_SECTION_KEY     the same key from the environment; lists are separated by ':'
                               (not for [stores.NAME]: those are in the file alone)

A key that is not known, or a value that is not allowed, is an error that names the file, the
key and what is allowed. Nothing here is global: the tree is loaded once and passed on.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from mmsconsole.errors import SettingsError, UsageError
from mmsconsole.policy.policy import SnapshotPolicy

PREFIX = "MMSCONSOLE_"
SYNC_MB_PER_SECOND_MAX = 100_000.0
BLOCK_KIB = (64, 128, 256, 512, 1024, 2048, 4096)
ZSTD_LEVELS = range(1, 20)
HOME = "MMSCONSOLE_HOME"
CLASSIC = SnapshotPolicy()

DEFAULT_STORE = "default"
"""The store of the section [storage]."""
STORE_NAME = re.compile(r"[a-z0-9-]{1,32}")
STORE_NAME_HINT = (
    f"1 to 32 of a-z, 0-9 and '-'; [storage] is the one that is called {DEFAULT_STORE!r}"
)

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
    backup_hours: float = Field(default=6.0, gt=0, le=24 * 7)
    """How often it is backed up into every store that is in use; soon after a change by people."""


class StoreSettings(Section):
    """One place where slices, oplog chunks, packs and manifests are kept."""

    url: SecretStr = SecretStr("")
    """A folder, s3://, gs://, az:// or mongodb://. It may hold a password: storage/urls.py shows
    it without. Empty in [storage]: a folder inside the data folder."""
    mb_per_second: float = Field(default=0.0, ge=0, le=100_000)
    """What is read and written at most, together, in 1,000,000 bytes; 0: no limit."""
    timeout_seconds: float = Field(default=60.0, ge=1, le=3600)
    """How long one call may wait for an answer."""
    tries: int = Field(default=5, ge=1, le=100)
    """How often a call is made before it counts as failed."""
    key_file: str = ""
    """The file with the master key: objects are encrypted before they leave this process."""
    key_command: list[str] = []
    """The program, with its arguments, that prints the master key."""
    lock_days: int = Field(default=0, ge=0, le=36_500)
    """So long the store refuses to delete an object (S3 object lock); 0: no lock."""

    @property
    def encrypted(self) -> bool:
        return bool(self.key_file or self.key_command)


class HeadsSettings(Section):
    paths: list[Path] = []
    """Folders for heads; the one with most room is taken. Empty: inside the data folder."""
    cache_gb: float = Field(default=0.5, ge=0.25, le=1024)
    """WiredTiger cache of a head's mongod."""


class BackupSettings(Section):
    sync_from: Literal["secondary", "primary"] = "secondary"
    tail_from: Literal["primary", "secondary"] = "primary"
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
    block_kib: int = 256
    """Into blocks of this size snapshots are cut. For deployments that are added from now on."""
    zstd_level: int = Field(default=1, ge=ZSTD_LEVELS.start, lt=ZSTD_LEVELS.stop)
    """How hard blocks are compressed. For deployments that are added from now on."""

    @field_validator("block_kib")
    @classmethod
    def _check_block_size(cls, block_kib: int) -> int:
        if block_kib not in BLOCK_KIB:
            allowed = ", ".join(map(str, BLOCK_KIB))
            raise PydanticCustomError("block_kib", "one of {allowed}", {"allowed": allowed})
        return block_kib


class PolicySettings(Section):
    """What the snapshot policy of a group begins with; policy/policy.py says what each key means.

    Changed afterwards by: mmsconsole policy set --group.
    """

    interval_minutes: int = CLASSIC.interval_minutes
    reference_hour: int = CLASSIC.reference_hour
    reference_minute: int = CLASSIC.reference_minute
    zone: str = CLASSIC.zone
    base_days: int = CLASSIC.base_days
    daily: int = CLASSIC.daily
    weekly: int = CLASSIC.weekly
    monthly: int = CLASSIC.monthly
    yearly: int = CLASSIC.yearly
    oplog_hours: int = CLASSIC.oplog_hours
    verify: str = CLASSIC.verify
    full_read_days: int = CLASSIC.full_read_days

    @field_validator("*")
    @classmethod
    def _check(cls, value: Any, info: ValidationInfo) -> Any:
        """With the keys before it: the longest base depends on the interval."""
        try:
            CLASSIC.changed({**info.data, str(info.field_name): value})
        except UsageError as error:
            said = {"what": error.what, "hint": error.hint}
            raise PydanticCustomError("policy", "{what}: {hint}", said) from error
        return value

    @property
    def policy(self) -> SnapshotPolicy:
        return SnapshotPolicy(**self.model_dump())


class ValidationSettings(Section):
    compare_mb: int = Field(default=4096, ge=0, le=1 << 30)
    """Of a new head's documents so much is compared with the source, small collections first; of
    the rest the count and samples."""
    compare_seconds: int = Field(default=120, ge=1, le=240)
    """How long one comparison may take: a source keeps 300 s of its history."""
    interval_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """How often the files of a head are validated; 0: only when somebody asks."""


class VerificationSettings(Section):
    folder: str = ""
    """Where snapshots are restored to be verified; what is there of ours is removed again. Empty:
    inside the data folder."""
    hash_seconds: float = Field(default=300.0, ge=0, le=6 * 3600)
    """So long a head may be read at the time of a snapshot, so that the restored data can be
    compared with it; collections for which the time does not suffice are compared by their count,
    options and indexes alone."""
    moments_per_day: float = Field(default=1.0, ge=0, le=24)
    """Moments of the window, of each deployment, that are restored and compared; 0: none."""
    hours_max: float = Field(default=24.0, gt=0, le=24 * 7)
    """A verification that takes longer is given up."""
    warn_hours: float = Field(default=48.0, gt=0, le=24 * 365)
    """People are warned when so long no snapshot was found good, beside what the policy itself
    lets pass between two verifications."""


class GroomSettings(Section):
    living_percent: float = Field(default=60.0, ge=0, le=100)
    """A pack of which less than this is still needed is rewritten."""
    dead_mb: float = Field(default=64.0, ge=0, le=1 << 30)
    """By itself a groom rewrites nothing for less than this of dead bytes; packs that nobody
    needs go in any case."""
    interval_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """The least time between two grooms of a pool by themselves; 0: only when somebody asks."""
    orphan_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """An object that no record refers to is deleted after this."""


class CheckSettings(Section):
    interval_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """How often a store is checked; 0: only when somebody asks."""
    read_percent: float = Field(default=4.0, ge=0, le=100)
    """So much of its objects is read whole each time: with 4 all of them within 25 checks."""


class RestoreSettings(Section):
    folder: str = ""
    """Where files are made that go elsewhere; they are removed again. Empty: the folder that is
    proposed for restored files."""
    at_once: int = Field(default=2, ge=1, le=64)
    """Restores at one time; others wait their turn."""
    mb_per_second: float = Field(default=0.0, ge=0, le=100_000)
    """What all restores together read and write at most, in 1,000,000 bytes; 0: no limit."""


class ServiceSettings(Section):
    """The front end: downloads, health, metrics, by HTTPS."""

    listen: str = "127.0.0.1:8080"
    """Address and port; [ADDRESS]:PORT for IPv6. Empty: it does not listen. Loopback alone by
    default: who opens it to others (0.0.0.0:8080) says so."""
    names: list[str] = []
    """Names and addresses by which others reach this host; links carry the first. They stand in
    the certificate, beside the host's own name, localhost and where it listens."""
    certificate: str = ""
    """A PEM file with the chain; empty: the engine has a CA of its own and makes one."""
    key: str = ""
    """The PEM file of its private key, without a password."""
    downloads_max: int = Field(default=4, ge=1, le=64)
    """At one time; each takes some 100 MB of memory."""

    @field_validator("listen")
    @classmethod
    def _check_listen(cls, listen: str) -> str:
        host, colon, port = listen.rpartition(":")
        right = colon and host and port.isascii() and port.isdigit() and int(port) < 1 << 16
        if listen and not (right and (":" not in host or host[0] + host[-1] == "[]")):
            raise PydanticCustomError("listen", "ADDRESS:PORT, or empty", {})
        return listen

    @property
    def place(self) -> tuple[str, int]:
        """Address and port. Only where it listens."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


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
    storage: StoreSettings = StoreSettings()
    stores: dict[str, StoreSettings] = {}
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
    console: ConsoleSettings = ConsoleSettings()
    log: LogSettings = LogSettings()

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
    def store_marks(self) -> Path:
        """A file for each store that is a folder: see storage/kept_marks.py."""
        return self.data / "store-marks"

    @property
    def heads(self) -> Path:
        return self.data / "heads"

    @property
    def verification(self) -> Path:
        return self.data / "verification"


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

    def store(self, name: str) -> StoreSettings:
        """Raises SettingsError where the settings name no such store."""
        if name not in self.stores:
            hint = f"the stores are: {', '.join(self.stores)}; name another as [stores.NAME]"
            raise SettingsError(f"no store is called {name!r}", where="stores", hint=hint)
        return self.stores[name]


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
    """The keys of each section that the environment may set."""
    return {
        name: dict(info.annotation.model_fields)  # type: ignore[union-attr]
        for name, info in SettingsTree.model_fields.items()
        if name != "stores"
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
    if section == "stores":
        return _allowed_in_stores(location)
    if section not in _sections() or len(location) < 2:
        return "allowed sections: " + ", ".join(SettingsTree.model_fields)
    return f"allowed in [{section}]: " + ", ".join(_sections()[section])


def _allowed_in_stores(location: Location) -> str:
    if len(location) < 3:
        return f"each store is a section [stores.NAME] with a url; NAME: {STORE_NAME_HINT}"
    return f"allowed in [stores.{location[1]}]: " + ", ".join(StoreSettings.model_fields)
