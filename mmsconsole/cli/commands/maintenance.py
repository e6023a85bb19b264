"""mmsconsole maintenance …"""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.alert import For, Note, Until
from mmsconsole.cli.options import Id, OptionalName, command, group
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError
from mmsconsole.operations.amounts import read_span, read_until

app = group("maintenance", "Times in which alerts are shown, and nobody is told.")

OfGroup = Annotated[
    bool, typer.Option("--group", help="Of all deployments, in place of one.")
]  # fmt: skip
OneName = Annotated[str | None, typer.Argument(metavar="NAME", help="Name of the deployment.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Not now: 2027-01-31T18:00:00Z, or in '2 h'."),
]
EveryWindow = Annotated[bool, typer.Option("--all", help="Those that are over, too.")]


@command(app, "list", examples=("mmsconsole maintenance list", "mmsconsole maintenance list --all"))
def list_(context: typer.Context, name: OptionalName = None, every: EveryWindow = False) -> Answer:
    """Under way and planned; the first to begin first."""
    shell: Shell = context.obj
    found = shell.operations().maintenance_windows(name, all=every)
    return Answer(found, empty="no maintenance is under way, nor planned")


@command(
    app,
    examples=(
        "mmsconsole maintenance start shop --for 2h --note 'upgrade to 7.0'",
        "mmsconsole maintenance start --group --from 8h --for 3h",
    ),
)
def start(
    context: typer.Context,
    name: OneName = None,
    of_group: OfGroup = False,
    begin: From = None,
    until: Until = None,
    for_: For = None,
    note: Note = "",
) -> Answer:
    """Now, or at a time; it ends by itself."""
    shell: Shell = context.obj
    if (name is None) != of_group:
        raise UsageError("it is of a deployment or of all", hint="give a NAME, or --group")
    now = shell.clock.now()
    begins = None if begin is None else read_until(begin, now)
    end = _end(begins or now, until, for_, now)
    return Answer(shell.operations().add_maintenance(name, begins, end, note))


def _end(begins: datetime, until: str | None, for_: str | None, now: datetime) -> datetime:
    """--for counts from its beginning. Raises UsageError."""
    if (until is None) == (for_ is None):
        raise UsageError("it has to end, once", hint="--until TIME, or --for TIME")
    if for_ is not None:
        return begins + timedelta(seconds=read_span(for_))
    return read_until(until or "", now)


@command(app, examples=("mmsconsole maintenance end 1f0c2a77b3d9",))
def end(context: typer.Context, id_: Id) -> Answer:
    """Now; one that has not begun is taken back."""
    shell: Shell = context.obj
    return Answer(shell.operations().end_maintenance(id_))
