"""A view that is a table with what is known of its chosen row below."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol, TypeVar

from textual.app import ComposeResult

from mmsconsole.console.actions import TABLE, actions_in
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.state import State
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.ops_table import OpsTable


class Identified(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=Identified)


def find(items: Iterable[Item], id_: str) -> Item | None:
    return next((item for item in items if item.id == id_), None)


class ListScreen(ConsoleScreen):
    DETAIL_LINES: ClassVar[int]

    def body(self) -> ComposeResult:
        yield Lines(id="above")
        yield OpsTable(id="table")
        yield Lines(id="nothing")
        detail = Lines(id="detail")
        detail.styles.height = self.DETAIL_LINES
        yield detail

    # What a list defines

    def columns(self, page: Page) -> Sequence[Column]:
        raise NotImplementedError

    def rows(self, state: State, page: Page) -> list[Row]:
        raise NotImplementedError

    def above(self, _state: State, _page: Page) -> list[Line]:
        return []

    def detail(self, state: State, page: Page) -> list[Line]:
        raise NotImplementedError

    def nothing(self) -> list[Line]:
        """What stands in place of the table when there are no rows."""
        raise NotImplementedError

    # Drawing

    @property
    def table(self) -> OpsTable:
        return self.query_one("#table", OpsTable)

    @property
    def key(self) -> str:
        """Of the row under the cursor."""
        return self.table.key

    def on_mount(self) -> None:
        self.table.stand_on(self.console.memory.cursors.get(self.place, ""))

    def own_handlers(self) -> dict[str, Handler]:
        return {action.id: self._mover(action.id) for action in actions_in(TABLE) if action.views}

    def _mover(self, id_: str) -> Handler:
        return lambda _: self.table.move(id_)

    def draw(self, state: State, page: Page) -> None:
        rows = self.rows(state, page)
        self._lines("nothing").set_lines([] if rows else self.nothing())
        self._lines("nothing").display = not rows
        self._lines("above").set_lines(self.above(state, page))
        self.table.display = bool(rows)
        self.table.set_rows(self.columns(page), rows)
        self._draw_detail(state, page)

    def _draw_detail(self, state: State, page: Page) -> None:
        self._lines("detail").set_lines(self.detail(state, page) if self.key else [])

    def on_ops_table_moved(self) -> None:
        self.console.memory.cursors[self.place] = self.key
        if self.state is not None:
            page = self.console.page(self.app.size.width, self.app.size.height)
            self._lines("above").set_lines(self.above(self.state, page))
            self._draw_detail(self.state, page)
