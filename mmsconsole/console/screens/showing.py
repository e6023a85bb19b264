"""Something to be read, and copied, over a view: it scrolls, and is gone when it is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen

from mmsconsole.console.actions import SCROLL
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.present.text import Line, Span, Tone, line
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.scroller import Scroller

COPY_KEYS = ("y", "Y")


@dataclass(frozen=True, slots=True)
class Copied:
    what: str
    """In words: the command line."""
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """It may hold a secret, which is kept nowhere else."""

    title: str
    lines: Callable[[int], Sequence[Line]]
    """For a width in cells."""
    copies: tuple[Copied, ...] = ()
    """For COPY_KEYS, in their order; at most as many."""


class ShowDialog(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", show=False, priority=True),
        *(Binding(key, f"copy({place})", show=False) for place, key in enumerate(COPY_KEYS)),
        *bindings_for(SCROLL),
    ]

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self.shown = shown

    def compose(self) -> ComposeResult:
        with Vertical(id="shown"):
            yield Lines(id="shown-title")
            yield Scroller(id="shown-lines")
            yield Lines(id="shown-keys")

    def on_resize(self, _: Resize) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        scroller = self.query_one(Scroller)
        lines = self.shown.lines(scroller.page.width)
        self.query_one("#shown-title", Lines).set_lines(
            [line(Span(self.shown.title, Tone.TITLE)), ()]
        )
        scroller.styles.height = min(len(lines), max(1, self.app.size.height - 8))
        scroller.set_whole(lines)
        self._say("")

    def _say(self, done: str) -> None:
        keys = line(Span("esc", Tone.KEY), Span(" closes", Tone.DIM))
        for key, copied in zip(COPY_KEYS, self.shown.copies, strict=False):
            keys = line(keys, "  ", Span(key, Tone.KEY), Span(f" copies {copied.what}", Tone.DIM))
        told = line(Span(done, Tone.GOOD)) if done else keys
        self.query_one("#shown-keys", Lines).set_lines([(), told])

    def action_act(self, step: str, _key: str) -> None:
        self.query_one(Scroller).move(step)

    def action_copy(self, place: int) -> None:
        """By the terminal itself (OSC 52), so it works over SSH; not every terminal does it."""
        if place < len(self.shown.copies):
            copied = self.shown.copies[place]
            self.app.copy_to_clipboard(copied.text)
            self._say(f"Copied {copied.what}, where the terminal allows it.")

    def action_leave(self) -> None:
        self.dismiss(None)
