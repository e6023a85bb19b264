"""USER@HOST:PATH, as scp has it. Pure."""

import re
from dataclasses import dataclass
from posixpath import normpath

from mmsconsole.errors import UsageError

HINT = "write it as USER@HOST:PATH, like backup@db7.example.net:/srv/restore; [HOST] for IPv6"
_ADDRESS = re.compile(
    r"(?:(?P<user>[^@:/]+)@)?(?P<host>\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?\]|[^@:/\[\]]+):(?P<path>.+)"
)
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\$?")


@dataclass(frozen=True, slots=True)
class RemotePlace:
    user: str
    """Empty: whoever runs the engine."""
    host: str
    path: str
    """Absolute, or from the folder that the server begins in; without '.' and '..'."""


def parse_place(text: str) -> RemotePlace:
    """Raises UsageError; nothing in it can be taken for an option, or leave the path."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        raise UsageError("this is no address of a folder on another machine", hint=HINT)
    user, host = found["user"] or "", found["host"].strip("[]")
    if not _HOST.fullmatch(host) or (user and not _USER.fullmatch(user)):
        raise UsageError("the name of the user or of the host can not be right", hint=HINT)
    return RemotePlace(user, host, remote_path(found["path"]))


def remote_path(path: str) -> str:
    """Raises UsageError."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        raise UsageError("a path holds no control characters", hint=HINT)
    plain = normpath(path).replace("//", "/", 1) if path.startswith("//") else normpath(path)
    if plain in ("/", ".") or plain.split("/")[0] in ("..", "~") or plain.startswith("~"):
        raise UsageError(f"{path!r} is not a folder that a restore may fill", hint=HINT)
    return plain
