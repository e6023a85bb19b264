"""What a long piece of work is given: a way to be stopped, and a way to say how far it is."""

import threading
from collections.abc import Callable
from typing import Protocol

from mmsconsole.errors import Cancelled


class Cancellation:
    """Set once, from any thread; work checks it between two steps."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def cancel(self) -> None:
        self.event.set()

    @property
    def requested(self) -> bool:
        return self.event.is_set()

    def check(self) -> None:
        """Raise Cancelled if somebody asked to stop."""
        if self.event.is_set():
            raise Cancelled


class Reporter(Protocol):
    """Where progress goes. `done` and `total` count bytes unless the phase says otherwise.

    A phase begins with its first report; `total` may be None (unknown) and may grow.
    Reporting is cheap: the receiver decides how often to write it down.
    """

    def __call__(self, phase: str, done: int, total: int | None) -> None: ...


Remark = Callable[[str, str], None]
"""Where a word about a phase goes, as (phase, text): "paused: …"; empty takes it back."""


def silent(phase: str, done: int, total: int | None) -> None:
    """A reporter for work that nobody watches."""


def unsaid(phase: str, text: str) -> None:
    """A remark on work that nobody watches."""


class Task:
    """Cancellation and reporter together, passed down as one argument."""

    def __init__(
        self,
        cancellation: Cancellation | None = None,
        report: Reporter = silent,
        remark: Remark = unsaid,
    ) -> None:
        self.cancellation = cancellation or Cancellation()
        self.report: Reporter = report
        self.remark: Remark = remark

    def check(self) -> None:
        self.cancellation.check()
