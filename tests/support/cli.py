"""The command line as a script sees it: a process, its JSON, its exit code."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
            [sys.executable, "-m", "mmsconsole", *arguments, "--json"],
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
        answered = self.run(*arguments, timeout_seconds=timeout_seconds)
        if answered.code != 0:
            said = f"{' '.join(arguments)}: exit code {answered.code}"
            raise CommandFailedError(f"{said}\n{answered.value}\n{answered.told}")
        return answered.value
