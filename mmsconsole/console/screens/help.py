"""Help and palette: the registry, to read and to search."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Input

from mmsconsole.console.actions import SCROLL, Action, commands
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.command import rank
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present import help as help_text
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Span, Tone, line, rule
from mmsconsole.console.widgets.command_line import field
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.ops_table import OpsTable
from mmsconsole.console.widgets.scroller import Scroller


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "leave", show=False, priority=True),
        *bindings_for(SCROLL),
    ]

    def compose(self) -> ComposeResult:
        yield Lines(id="help-title")
        yield Scroller(id="help")

    def on_resize(self, _: Resize) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        scroller = self.query_one(Scroller)
        page = scroller.page
        self.query_one("#help-title", Lines).set_lines(
            [rule("all keys", page, "j k move, esc back, ! asks first")]
        )
        scroller.set_whole([(), *help_text.draw(page)])

    def action_act(self, step: str, _key: str) -> None:
        self.query_one(Scroller).move(step)

    def action_leave(self) -> None:
        self.dismiss(None)


class PaletteScreen(ModalScreen[str]):
    """Answers the id of an action, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "leave", show=False),
        Binding("up", "move('row.up')", show=False),
        Binding("down", "move('row.down')", show=False),
        Binding("pageup", "move('row.page_up')", show=False),
        Binding("pagedown", "move('row.page_down')", show=False),
    ]
    COLUMNS = (Column("", 10), Column("", 14), Column("", 20, grow=1))

    def __init__(self, view: str) -> None:
        super().__init__()
        self.choices: Sequence[Action] = tuple(commands(view))

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield field(id="query", placeholder="find an action")
            yield OpsTable(id="found")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.call_after_refresh(self._show, "")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, query: str) -> None:
        found = [self._row(action) for action in rank(query, self.choices)]
        self.query_one(OpsTable).set_rows(self.COLUMNS, found)

    def _row(self, action: Action) -> Row:
        key = key_name(action.keys[0], self.query_one(OpsTable).console_app.glyphs)
        cells: tuple[Line, ...] = (
            line(Span(key, Tone.KEY)),
            line(Span(f":{action.words[0]}", Tone.ACCENT)),
            line(action.help),
        )
        return Row(action.id, cells)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(self.query_one(OpsTable).key)

    def action_move(self, step: str) -> None:
        self.query_one(OpsTable).move(step)

    def action_leave(self) -> None:
        self.dismiss("")
