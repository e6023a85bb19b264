"""The commands, put together."""

from typing import Any

import typer

from mmsconsole.cli.commands import backup, deployment, engine, job, restore, snapshot
from mmsconsole.cli.options import JSON_HELP

EPILOG = (
    "Every command takes --json last. Exit codes: 0 done, 1 failed, 2 used wrongly, "
    "3 no engine, 4 refused."
)


def command() -> Any:
    """The root command, built anew."""
    app = typer.Typer(
        name="mmsconsole",
        epilog=EPILOG,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(engine.console)
    for name in ("engine", "status", "doctor", "demo"):
        app.command(name, epilog=JSON_HELP)(getattr(engine, name))
    for group in (deployment, backup, snapshot, restore, job):
        app.add_typer(group.app)
    return typer.main.get_command(app)
