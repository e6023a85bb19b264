"""mmsconsole store check"""

from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.store import OptionalStore
from mmsconsole.cli.commands.store_space import app as app
from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.options import Wait, command
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

if TYPE_CHECKING:
    from mmsconsole.operations.check_views import CheckView

ReadData = Annotated[
    str | None,
    typer.Option(
        "--read-data",
        metavar="[=SHARE]",
        help="Read all objects whole, or a share of them: --read-data=10%.",
    ),
]
Last = Annotated[bool, typer.Option("--last", help="Only tell what the last one found.")]


@command(
    app,
    examples=(
        "mmsconsole store check --wait",
        "mmsconsole store check offsite --read-data --wait",
        "mmsconsole store check --read-data=10%",
    ),
)
def check(
    context: typer.Context,
    name: OptionalStore = "default",
    read_data: ReadData = None,
    last: Last = False,
    wait: Wait = False,
) -> Answer:
    """Look whether everything is as it was stored.

    If not, it says what is hurt, and ends with 1.

    """
    shell: Shell = context.obj
    operations = shell.operations()
    if last:
        return _answer(operations.last_check(name))
    asked = operations.start_check(name, share=share_of(read_data))
    if not wait or not asked.job:
        return Answer(asked)
    from mmsconsole.cli.waiting import job_done

    job_done(shell, operations, operations.job(asked.job))
    return _answer(operations.check(asked.id))


def _answer(view: "CheckView") -> Answer:
    return Answer(view, exit_code=ExitCode.DONE if view.good else ExitCode.FAILED)


def share_of(said: str | None) -> float:
    """10% or 0.1; nothing is 0. Raises UsageError."""
    if said is None:
        return 0.0
    number, percent = said.removesuffix("%"), said.endswith("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UsageError("a share is 0% to 100%, or 0 to 1", where=repr(said))
    return share
