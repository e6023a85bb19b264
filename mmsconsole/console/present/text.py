"""Lines of text with tones, measured in terminal cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest

from rich.cells import cell_len, chop_cells, set_cell_size

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.harmless import harmless as harmless

WIDE_COLUMNS_MIN = 110


class Tone(StrEnum):
    """What a piece of text means; the theme says how that looks."""

    TEXT = "text"
    DIM = "dim"
    TITLE = "title"
    ACCENT = "accent"
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    KEY = "key"
    CURSOR = "cursor"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    tone: Tone = Tone.TEXT

    def __post_init__(self) -> None:
        if not self.text.isprintable():
            object.__setattr__(self, "text", harmless(self.text))


Line = tuple[Span, ...]
Part = str | Span | Line


@dataclass(frozen=True, slots=True)
class Page:
    """The room that there is to draw in, in cells, and what drawing needs to know."""

    width: int
    height: int
    now: datetime
    glyphs: Glyphs

    @property
    def wide(self) -> bool:
        return self.width >= WIDE_COLUMNS_MIN


def line(*parts: Part) -> Line:
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, str):
            spans.append(Span(part))
        elif isinstance(part, Span):
            spans.append(part)
        else:
            spans.extend(part)
    return tuple(span for span in spans if span.text)


def plain(of: Line) -> str:
    return "".join(span.text for span in of)


def cells(of: Line) -> int:
    return sum(cell_len(span.text) for span in of)


def clip(of: Line, width: int, ellipsis: str) -> Line:
    """At most `width` cells; what is cut off is shown by the ellipsis."""
    if cells(of) <= width:
        return of
    room = max(0, width - cell_len(ellipsis))
    kept: list[Span] = []
    tone = of[0].tone
    for span in of:
        if room <= 0:
            break
        text = set_cell_size(span.text, min(room, cell_len(span.text)))
        kept.append(Span(text, span.tone))
        tone = span.tone
        room -= cell_len(text)
    return (*kept, Span(ellipsis[:width], tone))


def fit(of: Line, width: int, ellipsis: str, *, right: bool = False) -> Line:
    """Exactly `width` cells."""
    clipped = clip(of, width, ellipsis)
    blank = Span(" " * (width - cells(clipped)))
    if not blank.text:
        return clipped
    return (blank, *clipped) if right else (*clipped, blank)


def wrap(text: str, width: int, tone: Tone = Tone.TEXT) -> list[Line]:
    """Broken at spaces; a word longer than a line is broken where the line ends."""
    lines: list[str] = []
    current = ""
    for word in harmless(text).split():
        for piece in chop_cells(word, max(1, width)):
            if not current:
                current = piece
            elif cell_len(current) + 1 + cell_len(piece) <= width:
                current += " " + piece
            else:
                lines.append(current)
                current = piece
    return [(Span(text, tone),) for text in [*lines, current] if text]


def chopped(text: str, width: int) -> list[str]:
    """As it is, in pieces that fit; at least one."""
    return chop_cells(harmless(text), max(1, width)) or [""]


def indent(lines: Iterable[Line], by: int) -> list[Line]:
    return [line(" " * by, each) if each else each for each in lines]


def beside(left: Sequence[Line], right: Sequence[Line], left_width: int, page: Page) -> list[Line]:
    """Two columns with two cells between them."""
    end = page.glyphs.ellipsis
    return [
        line(fit(a, left_width, end), "  ", clip(b, page.width - left_width - 2, end))
        for a, b in zip_longest(left, right, fillvalue=())
    ]


def edges(left: Line, right: Line, width: int, ellipsis: str) -> Line:
    """One to the left and one to the right end; the left one gives way when room is short."""
    room = max(0, width - cells(right))
    return clip(line(fit(left, room, ellipsis), right), width, ellipsis)


def rule(title: str, page: Page, note: str = "") -> Line:
    """A heading that draws a line to the right edge."""
    dash = page.glyphs.rule
    head = line(Span(f"{dash}{dash} ", Tone.DIM), Span(title, Tone.TITLE), " ")
    tail = line(Span(f"{dash}{dash} {note} ", Tone.DIM)) if note else ()
    whole = clip(line(head, tail), page.width, page.glyphs.ellipsis)
    return line(whole, Span(dash * (page.width - cells(whole)), Tone.DIM))
