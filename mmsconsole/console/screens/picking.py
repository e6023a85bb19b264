"""Some of many names, marked in a list over a view."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen

from mmsconsole.console.present.text import Line, Span, Tone, line, wrap
from mmsconsole.console.widgets.lines import Lines

MARKED, UNMARKED = "[x]", "[ ]"
AROUND_LINES = 11
"""Title, keys and the dialog's frame."""


class PickDialog(ModalScreen[list[str] | None]):
    """Answers the marked ones in their order, with those that were typed and are not among them;
    None for escape.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("up,k", "step(-1)", show=False),
        Binding("down,j", "step(1)", show=False),
        Binding("pageup", "step(-10)", show=False),
        Binding("pagedown", "step(10)", show=False),
        Binding("space", "mark", show=False),
        Binding("enter", "take", show=False),
    ]

    def __init__(self, title: str, names: Sequence[str], marked: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._names = tuple(names)
        self._marked = set(marked)
        self._others = [name for name in marked if name not in self._names]
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Lines(id="text")

    def on_resize(self, _: Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        text = self.query_one("#text", Lines)
        room = max(3, self.app.size.height - AROUND_LINES)
        top = max(0, min(self._at - room // 2, len(self._names) - room))
        shown = enumerate(self._names[top : top + room], start=top)
        keys = line(
            Span("space", Tone.KEY), Span(" marks  ", Tone.DIM), Span("enter", Tone.KEY),
            Span(" takes the marked  ", Tone.DIM), Span("esc", Tone.KEY),
            Span(" changes nothing", Tone.DIM),
        )  # fmt: skip
        title = wrap(self._title, 58, Tone.TITLE)[:2]
        text.set_lines([*title, (), *(self._row(place, name) for place, name in shown), (), keys])

    def _row(self, place: int, name: str) -> Line:
        sign = MARKED if name in self._marked else UNMARKED
        indent = "" if "." not in name else "  "
        tone = Tone.CURSOR if place == self._at else Tone.TEXT
        return line(Span(f"{sign} {indent}{name} ", tone))

    def action_step(self, by: int) -> None:
        self._at = max(0, min(self._at + by, len(self._names) - 1))
        self._draw()

    def action_mark(self) -> None:
        self._marked ^= {self._names[self._at]}
        self._draw()

    def action_take(self) -> None:
        self.dismiss([*self._others, *(name for name in self._names if name in self._marked)])

    def action_leave(self) -> None:
        self.dismiss(None)
