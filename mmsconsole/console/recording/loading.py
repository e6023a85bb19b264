"""A recording read again. It may come from anybody, and may be cut off anywhere."""

import io
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import zstandard

from mmsconsole.console.recording.writing import FORMAT
from mmsconsole.durable import disk_errors
from mmsconsole.errors import NotFound, UsageError

LINE_BYTES_MAX = 64 << 20
KEPT_BYTES_MAX = 1 << 30
"""What the answers may take in memory, packed."""
WINDOW_BYTES_MAX = 8 << 20
HINT = "recordings are made by: mmsconsole --record FILE"


@dataclass(slots=True)
class Answers:
    """To one question, in the order of time."""

    seconds: list[float] = field(default_factory=list)
    packed: list[bytes] = field(default_factory=list)

    def add(self, seconds: float, line: bytes) -> int:
        packed = zstandard.ZstdCompressor(level=1).compress(line)
        self.seconds.append(max(seconds, self.seconds[-1] if self.seconds else 0.0))
        self.packed.append(packed)
        return len(packed)

    def at(self, seconds: float) -> Mapping[str, Any] | None:
        """The last one up to then; None: nobody had asked yet."""
        index = bisect_right(self.seconds, seconds) - 1
        if index < 0:
            return None
        line = zstandard.ZstdDecompressor().decompress(self.packed[index], LINE_BYTES_MAX)
        found: Mapping[str, Any] = json.loads(line)
        return found


NEVER = "nobody had it open while that was recorded"
LATER = "some of it is shown from {} s after the beginning: the keys . and > go on"


@dataclass(frozen=True, slots=True)
class Recording:
    began_at: datetime
    version: str
    seconds: float
    """Until its last answer."""
    answers: Mapping[str, Answers]
    cut_off: bool
    """The console that made it was killed, or the file was not copied whole."""

    def answer(self, key: str, seconds: float) -> Mapping[str, Any]:
        """A line with "a" or "e". Raises NotFound where it was not shown up to then."""
        found = self.answers.get(key)
        line = None if found is None else found.at(seconds)
        if line is None:
            first = None if found is None else found.seconds[0]
            hint = NEVER if first is None else LATER.format(ceil(first))
            raise NotFound("this was not shown in the recording", hint=hint)
        return line


def load_recording(path: Path) -> Recording:
    """Raises NotFound, UsageError for what is no recording, StorageError."""
    if not path.is_file():
        raise NotFound("there is no such file", where=str(path), hint=HINT)
    with disk_errors(str(path)), path.open("rb") as file:
        lines = _Lines(file, str(path))
        began_at, version = _heading(next(iter(lines), b""), str(path))
        answers: dict[str, Answers] = {}
        last, kept = 0.0, 0
        for line in lines:
            last, key = _told(line, last, str(path))
            kept += answers.setdefault(key, Answers()).add(last, line)
            if kept > KEPT_BYTES_MAX:
                raise UsageError("the recording is too large to be shown", where=str(path))
    return Recording(began_at, version, last, answers, lines.cut_off)


class _Lines:
    """Whole lines alone: what comes behind the last one was never whole."""

    def __init__(self, file: io.BufferedReader, where: str) -> None:
        unpacking = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        self._stream = io.BufferedReader(unpacking.stream_reader(file), 1 << 20)
        self._where = where
        self.cut_off = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                line = self._stream.readline(LINE_BYTES_MAX)
            except zstandard.ZstdError as error:
                raise UsageError("is no recording", where=self._where, hint=HINT) from error
            if not line.endswith(b"\n"):
                self.cut_off = bool(line)
                return
            yield line


def _heading(line: bytes, where: str) -> tuple[datetime, str]:
    try:
        told = json.loads(line)
        if told["recording"] != FORMAT:
            raise UsageError("was made by a newer version", where=where)
        began_at = datetime.fromisoformat(told["at"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("is no recording", where=where, hint=HINT) from error
    if began_at.tzinfo is None:
        raise UsageError("is no recording", where=where, hint=HINT)
    return began_at, str(told.get("version", ""))


def _told(line: bytes, last: float, where: str) -> tuple[float, str]:
    """Seconds and question of a line."""
    try:
        told = json.loads(line)
        return max(last, float(told["s"])), str(told["q"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("a line of the recording can not be read", where=where) from error
