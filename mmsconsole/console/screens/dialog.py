"""A question over a view. Escape answers nothing; the harmless choice is under the cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from mmsconsole.console.present.text import Line, Span, Tone, cells, line, wrap
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
    typed: tuple[str, ...] = ()
    """What must be typed for the last choice, where that is dangerous: one of these."""
    table: tuple[Line, ...] = ()
    """Drawn below the text as it is."""


def confirm(
    title: str,
    text: Sequence[str],
    yes: str,
    *,
    typed: Sequence[str] = (),
    table: Sequence[Line] = (),
) -> Question:
    choices = (Choice(NO_ANSWER, "do nothing"), Choice("yes", yes))
    return Question(title, text, choices, tuple(typed), tuple(table))


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
        if self.question.table:
            told += [*self.question.table, ()]
        if self.question.typed:
            told += typed_lines(self.question.typed)
        return told

    def _say(self, text: str, tone: Tone) -> None:
        self.query_one("#wrong", Lines).set_lines([(), line(Span(text, tone))])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() in self.question.typed:
            self.dismiss(self.question.choices[-1].id)
        else:
            self._say("that is not it; esc does nothing", Tone.WARN)

    def action_leave(self) -> None:
        self.dismiss(NO_ANSWER)


def typed_lines(allowed: Sequence[str]) -> list[Line]:
    """Type orders or 5f2c01aa90b1 to confirm. What can not be typed is not asked for."""
    names = [name for name in allowed if name.isprintable()] or list(allowed)
    told = line("Type ", Span(names[0], Tone.BAD))
    for name in names[1:]:
        told = line(told, " or ", Span(name, Tone.BAD))
    whole = line(told, " to confirm:")
    if cells(whole) <= TEXT_CELLS:
        return [whole]
    each = [part for name in names for part in wrap(name, TEXT_CELLS, Tone.BAD)]
    return [line("Type one of these to confirm:"), *each]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line that somebody has to type."""

    title: str
    text: Sequence[str]
    """Paragraphs."""
    complaint: Callable[[str], str]
    """Why a text will not do; empty: it will."""
    value: str = ""
    """What stands there at first."""


class Prompt(ModalScreen[str]):
    """Answers what was typed, which will do; NO_ANSWER for escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.wanted = wanted

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Lines(id="text")
            yield field(id="typed", value=self.wanted.value)
            yield Lines(id="wrong")

    def on_mount(self) -> None:
        told: list[Line] = [line(Span(self.wanted.title, Tone.TITLE)), ()]
        for paragraph in self.wanted.text:
            told += [*wrap(paragraph, TEXT_CELLS), ()]
        self.query_one("#text", Lines).set_lines(told)
        typed = self.query_one(Input)
        typed.focus()
        typed.select_all()  # the first letter takes its place; end or an arrow keeps it
        self._say(self.wanted.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._say(event.value)

    def _say(self, text: str) -> None:
        """While it is typed: whether it will do."""
        complaint = self.wanted.complaint(text.strip()) if text.strip() else ""
        told = complaint or "enter takes it, esc does nothing"
        lines = wrap(told, TEXT_CELLS, Tone.WARN if complaint else Tone.DIM)
        self.query_one("#wrong", Lines).set_lines([(), *lines])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        complaint = self.wanted.complaint(text)
        if complaint:
            wrong = wrap(complaint, TEXT_CELLS, Tone.WARN)
            self.query_one("#wrong", Lines).set_lines([(), *wrong])
        else:
            self.dismiss(text)

    def action_leave(self) -> None:
        self.dismiss(NO_ANSWER)
