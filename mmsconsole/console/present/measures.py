"""Values of metrics in words, and scales for them: by unit, in as few cells as say enough."""

import math
from collections.abc import Iterator
from itertools import count

from mmsconsole.console.present.words import DAY, HOUR, MINUTE, NONE, duration, size
from mmsconsole.monitoring.metrics import Unit

TIME_STEPS = (
    1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY,
)  # fmt: skip


LEAST, LEAST_PERCENT = 0.0001, 0.01
"""What is less, and not 0, is told as less than that: nobody reads 4e-05."""


def measure(value: float | None, unit: str) -> str:
    """3.2k/s, 1.2 GB, 12.5%, <0.01%, 14m 02s, 0.8 ms."""
    if value is None or not math.isfinite(value):
        return NONE
    if value < 0:
        return "-" + measure(-value, unit)
    if unit == Unit.SECONDS:
        return duration(value) if value >= 10 or value == int(value) else f"{value:.1f}s"
    texts: dict[str, str] = {
        Unit.PER_SECOND: f"{number(value)}/s",
        Unit.BYTES: size(value),
        Unit.BYTES_PER_SECOND: f"{size(value)}/s",
        Unit.PERCENT: f"{number(value, LEAST_PERCENT)}%",
        Unit.MILLISECONDS: f"{number(value)} ms",
    }
    return texts.get(unit, number(value))


def number(value: float, least: float = LEAST) -> str:
    """Three digits: 0.05, 7.3, 812, 12.4k, 3.1M, <0.0001."""
    if 0 < value < least:
        return f"<{least:g}"
    for letter in ("", "k", "M", "G"):
        if value < 999.5:
            return _digits(value) + letter
        value /= 1000
    return _digits(value) + "T"


def _digits(value: float) -> str:
    if value == int(value) or value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.95 else f"{value:.2g}"


def scale(low: float, high: float, most: int, unit: str) -> list[float]:
    """Round values from at most `low`, and 0, to at least `high`: between 2 and `most` of them."""
    low, high = min(0.0, low), max(0.0, high)
    if low == high:
        high = 1.0
    high = max(high, 10 * (LEAST_PERCENT if unit == Unit.PERCENT else LEAST))
    most = max(3 if low < 0 else 2, most)
    for step in _steps(high - low, most, unit):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first < most:
            return [place * step for place in range(first, last + 1)]
    raise AssertionError("the steps have no end")


def _steps(span: float, most: int, unit: str) -> Iterator[float]:
    """From small to large, without an end."""
    if unit == Unit.SECONDS and span >= 2:
        yield from TIME_STEPS
        yield from (TIME_STEPS[-1] * 2.0**power for power in count(1))
    begin = math.floor(math.log10(span / most)) - 1
    yield from ((1, 2, 5)[place % 3] * 10.0 ** (begin + place // 3) for place in count())
