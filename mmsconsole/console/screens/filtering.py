"""A view that reads much, with a field in which people say what of it they want."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from mmsconsole.console.present.text import Span, Tone
from mmsconsole.console.screens.reading import ReadingScreen
from mmsconsole.console.widgets.command_line import field
from mmsconsole.console.widgets.lines import Lines


class FilteringScreen(ReadingScreen):
    def filter_line(self) -> ComposeResult:
        with Horizontal(id="filter-line", classes="bar"):
            yield Lines(id="filter-label", classes="label")
            yield field(id="filter")

    def on_mount(self) -> None:
        self.query_one("#filter-line").display = False

    @property
    def typed(self) -> str:
        return self.query_one("#filter", Input).value.strip()

    def open_field(self, label: str, example: str, value: str) -> None:
        """`value`: what is typed already."""
        self._lines("filter-label").set_lines([(Span(label, Tone.KEY),)])
        self.query_one("#filter-line").display = True
        typed = self.query_one("#filter", Input)
        typed.placeholder = example
        typed.value = value
        typed.action_end()
        self.set_focus(typed)

    def close_field(self) -> bool:
        """False where it is closed already."""
        line = self.query_one("#filter-line")
        shown = bool(line.display)
        line.display = False
        self.focus_body()
        return shown

    def back(self, argument: str) -> None:
        """Out of the field, then out of what is being read, then out of the view."""
        if self.close_command() or self.close_field():
            return
        if self.stop_reading():
            self.tell("Stopped.", Tone.WARN)
        else:
            super().back(argument)
