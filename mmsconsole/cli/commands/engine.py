"""mmsconsole alone, and what concerns the engine and this host."""

from pathlib import Path
from typing import Annotated

import typer

from mmsconsole import __version__
from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import NoEngine, Refused

Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="DIR", help="Keep what it makes in this folder.")
]
Headless = Annotated[bool, typer.Option("--headless", help="Walk through it without the console.")]
Stop = Annotated[bool, typer.Option("--stop", help="Stop it; backups stand still until a start.")]
Version = Annotated[bool, typer.Option("--version", help="Say the version.")]

STOPPED = {"engine": "stopped"}


def console(context: typer.Context, version: Version = False) -> Answer | int:
    """Continuous backup for MongoDB replica sets. Alone: the console."""
    if version and context.invoked_subcommand is None:
        return Answer({"version": __version__})
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    shell: Shell = context.obj
    _check_terminal(shell)
    from mmsconsole.cli.attach import open_console

    return open_console(shell)


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
    """Look at mongod, disks, sockets, permissions and clock; needs no engine."""
    from mmsconsole.operations.doctor import examine

    shell: Shell = context.obj
    findings = examine(shell.environ, shell.clock)
    well = all(finding.ok for finding in findings)
    return Answer(findings, exit_code=ExitCode.DONE if well else ExitCode.FAILED)


def demo(context: typer.Context, folder: Folder = None, headless: Headless = False) -> int:
    """A replica set, a workload and a backup of it, all made for you and taken away again."""
    from mmsconsole.cli.attach import attach
    from mmsconsole.demo.main import run_demo

    shell: Shell = context.obj
    return run_demo(
        headless=headless or shell.environ.get("TERM", "dumb") == "dumb",
        folder=folder,
        clock=shell.clock,
        as_json=shell.as_json,
        open_console=None if shell.as_json else attach,
    )
