"""mmsconsole store repair"""

from typing import TYPE_CHECKING

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.store import OptionalStore
from mmsconsole.cli.commands.store_check import app as app
from mmsconsole.cli.commands.store_space import DryRun
from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.options import Wait, command
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

if TYPE_CHECKING:
    from mmsconsole.operations.check_views import RepairView


@command(app, examples=("mmsconsole store repair --dry-run", "mmsconsole store repair --wait"))
def repair(
    context: typer.Context,
    name: OptionalStore = "default",
    dry_run: DryRun = False,
    wait: Wait = False,
) -> Answer:
    """Take again what checks have found damaged.

    From the copy, the head or the source. Ends with 1 where something is lost.
    """
    shell: Shell = context.obj
    operations = shell.operations()
    if dry_run and wait:
        raise UsageError("there is nothing to wait for with --dry-run")
    if dry_run:
        return _answer(operations.plan_repair(name))
    job = operations.start_repair(name)
    if not wait:
        return Answer(job)
    from mmsconsole.cli.waiting import job_done

    return _answer(operations.repair(job_done(shell, operations, job).id))


def _answer(view: "RepairView") -> Answer:
    return Answer(view, exit_code=ExitCode.FAILED if view.left else ExitCode.DONE)
