"""mmsconsole restore seed"""

from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.restore_dump import PasswordFile, UriFile
from mmsconsole.cli.commands.restore_dump import app as app
from mmsconsole.cli.options import Id, command
from mmsconsole.cli.shell import Shell

SetName = Annotated[
    str, typer.Option("--set", metavar="NAME", help="Of the new replica set (--replSet).")
]
Members = Annotated[
    list[str],
    typer.Option(
        "--member",
        metavar="HOST[:PORT]",
        help="The first has the files, the others are empty; may be said often.",
    ),
]
Begin = Annotated[
    str | None,
    typer.Option(
        "--begin",
        metavar="URI",
        help="Do it now: how to reach the first member; - for stdin.",
    ),
]


@command(
    app,
    examples=(
        "mmsconsole restore seed 5f2c01aa90b1 --set rs1 --member db7 --member db8",
        "mmsconsole restore seed 5f2c01 --set r1 --member db7 --begin mongodb://db7/",
    ),
)
def seed(
    context: typer.Context,
    id_: Id,
    set_: SetName,
    member: Members,
    begin: Begin = None,
    uri_file: UriFile = None,
    password_file: PasswordFile = None,
) -> Answer:
    """Begin a new replica set on restored files.

    Told as commands to be pasted, or done at once with --begin.
    """
    from mmsconsole.cli.credentials import UriArguments, read_uri
    from mmsconsole.cli.telling import at_work

    shell: Shell = context.obj
    uri = read_uri(shell, UriArguments(begin, uri_file, password_file))
    with at_work(shell) as (_, task):
        return Answer(shell.operations().seed(id_, set_, member, uri, task))
