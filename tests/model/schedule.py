"""A schedule: steps in a row, as data. What was drawn, kept and loaded is played alike."""

import pprint
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

FILE = "schedule.bson"
TEXT = "schedule.txt"


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


def save(steps: Iterable[Step], folder: Path) -> None:
    """To be loaded, and to be read."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [{"kind": step.kind, "arguments": step.arguments} for step in steps]
    (folder / FILE).write_bytes(b"".join(bson.encode(one) for one in told))
    lines = (f"{one['kind']} {pprint.pformat(_plain(one['arguments']))}\n" for one in told)
    (folder / TEXT).write_text("".join(lines), "utf-8")


def load(folder: Path) -> list[Step]:
    """Documents stay raw: decoding would lose the types that drivers no longer write."""
    options: CodecOptions[RawBSONDocument] = CodecOptions(
        RawBSONDocument, tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
    )
    found = bson.decode_all((folder / FILE).read_bytes(), options)
    return [Step(step["kind"], step["arguments"]) for step in found]


def _plain(value: Any) -> Any:
    """For the eye."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
