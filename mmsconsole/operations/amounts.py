"""Amounts with their units, as people type and read them: "10 min", "20 %", "5 GB". Pure."""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from mmsconsole.alerts.notify import quantities
from mmsconsole.errors import UsageError
from mmsconsole.operations.dates import parse_date

MILLISECONDS, SECONDS, PERCENT = "milliseconds", "seconds", "percent"
BYTES, BYTES_PER_SECOND = "bytes", "bytes per second"
COUNT, PER_SECOND = "count", "per second"

PERCENT_MAX = 100.0
YEARS_MAX_SECONDS = 10 * 366 * 86400.0
SPAN_FORMS = "90 s, 10 min, 2 h or 3 days"
MOMENT_FORMS = f"{SPAN_FORMS}, or a time as 2027-01-31T18:00:00Z"

_SPANS: Mapping[str, float] = {
    "ms": 0.001, "millisecond": 0.001,
    "s": 1, "sec": 1, "second": 1,
    "m": 60, "min": 60, "minute": 60,
    "h": 3600, "hour": 3600,
    "d": 86400, "day": 86400,
    "w": 7 * 86400, "week": 7 * 86400,
}  # fmt: skip
_SIZES: Mapping[str, float] = {
    "b": 1, "byte": 1,
    "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_TIME_UNITS: Mapping[str, float] = {
    MILLISECONDS: 0.001, SECONDS: 1, "minutes": 60, "hours": 3600, "days": 86400,
}  # fmt: skip
_SHORT: Mapping[str, str] = {"s": SECONDS, "min": "minutes", "h": "hours", "%": PERCENT}
_BASES = (*_TIME_UNITS, PERCENT, BYTES, BYTES_PER_SECOND, PER_SECOND)
_FORMS: Mapping[str, str] = {
    PERCENT: "20 %, at most 100 %",
    BYTES: "500 MB or 5 GB",
    BYTES_PER_SECOND: "5 MB or 5 MB/s",
}

_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z%/]*)")
_MANY = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?\s*[a-zA-Z]+\s*)+")


def _split(unit: str) -> tuple[str, str]:
    """What is measured, and what follows it in words: "h over the policy" is of hours."""
    if unit in _BASES:
        return unit, ""
    first, _, more = unit.partition(" ")
    if first in _SHORT:
        return _SHORT[first], more
    return (first, more) if first in _TIME_UNITS else (COUNT, "" if unit == COUNT else unit)


def read_amount(text: str, unit: str) -> float:
    """In `unit`; a number alone is of that unit already. Raises UsageError."""
    base, more = _split(unit)
    text = text.strip()
    said = text.removesuffix(more).strip() if more else text
    if base in _TIME_UNITS:
        return read_span(said, of=base) / _TIME_UNITS[base]
    found = _read_other(said, base)
    if base == PERCENT and found > PERCENT_MAX:
        raise UsageError("more than 100 %", where=text, hint=f"write {_FORMS[PERCENT]}")
    return found


def in_unit(value: float, unit: str) -> float:
    """Times in seconds, as metrics have them; all else as it is."""
    base, _ = _split(unit)
    if base == MILLISECONDS:
        return value
    return value * _TIME_UNITS.get(base, 1)


def forms(unit: str) -> str:
    """How an amount of it is written, for people."""
    base, _ = _split(unit)
    return SPAN_FORMS if base in _TIME_UNITS else _FORMS.get(base, "a number, as 100")


def read_span(text: str, *, of: str = SECONDS) -> float:
    """In seconds: "10 min", "1h 30m", "90"; a number alone is of the unit. Raises UsageError."""
    text = text.strip()
    whole = _AMOUNT.fullmatch(text)
    if whole is not None and not whole[2]:
        seconds = float(whole[1]) * _TIME_UNITS[of]
    elif _MANY.fullmatch(text):
        seconds = sum(_span(number, sign, text) for number, sign in _AMOUNT.findall(text))
    else:
        raise _not(text, "a time", SPAN_FORMS)
    if not math.isfinite(seconds) or seconds > YEARS_MAX_SECONDS:
        raise UsageError("that is more than ten years", where=text)
    return seconds


def _span(number: str, unit: str, text: str) -> float:
    known = _SPANS.get(unit.lower()) or _SPANS.get(unit.lower().rstrip("s"))
    if known is None:
        raise _not(text, "a time", SPAN_FORMS)
    return float(number) * known


def _read_other(text: str, unit: str) -> float:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise _not(text, _noun(unit), forms(unit))
    number, sign = float(found[1]), found[2].lower()
    factor = _factor(sign, unit)
    if factor is None or not math.isfinite(number * factor):
        raise _not(text, _noun(unit), forms(unit))
    return number * factor


def _factor(sign: str, unit: str) -> float | None:
    if not sign:
        return 1
    if unit == PERCENT:
        return 1 if sign in ("%", "percent") else None
    if unit == BYTES:
        return _SIZES.get(sign) or _SIZES.get(sign.rstrip("s"))
    if unit == BYTES_PER_SECOND:
        return _SIZES.get(sign.removesuffix("/s"))
    return 1 if unit == PER_SECOND and sign == "/s" else None


def _noun(unit: str) -> str:
    return {PERCENT: "a share in percent", BYTES: "a size", BYTES_PER_SECOND: "a speed"}.get(
        unit, "a number"
    )


def _not(text: str, noun: str, written: str) -> UsageError:
    return UsageError(f"not {noun}", where=repr(text), hint=f"write {written}")


def read_until(text: str, now: datetime) -> datetime:
    """A time that lies ahead: how long from now, or a date. Raises UsageError."""
    text = text.strip()
    if _AMOUNT.fullmatch(text) or _MANY.fullmatch(text):
        if text.replace(".", "").isdigit():
            raise UsageError("a number without its unit", where=text, hint=f"write {MOMENT_FORMS}")
        at = now + timedelta(seconds=read_span(text))
    else:
        at = _date(text)
    if at <= now:
        raise UsageError("it has to lie ahead", where=text, hint=f"write {MOMENT_FORMS}")
    if (at - now).total_seconds() > YEARS_MAX_SECONDS:
        raise UsageError("that is more than ten years", where=text)
    return at


def _date(text: str) -> datetime:
    try:
        return parse_date(text)
    except UsageError as error:
        raise UsageError(error.what, where=text, hint=f"write {MOMENT_FORMS}") from error


def in_words(value: float | None, unit: str) -> str:
    """As it may be typed again: 10 min, 20 %, 5 GB; empty: there is none."""
    return "" if value is None else quantities.in_words(value, unit)


def span_in_words(seconds: float) -> str:
    """90 s, 10 min, 1 h 30 min, 3 d."""
    return in_words(seconds, SECONDS)
