"""Options and arguments that several commands share."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

JSON_HELP = "--json as the last argument: one JSON value on stdout, errors too."

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, with progress on stderr.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer the question with yes.")]

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the deployment.")]
OptionalName = Annotated[
    str | None, typer.Argument(metavar="NAME", help="Of this deployment only.")
]
Id = Annotated[str, typer.Argument(metavar="ID")]

IntervalMinutes = Annotated[
    int | None,
    typer.Option(
        "--snapshot-interval-minutes", metavar="MINUTES", help="0: no snapshots by themselves."
    ),
]
SyncFrom = Annotated[
    str | None, typer.Option("--sync-from", metavar="MEMBER", help="secondary or primary.")
]
TailFrom = Annotated[
    str | None, typer.Option("--tail-from", metavar="MEMBER", help="primary or secondary.")
]

Function = TypeVar("Function", bound=Callable[..., Any])


def group(name: str, help_: str) -> typer.Typer:
    """A command that has commands."""
    return typer.Typer(name=name, help=help_, rich_markup_mode=None)


def command(app: typer.Typer, name: str | None = None) -> Callable[[Function], Function]:
    """A command of its function's name, if no other is given; the docstring is its help."""
    return app.command(name, epilog=JSON_HELP)
