"""POINT, as people write it: a moment, a position of the oplog, or `latest`. Pure.

2026-03-01T12:00:00Z    RFC 3339 with its zone; the whole second is included
1772366400:7            SECONDS:INCREMENT of an oplog entry, included
latest                  the newest moment that can be restored
"""

import re
from dataclasses import dataclass
from datetime import datetime

from mmsconsole.errors import UsageError
from mmsconsole.optime import INCREMENT_MAX, Optime

HINT = (
    "a point is a time with its zone (2026-03-01T12:00:00Z), SECONDS:INCREMENT, or latest; "
    "it is included"
)
SECONDS_MAX = 0xFFFFFFFF

_POSITION = re.compile(r"([0-9]{1,10}):([0-9]{1,10})")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"
    r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class WholeSecond:
    """Every entry of the second, and everything before it."""

    seconds: int

    @property
    def end(self) -> Optime:
        return Optime.end_of_second(self.seconds)


@dataclass(frozen=True, slots=True)
class Position:
    """The entry at exactly this position, and everything before it."""

    end: Optime


@dataclass(frozen=True, slots=True)
class Latest:
    pass


Point = WholeSecond | Position | Latest


def parse_point(text: str) -> Point:
    """Raises UsageError."""
    text = text.strip()
    if text.lower() == "latest":
        return Latest()
    position = _POSITION.fullmatch(text)
    if position is not None:
        return _position(int(position[1]), int(position[2]), text)
    return _whole_second(text)


def _position(seconds: int, increment: int, text: str) -> Position:
    if seconds > SECONDS_MAX or increment > INCREMENT_MAX:
        raise UsageError("both numbers of a position fit 32 bits", where=text, hint=HINT)
    return Position(Optime(seconds, increment))


def _whole_second(text: str) -> WholeSecond:
    """A fraction names no entry (cluster time counts whole seconds): its second is taken."""
    if _TIME.fullmatch(text) is None:
        zoned = _TIME.fullmatch(text + "Z") is not None
        what = "the time lacks its zone: add Z, or +02:00" if zoned else "not a point"
        raise UsageError(what, where=text, hint=HINT)
    try:
        seconds = int(datetime.fromisoformat(_whole(text)).timestamp())
    except (ValueError, OverflowError) as error:
        raise UsageError("no such time", where=text, hint=HINT) from error
    if not 0 <= seconds <= SECONDS_MAX:
        raise UsageError("cluster time runs from 1970 to 2106", where=text, hint=HINT)
    return WholeSecond(seconds)


def _whole(text: str) -> str:
    return re.sub(r"\.[0-9]+", "", text).upper()
