"""A widget that shows lines, and sends to the terminal the cells that differ from before.

Textual repaints what is asked for and compares nothing. Asking for the changed part of a line
costs some 70 bytes where repainting a whole table costs thousands.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Protocol, cast

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.text import Line, Page, Tone, cells, clip, plain
from mmsconsole.console.widgets.palette import Palette


class Surroundings(Protocol):
    """What lines are drawn with; the application has it."""

    glyphs: Glyphs
    palette: Palette

    def page(self, width: int, height: int) -> Page: ...


def changed_cells(before: Line, after: Line) -> tuple[int, int] | None:
    """First column that differs and the column after the last; None when nothing differs."""
    if before == after:
        return None
    widest = max(cells(before), cells(after))
    if any(cell_len(plain(each)) != len(plain(each)) for each in (before, after)):
        return 0, widest
    old, new = _spread(before, widest), _spread(after, widest)
    differing = [place for place in range(widest) if old[place] != new[place]]
    return (differing[0], differing[-1] + 1) if differing else None


def _spread(of: Line, width: int) -> list[tuple[str, Tone]]:
    spread = [(char, span.tone) for span in of for char in span.text]
    return spread + [(" ", Tone.TEXT)] * (width - len(spread))


class Lines(Widget):
    """Static lines, as high as they are many unless its style says otherwise."""

    DEFAULT_CSS = "Lines { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = ()

    @property
    def console_app(self) -> Surroundings:
        return cast(Surroundings, self.app)

    @property
    def page(self) -> Page:
        """The room of this widget; before the first layout, the screen's."""
        size = self.size if self.size.width else self.app.size
        return self.console_app.page(size.width, size.height)

    def set_lines(self, lines: Sequence[Line]) -> None:
        before, self.lines = self.lines, tuple(lines)
        if (
            len(before) != len(self.lines)
            and self.styles.height is not None
            and self.styles.is_auto_height
        ):
            self.refresh(layout=True)
            return
        regions = []
        for y, (old, new) in enumerate(zip_longest(before, self.lines, fillvalue=())):
            changed = changed_cells(old, new)
            if changed is not None:
                regions.append(Region(changed[0], y, changed[1] - changed[0], 1))
        if regions:
            self.refresh(*regions)

    def get_content_height(self, _container: Size, _viewport: Size, _width: int) -> int:
        return len(self.lines)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        ground = self.rich_style
        if y >= len(self.lines):
            return Strip.blank(width, ground)
        palette = self.console_app.palette
        clipped = clip(self.lines[y], width, self.console_app.glyphs.ellipsis)
        segments = [Segment(span.text, ground + palette[span.tone]) for span in clipped]
        return Strip(segments).simplify().adjust_cell_length(width, ground)
