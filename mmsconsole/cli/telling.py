"""Work that a command does itself, without an engine: its progress and its log, told at once."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmsconsole.cli.interrupts import cancelled_by_signals
from mmsconsole.cli.progress import ProgressTeller
from mmsconsole.cli.shell import Shell
from mmsconsole.daemon.progress import ProgressBook
from mmsconsole.task import Task

TELL_SECONDS = 0.2


class _Log(logging.Handler):
    """What the engine would write into its log."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())


class Telling:
    """A reporter that tells people at once."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._book = ProgressBook(shell.clock)
        self._teller = ProgressTeller(shell)
        self._told_at = 0.0

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        self._book(phase, done, total)
        now = self._shell.clock.monotonic()
        if now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            self._teller.tell(self._book.phases()[-1:], "")

    def say(self, text: str) -> None:
        self._teller.end()
        self._shell.tell(text)

    def end(self) -> None:
        self._teller.end()


@contextmanager
def logged(say: Callable[[str], None]) -> Iterator[None]:
    ours, handler = logging.getLogger("mmsconsole"), _Log(say)
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)


@contextmanager
def at_work(shell: Shell) -> Iterator[tuple[Telling, Task]]:
    """A task that Ctrl-C cancels and that tells how far it is."""
    telling = Telling(shell)
    with cancelled_by_signals() as cancellation, logged(telling.say):
        try:
            yield telling, Task(cancellation, telling)
        finally:
            telling.end()
