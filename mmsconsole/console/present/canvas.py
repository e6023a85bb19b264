"""Curves as cells, drawn by plotext. The one module that knows it.

Only its canvas is used: axes, labels and legend are lines of ours, so that they have our tones and
stand still when a point comes. Each drawing has a figure of its own, for what `import plotext`
offers is one figure shared by all; and the size of the terminal is not asked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plotext._figure import _figure_class

BRAILLE = "braille"
"""Two dots beside and four above one another in each cell; any other marker is itself."""
DOTS = 2
BLANK = " "
_CODE = re.compile(r"\x1b\[([0-9;]*)m")


@dataclass(frozen=True, slots=True)
class Stroke:
    """Points that are joined, from the left: x and y from 0 to 1."""

    points: Sequence[tuple[float, float]]
    marker: str
    sign: int
    """From 1: given back with each cell."""


@dataclass(frozen=True, slots=True)
class Cell:
    text: str = BLANK
    sign: int = 0
    """Of the stroke; 0: nothing is drawn here."""


EMPTY = Cell()


def draw(strokes: Sequence[Stroke], width: int, height: int) -> list[list[Cell]]:
    """`height` rows of `width` cells, the highest first; later strokes lie over earlier ones."""
    if not strokes or width < 2 or height < 2:
        return [[EMPTY] * width for _ in range(height)]
    figure = _figure_class()
    figure._limit_size(False, False)
    figure.plot_size(width, height)
    figure.theme("clear")
    figure.frame(False)
    figure.xfrequency(0)
    figure.yfrequency(0)
    for stroke in strokes:
        xs, ys = zip(*stroke.points, strict=True)
        figure.plot(list(xs), list(ys), marker=stroke.marker, color=stroke.sign)
    figure.xlim(0, 1)
    figure.ylim(0, 1)
    rows = [_cells(row, width) for row in figure.build().splitlines()[:height]]
    return rows + [[EMPTY] * width for _ in range(height - len(rows))]


def _cells(row: str, width: int) -> list[Cell]:
    """Read back what plotext would send to a terminal; its colours are the signs of strokes."""
    cells: list[Cell] = []
    sign = 0
    at = 0
    for code in _CODE.finditer(row):
        cells += _run(row[at : code.start()], sign)
        number = code[1].rpartition(";")[2]
        sign = int(number) if number else 0
        at = code.end()
    cells += _run(row[at:], sign)
    return cells[:width] + [EMPTY] * (width - len(cells))


def _run(text: str, sign: int) -> list[Cell]:
    return [EMPTY if char == BLANK else Cell(char, sign) for char in text]
