"""Command lines for people to copy: folded so that a shell still takes them as one line."""

import shlex
from collections.abc import Iterable

from mmsconsole.console.present.text import Line, Span, Tone, wrap
from mmsconsole.harmless import harmless

PLAIN, SINGLE, DOUBLE = "", "'", '"'
FOLDS = {PLAIN: ("\\", ""), SINGLE: ("'\\", "'"), DOUBLE: ("\\", "")}
"""How a line ends and the next one begins inside of these quotes: the shell joins them."""
END_CELLS = 2
"""Of the longest such end."""


def quoted(path: str) -> str:
    """As one word of a shell."""
    return shlex.quote(path)


def commands(lines: Iterable[str], width: int) -> list[Line]:
    """From the left edge on: blanks in front would be copied too. Lines with '#' are remarks."""
    told: list[Line] = []
    for each in lines:
        if each.startswith("#"):
            told += [(Span("# ", Tone.DIM), *part)
                     for part in wrap(each.lstrip("# "), width - 2, Tone.DIM)]  # fmt: skip
        else:
            told += [(Span(part, Tone.ACCENT),) for part in folded(each, width)]
    return told


def folded(text: str, width: int) -> list[str]:
    """One line of a shell in pieces of at most `width`; joined by it they are the same words."""
    text, room = harmless(text), max(8, width)
    pieces, current, quote = [], "", PLAIN
    for sign in text:
        if len(current) >= room - END_CELLS and len(text) > room:
            end, begin = FOLDS[quote]
            pieces.append(current + end)
            current = begin
        current += sign
        quote = _after(sign, quote)
    return [*pieces, current]


def _after(sign: str, quote: str) -> str:
    if sign not in (SINGLE, DOUBLE):
        return quote
    if quote == PLAIN:
        return sign
    return PLAIN if sign == quote else quote
