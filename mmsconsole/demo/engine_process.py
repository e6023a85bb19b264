"""An engine of the demo's own, as a process that can not outlive the demo."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.demo.waiting import wait_for
from mmsconsole.engine.run import READY
from mmsconsole.errors import MmsError
from mmsconsole.mongod.process import GUARD

GRACE_SECONDS = 60
START_SECONDS = 180.0
LOG_LINES_SHOWN = 3


class EngineProcess:
    """`mmsconsole engine` behind the guard that also stands before every mongod of ours.

    What the engine prints goes to `log`. It is its own session: a Ctrl-C in the terminal
    reaches only the demo, which then stops things in order.
    """

    def __init__(self, process: subprocess.Popen[bytes], pid: int, log: Path) -> None:
        self._guard = process
        self.pid = pid
        self.log = log

    @classmethod
    def start(cls, environ: Mapping[str, str], log: Path, clock: Clock) -> "EngineProcess":
        """Returns when the engine says that it is ready. Raises MmsError with its last words."""
        with log.open("ab") as output:
            offset = output.tell()
            guarded = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), str(GRACE_SECONDS), "0", *_command()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=dict(environ),
                start_new_session=True,
            )
        engine = cls(guarded, _begin(guarded), log)
        try:
            wait_for(
                "the engine was not ready",
                lambda: engine._ready(offset),
                clock,
                timeout_seconds=START_SECONDS,
            )
        except BaseException:
            engine.kill()
            raise
        return engine

    @property
    def alive(self) -> bool:
        return self._guard.poll() is None

    def stop(self) -> None:
        """Ask it to end, and see to it."""
        if self.alive:
            self._guard.terminate()
            try:
                self._guard.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._close()

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._guard.wait(GRACE_SECONDS)
        self._close()

    def _ready(self, offset: int) -> bool | None:
        said = self.log.read_bytes()[offset:].decode(errors="replace")
        if READY in said:
            return True
        if not self.alive:
            last = " | ".join(said.strip().splitlines()[-LOG_LINES_SHOWN:])
            raise MmsError(f"the engine ended: {last}", where=str(self.log))
        return None

    def _close(self) -> None:
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                pipe.close()


def _command() -> list[str]:
    return [sys.executable, "-m", "mmsconsole", "engine"]


def _begin(guarded: subprocess.Popen[bytes]) -> int:
    """The engine's process id, which the guard prints first; then it waits for a byte of ours."""
    assert guarded.stdout is not None
    assert guarded.stdin is not None
    pid = guarded.stdout.readline().strip()
    if not pid.isdigit():
        guarded.kill()
        raise MmsError("the engine's guard did not start", where=str(GUARD))
    with suppress(BrokenPipeError):  # the guard is gone: that is seen when we wait for the engine
        os.write(guarded.stdin.fileno(), b"\n")
    return int(pid)
