"""mmsconsole alone, and what concerns the engine and this host."""

from pathlib import Path
from typing import Annotated

import typer

from mmsconsole import __version__
from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.shell import Shell
from mmsconsole.demo.size import Size
from mmsconsole.errors import NoEngine, Refused
from mmsconsole.operations.amounts import SECONDS, read_amount

Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help="Make it all in here, and keep it.")
]
Headless = Annotated[bool, typer.Option("--headless", help="Walk through it without the console.")]
Stop = Annotated[bool, typer.Option("--stop", help="Stop it; backups stand still until a start.")]
Version = Annotated[bool, typer.Option("--version", help="Say the version.")]

Keep = Annotated[bool, typer.Option("--keep", help="Keep the folder that it makes.")]
DemoSize = Annotated[
    Size, typer.Option("--size", metavar="SIZE", help="small (10 MB of data) or medium (100 MB).")
]

Record = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Keep what the console shows in this new file."),
]
RecordMb = Annotated[
    float, typer.Option("--record-mb", min=1, metavar="MB", help="How large it may become.")
]
Recording = Annotated[Path, typer.Argument(metavar="FILE", help="What --record has made.")]
From = Annotated[
    str, typer.Option("--from", metavar="TIME", help="Begin so far behind its start: 90s, 5m, 2h.")
]
Speed = Annotated[
    float, typer.Option("--speed", min=0.1, max=1000, metavar="N", help="So many times as fast.")
]

STOPPED = {"engine": "stopped"}
EXAMPLES = {
    "replay": (
        "mmsconsole --record incident.mmsrec",
        "mmsconsole replay incident.mmsrec --from 5m",
    ),
    "engine": ("mmsconsole engine", "mmsconsole engine --stop"),
    "demo": (
        "mmsconsole demo",
        "mmsconsole demo --headless --size medium --folder /tmp/demo",
    ),
}


def console(
    context: typer.Context, version: Version = False, record: Record = None,
    record_mb: RecordMb = 100.0,
) -> Answer | int:  # fmt: skip
    """Continuous backup for MongoDB replica sets. Alone: the console."""
    if version and context.invoked_subcommand is None:
        return Answer({"version": __version__})
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    shell: Shell = context.obj
    _check_terminal(shell)
    from mmsconsole.cli.attach import open_console

    return open_console(shell, record, record_mb)


def replay(context: typer.Context, file: Recording, start: From = "0s", speed: Speed = 1.0) -> int:
    """Show again what a console was shown. Needs no engine.

    It is made by mmsconsole --record FILE.
    """
    shell: Shell = context.obj
    seconds = read_amount(start, SECONDS)
    _check_terminal(shell)
    from mmsconsole.cli.attach import show_recording

    return show_recording(shell, file, seconds, speed)


def _check_terminal(shell: Shell) -> None:
    hint = "without one: mmsconsole engine, mmsconsole status, and all of mmsconsole --help"
    if not (shell.stdin.isatty() and shell.stdout.isatty()):
        raise Refused("the console needs a terminal", hint=hint)
    if shell.environ.get("TERM", "dumb") in ("", "dumb"):
        raise Refused("this terminal (TERM) can not show the console", hint=hint)
    if shell.as_json:
        raise Refused("the console has no JSON", hint=hint)


def engine(context: typer.Context, stop: Stop = False) -> Answer | int:
    """Run the engine in the foreground, or stop the one that runs.

    It says `engine ready` on stdout (with --json on stderr) once it works; SIGTERM and Ctrl-C
    end it in order.
    """
    from mmsconsole.engine import run_engine, stop_engine

    shell: Shell = context.obj
    settings = shell.settings()
    if not stop:
        run_engine(settings, shell.clock, shell.stderr if shell.as_json else shell.stdout)
        return Answer(STOPPED) if shell.as_json else ExitCode.DONE
    if not stop_engine(settings, shell.clock):
        raise NoEngine("no engine runs here", where=str(settings.home.data), hint="nothing to stop")
    return Answer(STOPPED)


def status(context: typer.Context) -> Answer:
    """The engine of this home."""
    shell: Shell = context.obj
    return Answer(shell.operations().engine())


def doctor(context: typer.Context) -> Answer:
    """Look whether this host has what an engine needs.

    mongod and its libraries, settings, disks, sockets, permissions, clock. Needs no engine.
    """
    from mmsconsole.operations.doctor import examine

    shell: Shell = context.obj
    findings = examine(shell.environ, shell.clock)
    well = all(finding.ok for finding in findings)
    return Answer(findings, exit_code=ExitCode.DONE if well else ExitCode.FAILED)


def demo(
    context: typer.Context,
    size: DemoSize = Size.SMALL,
    folder: Folder = None,
    keep: Keep = False,
    headless: Headless = False,
) -> int:
    """See it all at work on a replica set that is made for you.

    A workload writes to it, an engine backs it up, and the console opens on it. All is taken
    away again at the end.
    """
    from mmsconsole.cli.attach import attach
    from mmsconsole.demo.main import run_demo

    shell: Shell = context.obj
    return run_demo(
        headless=headless or shell.environ.get("TERM", "dumb") == "dumb",
        folder=folder,
        keep=keep,
        size=size,
        clock=shell.clock,
        as_json=shell.as_json,
        open_console=None if shell.as_json else attach,
    )
