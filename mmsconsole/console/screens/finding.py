"""One of many, found by typing parts of its name, over a view."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.widgets.command_line import field
from mmsconsole.console.widgets.ops_table import OpsTable


class FindScreen(ModalScreen[str]):
    """Answers the key of a row, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("up", "move('row.up')", show=False),
        Binding("down", "move('row.down')", show=False),
        Binding("pageup", "move('row.page_up')", show=False),
        Binding("pagedown", "move('row.page_down')", show=False),
    ]
    COLUMNS: ClassVar[Sequence[Column]]

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self._placeholder = placeholder

    def found(self, query: str, glyphs: Glyphs) -> list[Row]:
        raise NotImplementedError

    @property
    def table(self) -> OpsTable:
        return self.query_one(OpsTable)

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield field(id="query", placeholder=self._placeholder)
            yield OpsTable(id="found")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.call_after_refresh(self._show, "")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, query: str) -> None:
        self.table.set_rows(self.COLUMNS, self.found(query, self.table.console_app.glyphs))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(self.table.key)

    def action_move(self, step: str) -> None:
        self.table.move(step)

    def action_leave(self) -> None:
        self.dismiss("")
