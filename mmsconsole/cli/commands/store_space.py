"""mmsconsole store list | stats | groom"""

from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.store import OptionalStore
from mmsconsole.cli.commands.store import app as app
from mmsconsole.cli.options import Wait, command
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


@command(app, "list")
def list_(context: typer.Context) -> Answer:
    """The stores of the settings."""
    shell: Shell = context.obj
    return Answer(shell.operations().stores())


@command(app)
def stats(context: typer.Context, name: OptionalStore = "default") -> Answer:
    """What is stored, what of it is still needed, and what is saved."""
    shell: Shell = context.obj
    return Answer(shell.operations().store_stats(name))


@command(app, examples=("mmsconsole store groom --dry-run", "mmsconsole store groom --wait"))
def groom(
    context: typer.Context,
    name: OptionalStore = "default",
    dry_run: DryRun = False,
    wait: Wait = False,
) -> Answer:
    """Give back the space of blocks that no snapshot needs any more."""
    shell: Shell = context.obj
    operations = shell.operations()
    if dry_run and wait:
        raise UsageError("there is nothing to wait for with --dry-run")
    if dry_run:
        return Answer(operations.plan_groom(name))
    job = operations.start_groom(name)
    if not wait:
        return Answer(job)
    from mmsconsole.cli.waiting import job_done

    job_done(shell, operations, job)
    return Answer(operations.store_stats(name))
