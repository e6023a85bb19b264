"""Starting an engine that outlives the terminal, and stopping the one that runs."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from mmsconsole.clock import Clock, SystemClock
from mmsconsole.durable import make_folders
from mmsconsole.engine.lock import engine_is_running, running_engine
from mmsconsole.errors import MmsError, Refused
from mmsconsole.settings import HOME, Settings, home_of

START_FILE = "engine-start.log"
"""What a background engine says on stdout and stderr: why it did not start, if it did not."""

START_SECONDS = 90
STOP_SECONDS = 40
POLL_SECONDS = 0.05
COMMAND = ("-m", "mmsconsole.engine")
SPEAKER = "mmsconsole: "
"""Begins the line that says why it did not start."""


def start_engine_in_background(
    settings: Settings,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    command: tuple[str, ...] = COMMAND,
) -> None:
    """Returns when an engine of this home is ready, the one that ran already or a new one.

    The new one is a session of its own, without a terminal: a lost SSH session does not touch
    it. It reads its settings from `environ` (this process's by default). Raises MmsError with
    what it said if it ended, or is not ready within START_SECONDS.
    """
    clock = clock or SystemClock()
    said = settings.home.logs / START_FILE
    child = None
    if not engine_is_running(settings):
        make_folders(settings.home.logs)
        child = _spawn(said, _environment(settings, environ), command)
    deadline = clock.monotonic() + START_SECONDS
    while not _is_ready(settings):
        # Not the one that ran, nor the one that was started, nor one that was faster than it.
        if (child is None or _has_ended(child)) and not engine_is_running(settings):
            raise _why_it_ended(said)
        if clock.monotonic() > deadline:
            what = f"the engine was not ready within {START_SECONDS} s"
            raise MmsError(what, where=str(settings.home.data), hint=f"see {settings.home.logs}")
        clock.sleep(POLL_SECONDS)


def stop_engine(settings: Settings, clock: Clock | None = None) -> bool:
    """Stop the engine of this home and wait for its end; False if none runs.

    Raises MmsError if it has not ended within STOP_SECONDS.
    """
    clock = clock or SystemClock()
    deadline = clock.monotonic() + STOP_SECONDS
    asked = False
    while engine_is_running(settings):
        asked = asked or _ask_to_stop(settings)
        if clock.monotonic() > deadline:
            what = f"the engine has not ended within {STOP_SECONDS} s"
            raise MmsError(what, where=str(settings.home.data), hint=f"see {settings.home.logs}")
        clock.sleep(POLL_SECONDS)
    return asked


def _ask_to_stop(settings: Settings) -> bool:
    engine = running_engine(settings)
    if engine is None or not engine.pid:
        return False
    try:
        handle = os.pidfd_open(engine.pid)
    except ProcessLookupError:
        return False
    try:
        # Asked again with the process held: the number can not have passed to another one.
        if running_engine(settings) != engine:
            return False
        signal.pidfd_send_signal(handle, signal.SIGTERM)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        what, hint = "the engine runs as another user", "stop it as that user, or as root"
        raise Refused(what, where=f"process {engine.pid}", hint=hint) from error
    finally:
        os.close(handle)
    return True


def _spawn(said: Path, environ: dict[str, str], command: tuple[str, ...]) -> int:
    """Its process id. posix_spawn: a Popen would complain of a child that it does not wait for."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        [sys.executable, *command],
        environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(said), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _environment(settings: Settings, environ: Mapping[str, str] | None) -> dict[str, str]:
    """The same home, even if these settings did not come from this environment."""
    found = dict(os.environ if environ is None else environ)
    root = str(settings.home.data.parent)
    return found | {HOME: root} if home_of({HOME: root}) == settings.home else found


def _is_ready(settings: Settings) -> bool:
    engine = running_engine(settings)
    return engine is not None and engine.ready


def _has_ended(child: int) -> bool:
    """Reaps it."""
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:
        return True


def _why_it_ended(said: Path) -> MmsError:
    lines = said.read_text(errors="replace").strip().splitlines() if said.exists() else []
    told = [at for at, line in enumerate(lines) if line.startswith(SPEAKER)]
    what = lines[told[-1] if told else -1].removeprefix(SPEAKER) if lines else "it said nothing"
    hint = " ".join(line.strip() for line in lines[told[-1] + 1 :]) if told else ""
    return MmsError(f"the engine did not start: {what}", hint=hint or f"see {said.parent}")
