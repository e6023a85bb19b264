"""What a command does with a store alone: no engine is asked, and none is needed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.cli.credentials import read_store_url
from mmsconsole.cli.interrupts import cancelled_by_signals
from mmsconsole.cli.progress import ProgressTeller
from mmsconsole.cli.shell import Shell
from mmsconsole.daemon.progress import ProgressBook
from mmsconsole.operations.recovery_views import StoreContents, StoreRestored
from mmsconsole.operations.store_restore import StoreWish, contents, restore
from mmsconsole.recovery.temporary import temporary_resources
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

TELL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class StoreArguments:
    url: str
    """`-`: one line of stdin."""
    key_file: Path | None


class _Log(logging.Handler):
    """What the engine would write into its log."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())


class _Telling:
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


def list_store(shell: Shell, arguments: StoreArguments) -> StoreContents:
    with _at_work(shell, arguments) as (resources, telling, task):
        found = contents(resources, task)
        for told in found.told:
            telling.say(told)
        return found


def restore_from_store(shell: Shell, arguments: StoreArguments, wish: StoreWish) -> StoreRestored:
    with _at_work(shell, arguments) as (resources, telling, task):
        return restore(resources, wish, telling.say, task)


@contextmanager
def _logged(say: Callable[[str], None]) -> Iterator[None]:
    ours, handler = logging.getLogger("mmsconsole"), _Log(say)
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)


@contextmanager
def _at_work(shell: Shell, arguments: StoreArguments) -> Iterator[tuple[Resources, _Telling, Task]]:
    """Ctrl-C leaves nothing: neither in the target nor elsewhere."""
    url = read_store_url(shell, arguments.url)
    telling = _Telling(shell)
    with cancelled_by_signals() as cancellation, _logged(telling.say):
        made = temporary_resources(
            url, arguments.key_file, shell.environ, shell.clock, cancellation
        )
        try:
            with made as resources:
                yield resources, telling, Task(cancellation, telling)
        finally:
            telling.end()
