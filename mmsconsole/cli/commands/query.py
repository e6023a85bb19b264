"""mmsconsole query …"""

from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.restore import At, Snapshot
from mmsconsole.cli.options import Id, Name, Wait, command, group
from mmsconsole.cli.shell import Shell

if TYPE_CHECKING:
    from mmsconsole.operations.opening_views import OpeningView
    from mmsconsole.operations.operations import Operations

app = group("query", "Open a snapshot or a moment, and ask it.")

Hours = Annotated[float, typer.Option("--hours", metavar="HOURS", help="Then it is closed.")]
Namespace = Annotated[str, typer.Argument(metavar="DATABASE.COLLECTION")]
Filter = Annotated[
    str, typer.Option("--filter", metavar="JSON", help="Extended JSON, as mongosh's find has it.")
]
Sort = Annotated[str, typer.Option("--sort", metavar="JSON", help='Like {"at": -1}.')]
Fields = Annotated[str, typer.Option("--fields", metavar="JSON", help='Like {"name": 1}.')]
Limit = Annotated[int, typer.Option("--limit", metavar="N", help="Documents at most.")]


@command(
    app,
    "open",
    examples=(
        "mmsconsole query open shop --at latest --hours 4 --wait",
        "mmsconsole query open shop --at 1795177128:4 --wait",
        "mmsconsole query open shop --snapshot f0cdb584c68c",
    ),
)
def open_(
    context: typer.Context,
    name: Name,
    snapshot: Snapshot = None,
    at: At = None,
    hours: Hours = 24,
    wait: Wait = False,
) -> Answer:
    """Open one: a read-only mongod on loopback.

    Its files lie in a folder of ours until it is closed, or its time is over.
    """
    shell: Shell = context.obj
    operations = shell.operations()
    restore = operations.open_snapshot(name, snapshot=snapshot, at=at, hours=hours)
    if not wait:
        return Answer(restore)
    from mmsconsole.cli.waiting import restored

    restored(shell, operations, restore)
    return Answer(_started(shell, operations, restore.id))


def _started(shell: Shell, operations: "Operations", id_: str) -> "OpeningView":
    from mmsconsole.cli.waiting import Look, until_ended

    def look() -> "Look[OpeningView]":
        view = operations.opening(id_)
        return Look(view, view.state != "starting", said="its mongod is starting")

    return until_ended(shell, look, f"see: mmsconsole query show {id_}")


@command(app, "list")
def list_(context: typer.Context) -> Answer:
    """Newest first."""
    shell: Shell = context.obj
    return Answer(shell.operations().openings(), empty="nothing is open")


@command(app)
def show(context: typer.Context, id_: Id) -> Answer:
    """One of them."""
    shell: Shell = context.obj
    return Answer(shell.operations().opening(id_))


@command(app)
def connect(context: typer.Context, id_: Id) -> Answer:
    """How to get in, with the password."""
    shell: Shell = context.obj
    return Answer(shell.operations().opening_connection(id_))


@command(app)
def collections(context: typer.Context, id_: Id) -> Answer:
    """What is in it."""
    shell: Shell = context.obj
    return Answer(shell.operations().opened_collections(id_), empty="there is nothing in it")


@command(
    app,
    examples=(
        """mmsconsole query find 0f3a shop.orders --filter '{"_id": 4711}'""",
        """mmsconsole query find 0f3a shop.orders --sort '{"at": -1}' --limit 5 --json""",
    ),
)
def find(
    context: typer.Context,
    id_: Id,
    namespace: Namespace,
    filter_: Filter = "{}",
    sort: Sort = "",
    fields: Fields = "",
    limit: Limit = 20,
) -> Answer:
    """Documents, as extended JSON."""
    from mmsconsole.operations.openings import Question

    shell: Shell = context.obj
    question = Question(namespace, filter_, sort, fields, limit=limit)
    return Answer(shell.operations().find_opened(id_, question))


@command(app, examples=("mmsconsole query extend 0f3a --hours 8",))
def extend(context: typer.Context, id_: Id, hours: Hours) -> Answer:
    """Keep it open so long from now on."""
    shell: Shell = context.obj
    return Answer(shell.operations().extend_opening(id_, hours))


@command(app)
def close(context: typer.Context, id_: Id) -> Answer:
    """End its mongod and remove its files."""
    shell: Shell = context.obj
    return Answer(shell.operations().close_opening(id_))
