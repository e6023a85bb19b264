"""The console on an engine: the one that runs in this home, or one that is started for it.

The only module of the command line that reaches the console itself.
"""

from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.shell import Shell, connect_operations
from mmsconsole.clock import Clock
from mmsconsole.settings import Settings


def open_console(shell: Shell) -> int:
    """Attach to the running engine, or start one first that outlives this process."""
    settings = shell.settings()
    started = False
    if not settings.tree.metadata.uri:
        from mmsconsole.engine import engine_is_running, start_engine_in_background

        started = not engine_is_running(settings)
        if started:
            shell.tell("starting an engine …")
        start_engine_in_background(settings, shell.clock, shell.environ)
    return attach(settings, shell.clock, started_engine=started)


def attach(settings: Settings, clock: Clock, *, started_engine: bool = False) -> int:
    """The console on an engine that must be there."""
    from mmsconsole.console.app import run_console
    from mmsconsole.engine import stop_engine

    def stop() -> None:
        stop_engine(settings, clock)

    run_console(
        connect_operations(settings, clock),
        settings,
        started_engine=started_engine,
        stop_engine=stop,
        clock=clock,
    )
    return ExitCode.DONE
