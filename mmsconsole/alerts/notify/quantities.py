"""A value with its unit, for people: pure."""

import math

BYTE_STEPS = ("bytes", "kB", "MB", "GB", "TB", "PB")
SHORT = {
    "seconds": "s", "milliseconds": "ms", "percent": "%", "count": "", "per second": "/s",
}  # fmt: skip
MINUTE, HOUR, DAY = 60, 3600, 86400


def in_words(value: float, unit: str) -> str:
    """As "1.5 GB", "2 h 5 min", "85 %". Units that are not known here stay as they are.

    Bytes in steps of 1000.
    """
    if not math.isfinite(value):
        return ""
    unit = SHORT.get(unit, unit)
    if unit == "s" and abs(value) >= 2 * MINUTE:
        return _duration(value)
    if unit in ("bytes", "bytes per second"):
        return _bytes(value) + ("/s" if unit != "bytes" else "")
    number = _number(value)
    return f"{number}{unit}" if unit == "/s" else f"{number} {unit}".strip()


def _duration(seconds: float) -> str:
    rest = round(abs(seconds))
    sign = "-" if seconds < 0 else ""
    if rest >= DAY:
        return sign + _two(rest, DAY, HOUR, ("d", "h"))
    if rest >= HOUR:
        return sign + _two(rest, HOUR, MINUTE, ("h", "min"))
    return sign + _two(rest, MINUTE, 1, ("min", "s"))


def _two(rest: int, large: int, small: int, words: tuple[str, str]) -> str:
    whole, part = rest // large, rest % large // small
    return f"{whole} {words[0]} {part} {words[1]}" if part else f"{whole} {words[0]}"


def _bytes(value: float) -> str:
    step = 0
    while abs(value) >= 1000 and step < len(BYTE_STEPS) - 1:
        value, step = value / 1000, step + 1
    return f"{_number(value)} {BYTE_STEPS[step]}"


def _number(value: float) -> str:
    if abs(value) >= 100 or value == round(value):
        return f"{value:.0f}"
    if abs(value) < 0.005:  # two digits of it
        return f"{value:.{1 - math.floor(math.log10(abs(value)))}f}".rstrip("0")
    return f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}"
