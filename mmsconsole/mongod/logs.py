"""A mongod's log: lines of JSON, and what the loader or the guard says before the first."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOG_BYTES_MAX = 16 << 20
"""A log larger than this at a start is put aside (one older log is kept)."""
TAIL_BYTES_MAX = 64 << 10
REASON_CHARACTERS_MAX = 500
NO_ROOM_BYTES_MAX = 1 << 20
"""Of the log's end are searched for such words: a stack trace and more may come behind them."""
NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")
"""The operating system's words for a write that found no room (ENOSPC, EDQUOT, EFBIG)."""
DUMP = "corrupt_dump"
"""In lines that hold the bytes of a rotten block, which are somebody's data."""
ABOUT_FILES = ("WiredTiger error", "Unable to read the storage engine metadata file")
"""How messages about what mongod found in its files begin (6.0.5)."""
LISTENS = 23016
"""The number of that message."""
SURROUNDINGS = frozenset({
    errno.EPERM, errno.EACCES, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE,
    errno.EBUSY, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS,
})  # fmt: skip
"""The operating system's errors that say nothing about the bytes of a file."""


def begin(log: Path) -> int:
    """Where in the log the coming start will begin, in bytes."""
    size = log.stat().st_size if log.exists() else 0
    if size <= LOG_BYTES_MAX:
        return size
    log.rename(log.with_name(f"{log.name}.1"))
    return 0


def read_from(log: Path, offset: int, bytes_max: int = TAIL_BYTES_MAX) -> str:
    """What was written since `offset`, of that the last part, in whole lines."""
    with log.open("rb") as file:
        start = max(offset, file.seek(0, os.SEEK_END) - bytes_max)
        file.seek(start)
        said = file.read()
    whole = said if start == offset else said.partition(b"\n")[2]
    return whole.decode(errors="replace")


def reason(said: str) -> str:
    """Why the mongod ended: its first error or fatal line, else what is no JSON."""
    for message, attributes in _errors(said):
        return f"{message} {_short(attributes)}".strip()
    plain = [line.strip() for line in said.splitlines() if _entry(line) is None]
    text = "; ".join(filter(None, plain))
    return text[:REASON_CHARACTERS_MAX] or "its log says nothing"


def tells_of_listening(said: str) -> bool:
    """Whether it has its port ("Waiting for connections", 4.4 to 8.0)."""
    return any(line.get("id") == LISTENS for line in map(_entry, said.splitlines()) if line)


def tells_of_damage(said: str) -> bool:
    """Whether a mongod that ended found its files damaged or missing, and nothing else wrong.

    With a full disk, or files that it may not open, it ends in the same way.
    """
    found = [(message, _code(attributes)) for message, attributes in _errors(said)]
    about_files = any(message.startswith(ABOUT_FILES) for message, _ in found)
    return about_files and not any(code in SURROUNDINGS for _, code in found)


def _errors(said: str) -> Iterator[tuple[str, object]]:
    """Message and attributes of its errors and fatal lines."""
    for line in said.splitlines():
        entry = _entry(line)
        if entry is not None and entry["s"] in ("E", "F") and DUMP not in line:
            yield str(entry["msg"]), entry.get("attr", {})


def _entry(line: str) -> dict[str, Any] | None:
    """None for a line that is no JSON of mongod's: of the loader or the guard, or a part of one."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and {"s", "msg"} <= entry.keys() else None


def _code(attributes: object) -> int | None:
    code = attributes.get("error") if isinstance(attributes, dict) else None
    return code if isinstance(code, int) else None


def no_room(said: str) -> str:
    """Which of NO_ROOM an error line has; empty where no write has failed for want of room.

    mongod's own answers do not say it: applyOps calls it an unknown error (measured on 6.0.5).
    """
    for _, attributes in _errors(said):
        text = json.dumps(attributes)
        if found := [words for words in NO_ROOM if words in text]:
            return found[0]
    return ""


def _short(attributes: object) -> str:
    if isinstance(attributes, dict) and isinstance(attributes.get("message"), dict):
        attributes = attributes["message"].get("msg", attributes)  # WiredTiger's own
    if isinstance(attributes, dict) and "error" in attributes:
        attributes = attributes["error"]
    text = attributes if isinstance(attributes, str) else json.dumps(attributes)
    return text[:REASON_CHARACTERS_MAX]
