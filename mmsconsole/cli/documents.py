"""JSON documents of answers and errors: one renderer for every view. Pure.

An optime is {"t", "i"}, a time RFC 3339 in UTC with milliseconds and Z, bytes are numbers, a
missing value is null. Fields have the names that the views give them.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from mmsconsole.errors import MmsError
from mmsconsole.optime import Optime


def document(value: Any) -> Any:
    """What json can write, of a view."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Optime):
        return {"t": value.t, "i": value.i}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value):
        return {field.name: document(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): document(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [document(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON document")


def rfc3339(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def error_document(error: MmsError) -> dict[str, Any]:
    return {
        "error": {
            "code": error.code,
            "message": error.what,
            "hint": error.hint,
            "where": error.where,
        }
    }


def dump(value: Any) -> str:
    """ASCII, so that any terminal and any locale can take it."""
    return json.dumps(document(value), indent=2)
