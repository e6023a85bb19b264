"""Fields of documents that nobody vouches for: what is not as expected is not there. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bson.decimal128 import Decimal128
from bson.timestamp import Timestamp

from mmsconsole.harmless import harmless
from mmsconsole.optime import Optime

Path = tuple[str, ...]
LARGEST = 2.0**63
"""No counter of a server is larger; what is could neither be stored as an integer nor added up."""
Document = Mapping[str, Any]


def number(value: object) -> float | None:
    """Not negative and below LARGEST: nothing that is read here is anything else."""
    if isinstance(value, int | float):
        return _finite(value)
    return _finite(value.to_decimal()) if isinstance(value, Decimal128) else None


def _finite(value: Any) -> float | None:
    try:
        found = float(value)
    except (OverflowError, ValueError):  # too large; a signalling NaN
        return None
    return found if 0 <= found < LARGEST else None


def field(document: object, path: Path) -> object:
    """None where something on the way is missing, or no document."""
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def number_at(document: object, path: Path) -> float | None:
    return number(field(document, path))


def document_at(document: object, path: Path) -> Document:
    found = field(document, path)
    return found if isinstance(found, Mapping) else {}


def text(value: object, length: int) -> str:
    """Harmless and of bounded length; empty for what is neither text nor number."""
    if isinstance(value, str | int | float):
        told = str(value)
        shown = harmless(told[:length])
        return shown if len(told) <= length and len(shown) <= length else shown[: length - 1] + "…"
    return ""


def moment(value: object) -> datetime | None:
    """A time after the epoch: servers send the epoch for "never"."""
    if not isinstance(value, datetime):
        return None
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return aware if aware.year > 1970 else None


def optime(value: object) -> Optime | None:
    """Of `{ts, t}`, or of a timestamp alone; None for the zero one, which says "none yet"."""
    if isinstance(value, Mapping):
        ts, term = value.get("ts"), value.get("t")
    else:
        ts, term = value, -1
    if not isinstance(ts, Timestamp) or not ts.time:
        return None
    return Optime.of(ts, term if isinstance(term, int) else -1)
