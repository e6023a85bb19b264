"""Lines that are more than fit, moved through with the keys of tables."""

from collections.abc import Sequence

from textual.events import Resize

from mmsconsole.console.present.text import Line
from mmsconsole.console.widgets.lines import Lines


class Scroller(Lines):
    DEFAULT_CSS = "Scroller { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.whole: tuple[Line, ...] = ()
        self.top = 0

    def set_whole(self, lines: Sequence[Line]) -> None:
        self.whole = tuple(lines)
        self._show(self.top)

    def _show(self, top: int) -> None:
        height = self.page.height
        self.top = max(0, min(top, len(self.whole) - height))
        self.set_lines(self.whole[self.top : self.top + height])

    def on_resize(self, _: Resize) -> None:
        self._show(self.top)

    def move(self, action: str) -> None:
        """An action of SCROLL by its id."""
        page = max(1, self.size.height - 1)
        steps = {"row.down": 1, "row.up": -1, "row.page_down": page, "row.page_up": -page}
        ends = {"row.first": 0, "row.last": len(self.whole)}
        self._show(ends[action] if action in ends else self.top + steps[action])
