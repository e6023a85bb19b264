"""When a snapshot shall expire, as it is typed. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.errors import UsageError
from mmsconsole.operations.dates import parse_date

NOW = "now"
DAYS_MAX = 100 * 366
FORMS = "now, 30d (in so many days), 2027-01-31, or 2027-01-31T18:00:00Z"

_DAYS = re.compile(r"([0-9]{1,6}) ?d(ays?)?")


@dataclass(frozen=True, slots=True)
class Expiry:
    at: datetime | None
    """None: now."""


def read_expiry(text: str, now: datetime) -> Expiry:
    """Raises UsageError for what is no date, or lies behind."""
    text = text.strip()
    if text.lower() == NOW:
        return Expiry(None)
    days = _DAYS.fullmatch(text.lower())
    at = parse_date(text) if days is None else _in_days(int(days[1]), text, now)
    if at <= now:
        raise UsageError("the date has to lie ahead", where=text, hint=f"write {FORMS}")
    return Expiry(at)


def _in_days(days: int, text: str, now: datetime) -> datetime:
    if days > DAYS_MAX:
        raise UsageError(f"that is more than {DAYS_MAX} days", where=text)
    return now + timedelta(days=days)


def complaint(text: str, now: datetime) -> str:
    """Why it will not do; empty: it will."""
    try:
        read_expiry(text, now)
    except UsageError as error:
        return f"{error.what}; write {FORMS}"
    return ""
