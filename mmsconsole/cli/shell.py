"""What a command is given of the world outside: streams, environment, time, the engine."""

import getpass
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from mmsconsole.cli.streams import standard_streams
from mmsconsole.clock import Clock, SystemClock
from mmsconsole.errors import Cancelled, NoEngine, Refused

if TYPE_CHECKING:
    from mmsconsole.operations.operations import Operations
    from mmsconsole.settings import Settings


@dataclass(frozen=True, slots=True)
class Shell:
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    clock: Clock
    open_operations: Callable[["Settings", Clock], "Operations"]
    """Raises NoEngine."""
    ask_password: Callable[[str], str] = getpass.getpass
    as_json: bool = False

    @classmethod
    def of_process(cls, environ: Mapping[str, str]) -> "Shell":
        return cls(*standard_streams(), environ, SystemClock(), connect_operations)

    @property
    def can_ask(self) -> bool:
        return self.stdin.isatty() and self.stderr.isatty()

    def settings(self) -> "Settings":
        from mmsconsole.settings import load_settings

        return load_settings(self.environ)

    def operations(self) -> "Operations":
        """Of the engine of this home."""
        return self.open_operations(self.settings(), self.clock)

    def tell(self, text: str) -> None:
        """A line for people, beside the answer."""
        self.stderr.write(plain(text) + "\n")
        self.stderr.flush()

    def confirm(self, question: str, *, yes: bool) -> None:
        """Raises Cancelled at a no, and Refused where nobody can be asked."""
        if yes:
            return
        if not self.can_ask:
            raise Refused(f"this wants to be confirmed: {question}", hint="say --yes")
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        if self.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Cancelled("nothing was done")

    def confirm_typed(self, question: str, words: tuple[str, ...], *, yes: bool) -> None:
        """One of the words has to be typed: for what can not be undone. Raises as confirm()."""
        if yes:
            return
        if not self.can_ask:
            raise Refused(f"this wants to be confirmed: {question}", hint="say --yes")
        self.tell(question)
        self.stderr.write(f"type {' or '.join(words)} to confirm: ")
        self.stderr.flush()
        if self.stdin.readline().strip() not in words:
            raise Cancelled("nothing was done")


def plain(text: str) -> str:
    """What came from outside must not steer the terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def connect_operations(settings: "Settings", clock: Clock) -> "Operations":
    """An external metadata database may answer without any engine: then there is none."""
    from mmsconsole.metadata.connect import connect
    from mmsconsole.operations.operations import Actor, Operations

    operations = Operations(connect(settings), settings, clock, Actor.of_process())
    if settings.tree.metadata.uri and not operations.engine().running:
        raise NoEngine("no engine works with this metadata database")
    return operations
