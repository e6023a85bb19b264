"""POINT, as people write it: a moment, a position of the oplog, or `latest`. Pure.

2026-03-01T12:00:00Z                 RFC 3339 with its zone; the whole second is included
2026-03-01 12:00:00 Europe/Berlin    the same on the clocks of a place
1772366400:7                         SECONDS:INCREMENT of an oplog entry, included
before:1772366400:7                  just before that entry; `before 1772366400:7` as well
15m ago                              so long before now: s, m, h or d
latest                               the newest moment that can be restored

Which entry lies before another, and what time it is now, moments.py finds out.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from mmsconsole.errors import UsageError
from mmsconsole.optime import INCREMENT_MAX, Optime
from mmsconsole.policy.policy import zone_of

HINT = (
    "a point is a time with its zone (2026-03-01T12:00:00Z), SECONDS:INCREMENT, or latest, and is "
    "included; or before:SECONDS:INCREMENT, which leaves that entry out"
)
SECONDS_MAX = 0xFFFFFFFF

_POSITION = re.compile(r"([0-9]{1,10}):([0-9]{1,10})")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"
    r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_LOCAL = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r" +([A-Za-z][A-Za-z0-9_+/-]{0,63})"
)
_BEFORE = re.compile(r"before(:|\s+)(?P<position>[0-9].*)", re.IGNORECASE)
_AGO = re.compile(
    r"(?P<count>[0-9]{1,6}) ?(?P<unit>[smhd]) ago|-(?P<count2>[0-9]{1,6})(?P<unit2>[smhd])"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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


@dataclass(frozen=True, slots=True)
class Before:
    """Everything before the entry at this position, and not that entry."""

    entry: Optime


@dataclass(frozen=True, slots=True)
class Ago:
    """The whole second so long before now."""

    seconds: int


Point = WholeSecond | Position | Latest
"""What can be restored to."""
Asked = Point | Before | Ago
"""What people may write."""


def parse_point(text: str) -> Asked:
    """Raises UsageError."""
    text = text.strip()
    if text.lower() == "latest":
        return Latest()
    before = _BEFORE.fullmatch(text)
    if before is not None:
        return Before(_position_of(before["position"], text).end)
    ago = _AGO.fullmatch(text.lower())
    if ago is not None:
        unit = ago["unit"] or ago["unit2"]
        return Ago(int(ago["count"] or ago["count2"]) * _SECONDS[unit])
    if _POSITION.fullmatch(text) is not None:
        return _position_of(text, text)
    local = _LOCAL.fullmatch(text)
    return _whole_second(text) if local is None else _on_clocks(local[1], local[3], text)


def _position_of(position: str, text: str) -> Position:
    found = _POSITION.fullmatch(position)
    if found is None:
        raise UsageError("an entry is named by SECONDS:INCREMENT", where=text, hint=HINT)
    return _position(int(found[1]), int(found[2]), text)


def _on_clocks(time: str, zone: str, text: str) -> WholeSecond:
    """A time that the clocks there show once; else both readings are named."""
    place = _zone(zone, text)
    try:
        shown = datetime.fromisoformat(time.upper()).replace(tzinfo=place)
        first, second = shown.replace(fold=0).timestamp(), shown.replace(fold=1).timestamp()
        skipped = datetime.fromtimestamp(first, place).replace(tzinfo=None) != shown.replace(
            tzinfo=None
        )
    except (ValueError, OverflowError) as error:
        raise UsageError("no such time", where=text, hint=HINT) from error
    if first != second:
        what = "the clocks there skip this time" if skipped else "the clocks there show it twice"
        readings = " or ".join(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
                               for at in sorted((first, second)))  # fmt: skip
        raise UsageError(what, where=text, hint=f"say which is meant: {readings}")
    return _second(int(first), text)


def _zone(name: str, text: str) -> tzinfo:
    try:
        return zone_of(name)
    except UsageError as error:
        what = f"{name} is no time zone that this machine knows"
        raise UsageError(what, where=text, hint=HINT) from error


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
    return _second(seconds, text)


def _second(seconds: int, text: str) -> WholeSecond:
    if not 0 <= seconds <= SECONDS_MAX:
        raise UsageError("cluster time runs from 1970 to 2106", where=text, hint=HINT)
    return WholeSecond(seconds)


def _whole(text: str) -> str:
    return re.sub(r"\.[0-9]+", "", text).upper()
