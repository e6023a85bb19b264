"""What is sent for a change: the cells that differ, and not the line before them.

Textual 8.2 sends a changed part of a line from where its widget begins. At the right end of a
chart that is ten times as much as what has changed. A test of bytes fails when this does nothing
any more.
"""

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate


class LeanUpdate(ChopsUpdate):
    def render_segments(self, console: Console) -> str:
        parts: list[str] = []
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= right or end <= left:
                    continue
                begin, until = max(x, left), min(end, right)
                parts.append(Control.move_to(begin, y).segment.text)
                parts.append(strip.crop(begin - x, until - x).render(console))
        return "".join(parts)


def lean(update: RenderableType | None) -> RenderableType | None:
    """The same update, if it is one of parts of lines."""
    if type(update) is ChopsUpdate:
        return LeanUpdate(update.chops, update.spans, update.chop_ends)
    return update
