"""mmsconsole job …"""

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Id, OptionalName, command, group
from mmsconsole.cli.shell import Shell

app = group("job", "What the engine works on, and has worked on.")


@command(app, "list")
def list_(context: typer.Context, name: OptionalName = None) -> Answer:
    """Newest first."""
    shell: Shell = context.obj
    return Answer(shell.operations().jobs(name), empty="no jobs yet")


@command(app)
def show(context: typer.Context, id_: Id) -> Answer:
    """One job."""
    shell: Shell = context.obj
    return Answer(shell.operations().job(id_))


@command(app)
def cancel(context: typer.Context, id_: Id) -> Answer:
    """Cancel one that has not ended. A cancelled initial sync leaves the backup stopped."""
    shell: Shell = context.obj
    return Answer(shell.operations().cancel_job(id_))
