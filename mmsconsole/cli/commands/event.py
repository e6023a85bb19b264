"""mmsconsole event …"""

from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import OptionalName, command, group
from mmsconsole.cli.shell import Shell

app = group("event", "What happened, and who asked for it.")

Limit = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="Not more than these.")
]


@command(
    app, "list", examples=("mmsconsole event list shop", "mmsconsole event list --limit 500 --json")
)
def list_(context: typer.Context, name: OptionalName = None, limit: Limit = 100) -> Answer:
    """Newest first."""
    shell: Shell = context.obj
    return Answer(shell.operations().events(name, limit), empty="nothing happened yet")
