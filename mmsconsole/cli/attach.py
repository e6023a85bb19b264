"""The console on an engine: the one that runs in this home, or one that is started for it.

The only module of the command line that reaches the console itself.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from mmsconsole.cli.shell import Shell, connect_operations
from mmsconsole.clock import Clock
from mmsconsole.settings import Settings

if TYPE_CHECKING:
    from mmsconsole.console.recording.recorder import Recorder


def open_console(shell: Shell, record: Path | None = None, record_mb: float = 100) -> int:
    """Attach to the running engine, or start one first that outlives this process.

    `record`: a new file for what is shown, of `record_mb` at most.
    """
    settings = shell.settings()
    started = False
    if not settings.tree.metadata.uri:
        from mmsconsole.engine import engine_is_running, start_engine_in_background

        started = not engine_is_running(settings)
        if started:
            shell.tell("starting an engine …")
        start_engine_in_background(settings, shell.clock, shell.environ)
    if record is None:
        return attach(settings, shell.clock, started_engine=started)
    from mmsconsole.console.recording.recorder import Recorder
    from mmsconsole.console.recording.writing import RecordingFile

    recorder = Recorder(RecordingFile(record, record_mb), shell.clock)
    try:
        return attach(settings, shell.clock, started_engine=started, recorder=recorder)
    finally:
        recorder.close()


def show_recording(shell: Shell, path: Path, start: float, speed: float) -> int:
    """Show a recording, from `start` seconds on. Needs no engine."""
    from mmsconsole.console.app import run_replay
    from mmsconsole.console.recording.loading import load_recording
    from mmsconsole.console.recording.replay import ReplayClock, replayed

    recording = load_recording(path)
    clock = ReplayClock(recording, shell.clock, speed)
    clock.move(start)
    return run_replay(replayed(recording, clock), shell.settings(), clock)


def attach(
    settings: Settings, clock: Clock, *, started_engine: bool = False,
    recorder: "Recorder | None" = None,
) -> int:  # fmt: skip
    """The console on an engine that must be there."""
    from mmsconsole.console.app import run_console
    from mmsconsole.engine import stop_engine

    def stop() -> None:
        stop_engine(settings, clock)

    return run_console(
        connect_operations(settings, clock),
        settings,
        started_engine=started_engine,
        stop_engine=stop,
        clock=clock,
        recorder=recorder,
    )
