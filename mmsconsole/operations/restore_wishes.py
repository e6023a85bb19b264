"""What people wish of a restore, checked and in words. Nothing is asked of anybody here but the
records.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mmsconsole.errors import UsageError
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.operations.amounts import in_words
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.restore_words import LOCAL
from mmsconsole.restore.delivery.choosing import delivery_class
from mmsconsole.restore.selecting import check_selection
from mmsconsole.secret import Secret

COMPRESSIONS = {
    TargetKind.TAR: ("", "gzip", "zstd"),
    TargetKind.LINK: ("", "gzip", "zstd"),
    TargetKind.ARCHIVE: ("", "gzip"),
    TargetKind.DUMP: ("", "gzip"),
    TargetKind.SSH: ("", "gzip"),
}
HOURS_MAX = 24 * 31
DOWNLOADS_MAX = 1_000_000
MB_PER_SECOND_MAX = 100_000
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,254}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class RestoreWish:
    name: str
    """Of the deployment that was backed up."""
    target: Target
    """Paths as people name them; `deployment` may be a name."""
    snapshot: str | None = None
    at: str | None = None
    selection: Selection = WHOLE
    secret: Secret | None = None
    """The URI of a live target, or the passphrase of an SSH key."""


def settled(desk: Desk, wish: RestoreWish) -> RestoreWish:
    """With absolute paths and the deployment's id. Raises UsageError, NotFound, Refused."""
    target = _with_paths(wish.target)
    _check_numbers(target)
    _check_compression(target)
    if target.kind is TargetKind.SSH:
        _check_ssh(target)
    if target.kind is TargetKind.LIVE:
        target = _check_live(desk, target, wish.secret)
    check_selection(wish.selection, logical=delivery_class(target).logical)
    return replace(wish, target=target)


def _with_paths(target: Target) -> Target:
    if target.kind in LOCAL:
        return replace(target, path=str(_absolute(target)))
    if target.kind is TargetKind.SSH:
        identity, known_hosts = _file(target.identity), _file(target.known_hosts)
        return replace(target, identity=identity, known_hosts=known_hosts)
    return target


def _file(named: str) -> str:
    return str(Path(named).expanduser().absolute()) if named else ""


def _absolute(target: Target) -> Path:
    """Raises UsageError."""
    what = "folder" if target.kind in (TargetKind.FOLDER, TargetKind.DUMP) else "file"
    path = Path(target.path)
    if not path.parts:
        hint = "name it; '.' is the one you are in" if what == "folder" else "name it"
        raise UsageError(f"the {what} has no name", hint=hint)
    if "\0" in target.path:
        raise UsageError(f"the name of a {what} can not hold a NUL")
    return path.expanduser().absolute()


def _check_numbers(target: Target) -> None:
    _check_between(target.mb_per_second, 0, MB_PER_SECOND_MAX, "MB per second")
    if target.kind is TargetKind.OPEN and target.mb_per_second:
        raise UsageError("nothing is sent anywhere that could be slowed", where="MB per second")
    if target.kind in (TargetKind.LINK, TargetKind.OPEN):
        _check_between(target.hours, 1 / 60, HOURS_MAX, "hours")
    if target.kind is TargetKind.LINK:
        _check_between(target.downloads, 0, DOWNLOADS_MAX, "downloads of a link")


def _check_between(value: float, least: float, most: float, what: str) -> None:
    if not least <= value <= most:  # also for what is no number
        from_, to, said = (in_words(each, "") for each in (least, most, value))
        raise UsageError(f"{what}: {from_} to {to}", where=said or str(value))


def _check_compression(target: Target) -> None:
    allowed = COMPRESSIONS.get(target.kind, ("",))
    if target.compression not in allowed:
        named = ", ".join(one or "none" for one in allowed)
        raise UsageError(f"this target is compressed by: {named}", where=target.compression)


def _check_ssh(target: Target) -> None:
    if not _HOST.fullmatch(target.host):
        raise UsageError("no name of a host", where=repr(target.host), hint="USER@HOST:PATH")
    if target.user and not _USER.fullmatch(target.user):
        raise UsageError("no name of a user", where=repr(target.user), hint="USER@HOST:PATH")
    if not 0 < target.port < 65536:
        raise UsageError("a port is 1 to 65535", where=str(target.port))
    if not target.path or "\0" in target.path or ".." in PurePosixPath(target.path).parts:
        raise UsageError(
            "no path on the other host", where=repr(target.path), hint="USER@HOST:PATH"
        )


def _check_live(desk: Desk, target: Target, secret: Secret | None) -> Target:
    if bool(target.deployment) == (secret is not None):
        raise UsageError("a live target is either a deployment or a connection string")
    if secret is not None:
        parse_uri(secret)
        return target
    known = desk.metadata.deployments.find(target.deployment)
    found = known or desk.metadata.deployments.named(target.deployment)
    return replace(target, deployment=found.id)


def seeds_of(desk: Desk, target: Target, secret: Secret | None) -> frozenset[str]:
    """The members that a live target is known by."""
    if target.kind is not TargetKind.LIVE:
        return frozenset()
    if secret is None and target.deployment:
        secret = desk.metadata.deployments.get(target.deployment).uri
    if secret is None and (kept := desk.metadata.restore_secrets.find(target.credential)):
        secret = kept.secret
    return frozenset() if secret is None else frozenset(map(str, parse_uri(secret).seeds))
