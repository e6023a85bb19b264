"""What may be chosen for a deployment, checked."""

from typing import Any, TypedDict

from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.deployments import Deployment, ReadFrom
from mmsconsole.operations.desk import Desk
from mmsconsole.secret import Secret
from mmsconsole.settings import BLOCK_KIB, SYNC_MB_PER_SECOND_MAX, ZSTD_LEVELS, Settings

KIB = 1024
NO_COPY = "none"
MONGODB = "mongodb://"


class Wishes(TypedDict, total=False):
    """None, or left out: the settings' value, or as it was."""

    snapshot_interval_minutes: int | None
    sync_from: str | None
    tail_from: str | None
    sync_mb_per_second: float | None
    """0: no limit. It holds within seconds."""
    block_kib: int | None
    """Only when it is added: blocks of another size share nothing with those that are stored."""
    zstd_level: int | None
    """Only when it is added."""
    store: str | None
    """A name of the settings; only while nothing of the deployment is stored."""
    copy_to: str | None
    """A second store; "none": no copy. What is copied already stays there."""
    monitored: bool | None
    """Whether its members are asked how they are."""
    only_monitored: bool
    """Its user needs no rights for a backup; they are looked at when one is started."""


def changes_of(wishes: Wishes, settings: Settings) -> dict[str, Any]:
    """Fields of the record. Raises UsageError, SettingsError."""
    changes: dict[str, Any] = {}
    if (speed := wishes.get("sync_mb_per_second")) is not None:
        what = f"an initial sync reads 0 (no limit) to {SYNC_MB_PER_SECOND_MAX:g} MB/s"
        _check(0 <= speed <= SYNC_MB_PER_SECOND_MAX, what, speed)
        changes["sync_mb_per_second"] = float(speed)
    if (sync_from := wishes.get("sync_from")) is not None:
        changes["sync_from"] = _read_from(sync_from)
    if (tail_from := wishes.get("tail_from")) is not None:
        changes["tail_from"] = _read_from(tail_from)
    if (monitored := wishes.get("monitored")) is not None:
        changes["monitored"] = monitored
    return changes | _blocks(wishes) | _stores(wishes, settings)


def interval_of(wishes: Wishes) -> dict[str, int]:
    """The change of the deployment's policy that is wished for; empty: none."""
    minutes = wishes.get("snapshot_interval_minutes")
    return {} if minutes is None else {"interval_minutes": minutes}


def check_kept(changes: dict[str, Any]) -> None:
    """What stays as it was chosen. Raises UsageError."""
    if "block_bytes" in changes:
        raise UsageError("the size of blocks is chosen when a deployment is added")


def check_stores(desk: Desk, deployment: Deployment, changes: dict[str, Any]) -> None:
    """Raises UsageError, Refused."""
    store = changes.get("store", deployment.store)
    if store == changes.get("copy_to", deployment.copy_to):
        raise UsageError("the copy would be in the same store", where=store)
    if store != deployment.store and _has_data(desk, deployment):
        raise Refused(
            f"its backup lies in {deployment.store} already", where=deployment.name,
            hint="have a copy made elsewhere with --copy-to, or add it anew",
        )  # fmt: skip
    copy_to = changes.get("copy_to", deployment.copy_to)
    for name in (store, copy_to):
        if name and name in changes.values():
            _check_elsewhere(desk.settings, name, deployment)
    if "copy_to" in changes and copy_to and _plain_copy(desk.settings, store, copy_to):
        raise Refused(
            f"{store} is encrypted, and a copy in {copy_to} would not be", where=deployment.name,
            hint=f"give the store {copy_to} a key_file or a key_command while it is empty",
        )  # fmt: skip


def _check_elsewhere(settings: Settings, name: str, deployment: Deployment) -> None:
    """A backup inside its own source would be lost with it, and would back itself up."""
    from mmsconsole.mongod.source_uri import parse_uri

    url = settings.store(name).url.get_secret_value()
    if not url.startswith(MONGODB):
        return
    shared = {*parse_uri(Secret(url)).seeds} & {*parse_uri(deployment.uri).seeds}
    if shared:
        raise Refused(
            f"the store {name} lies in the replica set that is to be backed up "
            f"({', '.join(sorted(map(str, shared)))})",
            where=deployment.name, hint="name a store in another place: --store, --copy-to",
        )  # fmt: skip


def _plain_copy(settings: Settings, store: str, copy_to: str) -> bool:
    return settings.store(store).encrypted and not settings.store(copy_to).encrypted


def _has_data(desk: Desk, deployment: Deployment) -> bool:
    metadata = desk.metadata
    return (
        bool(deployment.head)
        or metadata.snapshots.newest(deployment.id) is not None
        or metadata.chunks.last(deployment.id) is not None
    )


def _blocks(wishes: Wishes) -> dict[str, int]:
    changes = {}
    if (block_kib := wishes.get("block_kib")) is not None:
        allowed = ", ".join(map(str, BLOCK_KIB))
        _check(block_kib in BLOCK_KIB, f"blocks have {allowed} KiB", block_kib)
        changes["block_bytes"] = block_kib * KIB
    if (level := wishes.get("zstd_level")) is not None:
        allowed = f"{ZSTD_LEVELS[0]} to {ZSTD_LEVELS[-1]}"
        _check(level in ZSTD_LEVELS, f"zstd has levels {allowed}", level)
        changes["zstd_level"] = level
    return changes


def _stores(wishes: Wishes, settings: Settings) -> dict[str, str]:
    changes = {}
    if (store := wishes.get("store")) is not None:
        settings.store(store)
        changes["store"] = store
    if (copy_to := wishes.get("copy_to")) is not None:
        if copy_to != NO_COPY:
            settings.store(copy_to)
        changes["copy_to"] = "" if copy_to == NO_COPY else copy_to
    return changes


def _check(allowed: bool, what: str, value: float) -> None:
    if not allowed:
        raise UsageError(what, where=str(value))


def _read_from(member: str) -> ReadFrom:
    try:
        return ReadFrom(member)
    except ValueError as error:
        raise UsageError("read from primary or secondary", where=member) from error
