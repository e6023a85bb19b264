"""mmsconsole link …"""

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Id, OptionalName, command, group
from mmsconsole.cli.shell import Shell

app = group("link", "Links that restores are downloaded by.")


@command(app, "list")
def list_(context: typer.Context, name: OptionalName = None) -> Answer:
    """Newest first."""
    shell: Shell = context.obj
    return Answer(shell.operations().links(name), empty="no links yet")


@command(app)
def show(context: typer.Context, id_: Id) -> Answer:
    """One link; its address was told when it was made, this once."""
    shell: Shell = context.obj
    return Answer(shell.operations().link(id_))


@command(app, examples=("mmsconsole link revoke f0cdb584c68c",))
def revoke(context: typer.Context, id_: Id) -> Answer:
    """It gives nothing from now on; downloads that run are broken off."""
    shell: Shell = context.obj
    return Answer(shell.operations().revoke_link(id_))


@command(app)
def ca(context: typer.Context) -> Answer:
    """The engine's own CA, for curl's --cacert, and how to know it."""
    shell: Shell = context.obj
    return Answer(shell.operations().service_ca())
