"""Options and arguments that several commands share."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Annotated, Any, TypeVar, cast

import typer

JSON_HELP = "--json as the last argument: one JSON value on stdout, errors too."

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, with progress on stderr.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer the question with yes.")]

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the deployment.")]
OptionalName = Annotated[
    str | None, typer.Argument(metavar="NAME", help="Of this deployment only.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="As list and --json tell it.")]

IntervalMinutes = Annotated[
    int | None,
    typer.Option(
        "--snapshot-interval-minutes",
        metavar="MINUTES",
        help="Between snapshots; 0: none by themselves.",
    ),
]
SyncFrom = Annotated[
    str | None,
    typer.Option(
        "--sync-from", metavar="MEMBER", help="Where the initial sync reads: secondary or primary."
    ),
]
TailFrom = Annotated[
    str | None,
    typer.Option(
        "--tail-from", metavar="MEMBER", help="Where the oplog is read: primary or secondary."
    ),
]

SyncMbPerSecond = Annotated[
    float | None,
    typer.Option(
        "--sync-mb-per-second",
        metavar="MB",
        help="What an initial sync reads at most; 0: no limit. May be changed while one runs.",
    ),
]

BlockKib = Annotated[
    int | None,
    typer.Option(
        "--block-kib",
        metavar="KIB",
        help="Size of blocks: 64, 128, 256 ... 4096. Smaller ones store less of scattered changes.",
    ),
]
ZstdLevel = Annotated[
    int | None,
    typer.Option(
        "--zstd-level", metavar="LEVEL", help="1 to 19: fewer bytes are stored, in more time."
    ),
]

Function = TypeVar("Function", bound=Callable[..., Any])


def group(name: str, help_: str) -> typer.Typer:
    """A command that has commands."""
    return typer.Typer(name=name, help=help_, rich_markup_mode=None)


def command(
    app: typer.Typer, name: str | None = None, *, examples: Sequence[str] = ()
) -> Callable[[Function], Function]:
    """A command of its function's name, if no other is given; the docstring is its help."""
    return app.command(name, epilog=epilog(examples))


def grouped(**groups: type) -> Callable[[Function], Function]:
    """Options that stand in dataclasses, for a function that takes one of each by these names.

    The command line sees every field as an option of its own.
    """

    def decorate(function: Function) -> Function:
        seen = inspect.signature(function)
        own = [each for each in seen.parameters.values() if each.name not in groups]
        options = [option for kind in groups.values() for option in _options_of(kind)]

        @wraps(function)
        def run(**values: Any) -> Any:
            made = {
                name: kind(**{field.name: values.pop(field.name) for field in fields(kind)})
                for name, kind in groups.items()
            }
            return function(**values, **made)

        run.__signature__ = seen.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in [*own, *options]}
        return cast(Function, run)

    return decorate


def _options_of(kind: type) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default,
            annotation=field.type,
        )
        for field in fields(kind)
    ]  # fmt: skip


def epilog(examples: Sequence[str] = ()) -> str:
    """What stands below a command's options; an example fits 80 columns with its indent."""
    if not examples:
        return JSON_HELP
    lines = "\n".join(f"  {example}" for example in examples)
    return f"\b\nExamples:\n{lines}\n\n{JSON_HELP}"  # \b: the lines stay as they are
