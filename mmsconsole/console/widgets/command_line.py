"""The line that `:` opens in place of the footer."""

from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.suggester import SuggestFromList
from textual.widgets import Input

from mmsconsole.console.present.text import Span, Tone
from mmsconsole.console.widgets.lines import Lines


class CommandLine(Horizontal):
    DEFAULT_CSS = """
    CommandLine { height: 1; display: none; background: $bar; }
    CommandLine > Lines { width: 3; height: 1; background: $bar; }
    CommandLine > Input { width: 1fr; background: $bar; }
    """

    def compose(self) -> ComposeResult:
        yield Lines()
        yield field(id="command-input")

    def on_mount(self) -> None:
        self.query_one(Lines).set_lines([(Span(" : ", Tone.KEY),)])

    @property
    def text(self) -> str:
        return self.query_one(Input).value

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def open(self, completions: Sequence[str]) -> None:
        typed = self.query_one(Input)
        typed.suggester = SuggestFromList(list(completions), case_sensitive=True)
        typed.value = ""
        self.display = True
        self.screen.set_focus(typed)

    def close(self) -> None:
        self.display = False


EDITING: Mapping[str, Callable[[Input], None]] = {
    "backspace": Input.action_delete_left,
    "delete": Input.action_delete_right,
    "left": Input.action_cursor_left,
    "right": Input.action_cursor_right,
    "home": Input.action_home,
    "end": Input.action_end,
    "ctrl+a": Input.action_home,
    "ctrl+e": Input.action_end,
    "ctrl+u": Input.action_delete_left_all,
    "ctrl+k": Input.action_delete_right_all,
    "ctrl+w": Input.action_delete_left_word,
}


class Field(Input):
    """Editing keys take the way of letters. As bindings they would come after letters that were
    typed behind them, where a slow link delivers many keys at once.
    """

    async def _on_key(self, event: Key) -> None:
        """Input's own handler for letters follows, unless the default is prevented."""
        edit = EDITING.get(event.key)
        if edit is not None:
            event.stop()
            event.prevent_default()
            edit(self)


def field(
    *,
    id: str,
    value: str = "",
    password: bool = False,
    placeholder: str = "",
    kind: Callable[..., Input] = Field,
) -> Input:
    """One line to type in: no border, and a cursor that stands still (blinking costs bytes)."""
    made = kind(
        value, id=id, password=password, placeholder=placeholder, compact=True,
        select_on_focus=False,
    )  # fmt: skip
    made.cursor_blink = False
    return made
