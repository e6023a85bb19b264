"""A mongod's log: lines of JSON, and what the loader or the guard says before the first."""

import json
import os
from pathlib import Path

LOG_BYTES_MAX = 16 << 20
"""A log larger than this at a start is put aside (one older log is kept)."""
TAIL_BYTES_MAX = 64 << 10
REASON_CHARACTERS_MAX = 500


def begin(log: Path) -> int:
    """Where in the log the coming start will begin, in bytes."""
    size = log.stat().st_size if log.exists() else 0
    if size <= LOG_BYTES_MAX:
        return size
    log.rename(log.with_name(f"{log.name}.1"))
    return 0


def read_from(log: Path, offset: int) -> str:
    """What was written since `offset`, of that the last part."""
    with log.open("rb") as file:
        file.seek(max(offset, file.seek(0, os.SEEK_END) - TAIL_BYTES_MAX))
        return file.read().decode(errors="replace")


def reason(said: str) -> str:
    """Why the mongod ended: its first error or fatal line, else what is no JSON."""
    plain = []
    for line in said.splitlines():
        try:
            entry = json.loads(line)
            severity, message, attributes = entry["s"], entry["msg"], entry.get("attr", {})
        except (ValueError, KeyError, TypeError):
            plain.append(line.strip())
            continue
        if severity in ("E", "F"):
            return f"{message} {_short(attributes)}".strip()
    text = "; ".join(filter(None, plain))
    return text[:REASON_CHARACTERS_MAX] or "its log says nothing"


def _short(attributes: object) -> str:
    if isinstance(attributes, dict) and "error" in attributes:
        attributes = attributes["error"]
    text = attributes if isinstance(attributes, str) else json.dumps(attributes)
    return text[:REASON_CHARACTERS_MAX]
