"""Sizes, times and ages in as few cells as say enough."""

from datetime import datetime

from mmsconsole.optime import Optime

NONE = "-"
MINUTE, HOUR, DAY = 60, 3600, 86400
FRESH_SECONDS = 15
"""Younger than this is "now": an age that counted seconds would repaint for ever."""


def size(count: int | float) -> str:
    """Decimal units, three digits: 1.2 GB."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 9.95 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} PB"


def duration(seconds: float) -> str:
    """The two largest units: 42s, 14m 02s, 3h 20m, 2d 4h."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return _two(whole, MINUTE, 1, "m", "s", 2)
    if whole < DAY:
        return _two(whole, HOUR, MINUTE, "h", "m", 2)
    return _two(whole, DAY, HOUR, "d", "h", 1)


def _two(whole: int, large: int, small: int, one: str, other: str, digits: int) -> str:
    rest = whole % large // small
    return f"{whole // large}{one}" + (f" {rest:0{digits}}{other}" if rest else "")


def age(since: datetime | None, now: datetime) -> str:
    """One unit, and no counting of seconds while it is young: now, 40s, 12m, 3h, 2d."""
    if since is None:
        return NONE
    seconds = int((now - since).total_seconds())
    if seconds < FRESH_SECONDS:
        return "now"
    if seconds < MINUTE:
        return f"{seconds}s"
    if seconds < HOUR:
        return f"{seconds // MINUTE}m"
    return f"{seconds // HOUR}h" if seconds < 2 * DAY else f"{seconds // DAY}d"


def ago(since: datetime | None, now: datetime) -> str:
    """The same in minutes at least, for what lies back for good."""
    if since is None:
        return "never"
    if (now - since).total_seconds() < MINUTE:
        return "<1m ago"
    return f"{age(since, now)} ago"


def since(at: datetime, now: datetime) -> str:
    told = age(at, now)
    return told if told == "now" else f"{told} ago"


def remaining(until: datetime, now: datetime) -> str:
    """In minutes at least: counting seconds would repaint for ever."""
    seconds = (until - now).total_seconds()
    if seconds < MINUTE:
        return "<1m"
    return f"{int(seconds) // MINUTE}m" if seconds < HOUR else duration(seconds)


def moment(at: datetime | None) -> str:
    return NONE if at is None else f"{at:%Y-%m-%d %H:%M:%S}Z"


def moment_of(optime: Optime | None) -> str:
    return moment(None if optime is None else optime.time)


def until(point: Optime) -> str:
    """An inclusive end: a whole second as such, any other position with its numbers."""
    whole = point == Optime.end_of_second(point.t)
    return moment_of(point) if whole else f"{moment_of(point)} ({point})"


def clock(at: datetime | None, now: datetime) -> str:
    """The time alone where the day is today's, in as many cells as with the day: no seconds."""
    if at is None:
        return NONE
    return f"{at:%H:%M:%S}Z" if at.date() == now.date() else f"{at:%m-%d %H:%M}"


def sentence(text: str) -> str:
    """With a capital and a full stop; empty stays empty."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def named_sentence(text: str) -> str:
    """As a sentence; the name that it may begin with keeps its own spelling."""
    first = text.split(" ", 1)[0]
    return sentence(text) if first.isalpha() else f"{text.rstrip('.')}."


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
