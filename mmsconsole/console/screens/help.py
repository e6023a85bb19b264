"""Help and palette: the registry, to read and to search."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen

from mmsconsole.console.actions import SCROLL, Action, commands
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.command import rank
from mmsconsole.console.glyphs import Glyphs, key_name
from mmsconsole.console.present import help as help_text
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Span, Tone, line, rule
from mmsconsole.console.screens.finding import FindScreen
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.scroller import Scroller


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "leave", show=False, priority=True),
        *bindings_for(SCROLL),
    ]

    def __init__(self, view: str) -> None:
        super().__init__()
        self._view = view

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
        scroller.set_whole([(), *help_text.draw(self._view, page)])

    def action_act(self, step: str, _key: str) -> None:
        self.query_one(Scroller).move(step)

    def action_leave(self) -> None:
        self.dismiss(None)


class PaletteScreen(FindScreen):
    """Answers the id of an action, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+p", "leave", show=False)]
    COLUMNS = (Column("", 10), Column("", 14), Column("", 20, grow=1))

    def __init__(self, view: str) -> None:
        super().__init__("find an action")
        self.choices: Sequence[Action] = tuple(commands(view))

    def found(self, query: str, glyphs: Glyphs) -> list[Row]:
        return [_row(action, glyphs) for action in rank(query, self.choices)]


def _row(action: Action, glyphs: Glyphs) -> Row:
    cells: tuple[Line, ...] = (
        line(Span(key_name(action.keys[0], glyphs), Tone.KEY)),
        line(Span(f":{action.words[0]}", Tone.ACCENT)),
        line(action.help),
    )
    return Row(action.id, cells)
