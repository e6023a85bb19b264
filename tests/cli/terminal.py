"""A shell of which a test owns every part: what is typed, what is shown, time, the engine."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from mmsconsole.cli.boundary import run
from mmsconsole.cli.shell import Shell
from mmsconsole.clock import Clock
from mmsconsole.errors import NoEngine
from mmsconsole.operations.operations import Operations
from mmsconsole.settings import Settings
from tests.support.clock import ManualClock

Step = Callable[[], object]


class Stream(StringIO):
    def __init__(self, text: str = "", *, tty: bool = False) -> None:
        super().__init__(text)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


class WaitingClock(ManualClock):
    """Each sleep runs the next step of what happens meanwhile; a sleep too many fails."""

    def __init__(self, steps: Iterator[Step]) -> None:
        super().__init__()
        self._steps = steps

    def sleep(self, seconds: float) -> None:
        next(self._steps)()


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """stdout, which must be one JSON value and nothing else."""
        return json.loads(self.out)


@dataclass
class Terminal:
    environ: Mapping[str, str]
    operations: Operations | None = None
    """None: no engine."""
    passwords: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def run(
        self, *arguments: str, typed: str = "", tty: bool = False, meanwhile: tuple[Step, ...] = ()
    ) -> Ran:
        out, err = Stream(tty=tty), Stream(tty=tty)
        clock = WaitingClock(iter(meanwhile)) if meanwhile else ManualClock()
        shell = Shell(Stream(typed, tty=tty), out, err, self.environ, clock, self._open, self._ask)
        code = run(list(arguments), shell)
        return Ran(code, out.getvalue(), err.getvalue())

    def _open(self, settings: Settings, clock: Clock) -> Operations:
        if self.operations is None:
            raise NoEngine("no engine runs here", where=str(settings.home.data))
        return self.operations

    def _ask(self, question: str) -> str:
        self.asked.append(question)
        return self.passwords.pop(0)
