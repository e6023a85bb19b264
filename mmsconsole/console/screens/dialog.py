"""A question over a view. Escape answers nothing; the harmless choice is under the cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from mmsconsole.console.present.text import Line, Span, Tone, line, wrap
from mmsconsole.console.widgets.command_line import field
from mmsconsole.console.widgets.lines import Lines

TEXT_CELLS = 58
NO_ANSWER = ""


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    title: str
    text: Sequence[str]
    """Paragraphs."""
    choices: tuple[Choice, ...]
    """The first is the harmless one."""
    typed: str = ""
    """What must be typed for the last choice, where that is dangerous."""


def confirm(title: str, text: Sequence[str], yes: str, *, typed: str = "") -> Question:
    return Question(title, text, (Choice(NO_ANSWER, "do nothing"), Choice("yes", yes)), typed)


class ChoiceBar(Lines, can_focus=True):
    """The choices in a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,shift+tab,up,k", "step(-1)", show=False),
        Binding("right,l,tab,down,j", "step(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, choices: tuple[Choice, ...]) -> None:
        super().__init__(id="choices")
        self.choices = choices
        self.place = 0

    def on_mount(self) -> None:
        self._draw()

    def _draw(self) -> None:
        drawn = line(" ")
        for place, choice in enumerate(self.choices):
            tone = Tone.CURSOR if place == self.place else Tone.TEXT
            drawn = line(drawn, Span(f"  {choice.label}  ", tone), " ")
        self.set_lines([drawn])

    def action_step(self, by: int) -> None:
        self.place = (self.place + by) % len(self.choices)
        self._draw()

    def action_choose(self) -> None:
        self.screen.dismiss(self.choices[self.place].id)


class Dialog(ModalScreen[str]):
    """Answers the id of the choice, NO_ANSWER for escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Lines(id="text")
            if self.question.typed:
                yield field(id="typed")
                yield Lines(id="wrong")
            else:
                yield ChoiceBar(self.question.choices)

    def on_mount(self) -> None:
        self.query_one("#text", Lines).set_lines(self._text())
        if self.question.typed:
            self.query_one(Input).focus()
            self._say("enter confirms, esc does nothing", Tone.DIM)
        else:
            self.query_one(ChoiceBar).focus()

    def _text(self) -> list[Line]:
        told: list[Line] = [line(Span(self.question.title, Tone.TITLE)), ()]
        for paragraph in self.question.text:
            told += [*wrap(paragraph, TEXT_CELLS), ()]
        if self.question.typed:
            told.append(line("Type ", Span(self.question.typed, Tone.BAD), " to confirm:"))
        return told

    def _say(self, text: str, tone: Tone) -> None:
        self.query_one("#wrong", Lines).set_lines([(), line(Span(text, tone))])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() == self.question.typed:
            self.dismiss(self.question.choices[-1].id)
        else:
            self._say("that is not it; esc does nothing", Tone.WARN)

    def action_leave(self) -> None:
        self.dismiss(NO_ANSWER)
