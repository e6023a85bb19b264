"""The one field of a form: a text, a secret, or one of a few choices.

Keys that change a choice come here too, so that all keys keep the order in which they were typed,
also behind a text and on a slow link.
"""

from rich.text import Text
from textual.events import Key, Paste

from mmsconsole.console.present.add import hidden
from mmsconsole.console.widgets.command_line import Field
from mmsconsole.console.wizard.forms import Row

BULLET = "*"
STEPS = {"left": -1, "right": 1, "space": 1}
EMPTY = Row("", "", "")


class FormField(Field):
    row: Row = EMPTY

    def show(self, row: Row, value: str) -> None:
        self.row = row
        self.placeholder = f"for example  {row.example}" if row.example else ""
        self.value = value
        self.cursor_position = len(value)

    @property
    def _value(self) -> Text:
        """What stands there: no secret ever does."""
        text = self.value
        if self.row.choices:
            text = self.row.shown(text)
        elif self.row.secret:
            is_uri = "://" in self.row.example
            text = hidden(text, BULLET) if is_uri else BULLET * len(text)
        return Text(text, no_wrap=True, overflow="ignore", end="")

    async def _on_key(self, event: Key) -> None:
        """Field's and Input's own handlers follow, unless the default is prevented."""
        if not self.row.choices:
            return
        event.stop()
        event.prevent_default()
        if event.key in STEPS:
            self.value = self.row.after(self.value, STEPS[event.key])
        elif event.character:
            self.value = self.row.beginning(self.value, event.character)

    def _on_paste(self, event: Paste) -> None:
        if self.row.choices:
            event.stop()
            event.prevent_default()
