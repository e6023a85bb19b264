"""The command line as a script sees it: a process, its JSON, its exit code."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from typing import Any

from mmsconsole.cli.boundary import JSON, run
from mmsconsole.cli.shell import Shell
from mmsconsole.clock import Clock, SystemClock
from mmsconsole.metadata.connect import connect
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.settings import Settings

TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Answered:
    code: int
    value: Any
    """What stdout holds, parsed."""
    told: str
    """stderr."""


class CommandFailedError(AssertionError):
    """A command that should have succeeded did not."""


class Cli:
    """Runs `mmsconsole ARGUMENTS --json` in one home."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def run(self, *arguments: str, timeout_seconds: float = TIMEOUT_SECONDS) -> Answered:
        """Whatever its exit code is."""
        ran = subprocess.run(
            [sys.executable, "-m", "mmsconsole", *arguments, JSON],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            env=self.environ,
            check=False,
        )
        return Answered(ran.returncode, json.loads(ran.stdout or "null"), ran.stderr)

    def ask(self, *arguments: str, timeout_seconds: float = TIMEOUT_SECONDS) -> Any:
        """The value; a command that does not end with 0 fails the test."""
        return _value(arguments, self.run(*arguments, timeout_seconds=timeout_seconds))

    def at_once(self, *arguments: str) -> Any:
        """As ask, for what waits for nothing: in this process, for a new one takes half a second
        to begin, which is long for what is asked again and again.
        """
        out, err = StringIO(), StringIO()
        with ExitStack() as stack:

            def operations(settings: Settings, clock: Clock) -> Operations:
                metadata = connect(settings)
                stack.callback(metadata.close)
                return Operations(metadata, settings, clock, Actor.of_process())

            shell = Shell(StringIO(), out, err, self.environ, SystemClock(), operations)
            code = run([*arguments, JSON], shell)
        value = json.loads(out.getvalue() or "null")
        return _value(arguments, Answered(code, value, err.getvalue()))


def _value(arguments: tuple[str, ...], answered: Answered) -> Any:
    if answered.code != 0:
        said = f"{' '.join(arguments)}: exit code {answered.code}"
        raise CommandFailedError(f"{said}\n{answered.value}\n{answered.told}")
    return answered.value
