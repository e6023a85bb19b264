"""Tells, step by step, what the demo does and how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from mmsconsole.clock import Clock

SAID_AGAIN_SECONDS = 2.0
"""Progress is printed this often where lines can not be overwritten."""


@dataclass(frozen=True, slots=True)
class Told:
    """One step that has ended."""

    step: str
    seconds: float
    outcome: str


class Step:
    """A step that is under way."""

    def __init__(self, narrator: "Narrator") -> None:
        self.outcome = ""
        self._narrator = narrator

    def progress(self, text: str) -> None:
        """How far it is, in words."""
        self._narrator.progress(text)

    def done(self, outcome: str) -> None:
        """What came of it, in a few words."""
        self.outcome = outcome


class Narrator:
    """Prints to one stream: a terminal's line is overwritten, other streams get lines."""

    def __init__(self, stream: TextIO, clock: Clock, steps: int) -> None:
        self.told: list[Told] = []
        self._stream = stream
        self._clock = clock
        self._steps = steps
        self._live = stream.isatty()
        self._said_at = 0.0
        self._said = ""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        began = self._clock.monotonic()
        self._write(f"{len(self.told) + 1:2}/{self._steps}  {title}\n")
        self._said_at, self._said = began, ""
        step = Step(self)
        yield step
        seconds = self._clock.monotonic() - began
        self.told.append(Told(title, round(seconds, 2), step.outcome))
        self._over(f"       {step.outcome or 'done'} ({seconds:.1f} s)\n")

    def progress(self, text: str) -> None:
        now = self._clock.monotonic()
        if self._live:
            self._over(f"       {text}")
        elif text != self._said and now - self._said_at >= SAID_AGAIN_SECONDS:
            self._said_at, self._said = now, text
            self._write(f"       {text}\n")

    def say(self, text: str) -> None:
        self._write(f"{text}\n")

    def _over(self, text: str) -> None:
        self._write(f"\r\x1b[K{text}" if self._live else text)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
