"""mmsconsole restore …"""

from pathlib import Path
from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Id, Name, OptionalName, Wait, command, group
from mmsconsole.cli.shell import Shell

app = group("restore", "Restore a snapshot, or any point of the window, into a folder.")

Snapshot = Annotated[
    str | None, typer.Option("--snapshot", metavar="ID", help="The snapshot as it is.")
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="POINT",
        help="RFC 3339 time with its zone, SECONDS:INCREMENT, or latest; up to and including it.",
    ),
]
ToFolder = Annotated[
    Path, typer.Option("--to-folder", metavar="DIR", help="Empty, or not there yet.")
]


@command(
    app,
    examples=(
        "mmsconsole restore start shop --at latest --to-folder /srv/r --wait",
        "mmsconsole restore start shop --at 2026-11-20T14:03:00Z --to-folder /srv/r",
        "mmsconsole restore start shop --at 1795177128:4 --to-folder /srv/r",
        "mmsconsole restore start shop --snapshot f0cdb584c68c --to-folder /srv/r",
    ),
)
def start(
    context: typer.Context,
    name: Name,
    to_folder: ToFolder,
    snapshot: Snapshot = None,
    at: At = None,
    wait: Wait = False,
) -> Answer:
    """Restore into a folder that a mongod can be started on."""
    shell: Shell = context.obj
    operations = shell.operations()
    planned = operations.plan_restore(name, snapshot=snapshot, at=at, target=to_folder)
    shell.tell(f"restoring to {planned.target}: {planned.in_words}")
    restore = operations.start_restore(name, snapshot=snapshot, at=at, target=to_folder)
    if wait:
        from mmsconsole.cli.waiting import restored

        restore = restored(shell, operations, restore)
    return Answer(restore)


@command(app, "list")
def list_(context: typer.Context, name: OptionalName = None) -> Answer:
    """Newest first."""
    shell: Shell = context.obj
    return Answer(shell.operations().restores(name), empty="no restores yet")


@command(app)
def show(context: typer.Context, id_: Id) -> Answer:
    """One restore."""
    shell: Shell = context.obj
    return Answer(shell.operations().restore(id_))


@command(app)
def cancel(context: typer.Context, id_: Id) -> Answer:
    """Cancel one that has not ended; what it wrote is removed."""
    shell: Shell = context.obj
    return Answer(shell.operations().cancel_restore(id_))
