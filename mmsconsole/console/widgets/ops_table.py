"""A table whose rows are known by keys.

The cursor stays on its row when rows come, go or change places. Everything that is shown is
compared with what was shown before, so one changed value repaints its own cells alone; Textual's
DataTable repaints itself whole for that, 50 to 150 times as much.
"""

from collections.abc import Sequence

from textual.events import Resize
from textual.message import Message

from mmsconsole.console.present.table import Column, Row, draw_header, draw_row, scrolled
from mmsconsole.console.widgets.lines import Lines


class OpsTable(Lines):
    DEFAULT_CSS = "OpsTable { height: 1fr; }"

    class Moved(Message):
        """The cursor stands on another row, or its row has changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns: tuple[Column, ...] = ()
        self.rows: tuple[Row, ...] = ()
        self.key = ""
        """Of the row under the cursor; empty when there are no rows."""
        self._place = 0
        self._top = 0

    def set_rows(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show these. A cursor whose row is gone stays at its place."""
        self.columns, self.rows = tuple(columns), tuple(rows)
        places = {row.key: place for place, row in enumerate(self.rows)}
        self._stand_at(places.get(self.key, self._place))

    def stand_on(self, key: str) -> None:
        self.key = key or self.key

    def _stand_at(self, place: int) -> None:
        self._place = max(0, min(place, len(self.rows) - 1))
        before, self.key = self.key, self.rows[self._place].key if self.rows else ""
        self._draw()
        if before != self.key:
            self.post_message(self.Moved())

    def _draw(self) -> None:
        page = self.page
        height = max(1, page.height - 1)
        self._top = scrolled(self._top, self._place, len(self.rows), height)
        shown = self.rows[self._top : self._top + height]
        self.set_lines([
            draw_header(self.columns, page),
            *(
                draw_row(self.columns, row, page, cursor=row.key == self.key)
                for row in shown
            ),
        ])  # fmt: skip

    def on_resize(self, _: Resize) -> None:
        if self.columns:
            self._draw()

    def move(self, action: str) -> None:
        """An action of TABLE by its id."""
        page = max(1, self.size.height - 2)
        steps = {"row.down": 1, "row.up": -1, "row.page_down": page, "row.page_up": -page}
        ends = {"row.first": 0, "row.last": len(self.rows)}
        self._stand_at(ends[action] if action in ends else self._place + steps[action])
