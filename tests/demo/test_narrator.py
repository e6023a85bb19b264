"""The narrator tells each step once, with how far it is."""

import io

import pytest

from mmsconsole.demo.narrator import Narrator
from tests.support.clock import ManualClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_is_told_with_its_number_outcome_and_time() -> None:
    stream, clock = io.StringIO(), ManualClock()
    narrator = Narrator(stream, clock, steps=2)

    with narrator.step("opening the shop") as step:
        clock.advance(1.5)
        step.done("12 doors")

    assert stream.getvalue() == " 1/2  opening the shop\n       12 doors (1.5 s)\n"


def test_progress_on_a_terminal_is_written_over_the_last() -> None:
    stream = Terminal()
    narrator = Narrator(stream, ManualClock(), steps=1)

    with narrator.step("filling") as step:
        step.progress("10 %")
        step.progress("20 %")

    assert stream.getvalue().count("\n") == 2
    assert "\r\x1b[K       20 %" in stream.getvalue()


def test_progress_elsewhere_is_a_line_every_two_seconds_at_most() -> None:
    stream, clock = io.StringIO(), ManualClock()
    narrator = Narrator(stream, clock, steps=1)

    with narrator.step("filling") as step:
        for percent in range(0, 100, 10):
            clock.advance(0.5)
            step.progress(f"{percent} %")

    assert [line.strip() for line in stream.getvalue().splitlines()[1:-1]] == ["30 %", "70 %"]


def test_a_step_that_fails_is_not_told_as_done() -> None:
    stream = io.StringIO()
    narrator = Narrator(stream, ManualClock(), steps=1)

    with pytest.raises(ValueError, match="broken"), narrator.step("filling"):
        raise ValueError("broken")

    assert narrator.told == []
    assert "done" not in stream.getvalue()
