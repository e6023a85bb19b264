"""mmsconsole oplog NAME"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Name
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

if TYPE_CHECKING:
    from mmsconsole.operations.operations import Operations
    from mmsconsole.operations.oplog_views import OplogRow
    from mmsconsole.oplog.filters import Filter
    from mmsconsole.task import Task

LIMIT, STRETCHES, DROPS = 100, 60, 20
EXAMPLES = (
    "mmsconsole oplog shop --ns app.orders --op delete",
    "mmsconsole oplog shop --drops",
    "mmsconsole oplog shop --rate --from '2h ago'",
    "mmsconsole oplog shop --from 1795177128:4 --filter 'status=paid'",
    "mmsconsole restore start shop --at before:1795177128:4 --to-folder /srv/r",
)

First = Annotated[str, typer.Option("--from", metavar="POINT", help="First moment; else the end.")]
Last = Annotated[str, typer.Option("--to", metavar="POINT", help="The last moment, included.")]
Ns = Annotated[
    list[str] | None,
    typer.Option("--ns", metavar="NS", help="db, db.collection, or with * for anything."),
]
Op = Annotated[
    list[str] | None,
    typer.Option(
        "--op",
        metavar="KIND",
        help="insert, update, delete, command, destructive, or a command's name, as drop.",
    ),
]
Identity = Annotated[
    str, typer.Option("--id", metavar="ID", help="The document's _id; extended JSON as well.")
]
Touched = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="PATH", help="A field that is inserted or changed."),
]
Free = Annotated[
    str,
    typer.Option(
        "--filter", metavar="TERMS", help="All of these in one: 'ns=app.a op=d status=paid'."
    ),
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, max=10_000, help="Not more than these.")
]
Reverse = Annotated[bool, typer.Option("--reverse", help="The newest first.")]
Drops = Annotated[
    bool, typer.Option("--drops", help="Only drops and deletes of many, the newest first.")
]
Rate = Annotated[bool, typer.Option("--rate", help="Operations per second instead of entries.")]
Whole = Annotated[
    str, typer.Option("--entry", metavar="OPTIME", help="One entry, SECONDS:INCREMENT, whole.")
]


def oplog(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    name: Name,
    first: First = "",
    last: Last = "",
    ns: Ns = None,
    op: Op = None,
    id_: Identity = "",
    field: Touched = None,
    filter_: Free = "",
    limit: Limit = None,
    reverse: Reverse = False,
    drops: Drops = False,
    rate: Rate = False,
    entry: Whole = "",
) -> Answer:
    """Look through the stored oplog, and find what took data away.

    POINT is a time with its zone, SECONDS:INCREMENT, before:SECONDS:INCREMENT, '2h ago', or latest;
    it is included. Without --from the last entries are shown, in their order.
    """
    from mmsconsole.cli.telling import at_work
    from mmsconsole.oplog.filters import made

    shell: Shell = context.obj
    if sum((drops, rate, bool(entry))) > 1:
        raise UsageError("--drops, --rate and --entry are different questions", hint="ask one")
    wanted = made(ns=ns or (), op=op or (), id_=id_, field=field or (), filter_=filter_)
    asked = _Asked(name, first, last, wanted, limit, reverse)
    operations = shell.operations()
    if entry:
        return _entry(operations, name, entry)
    with at_work(shell) as (telling, task):
        if drops:
            return _destroyed(operations, asked, telling.say, task)
        if rate:
            count = limit or STRETCHES
            return Answer(
                operations.oplog_rate(name, count=count, first=first, last=last, task=task)
            )
        return Answer(_rows(operations, asked, task), empty="there is no such entry")


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    first: str
    last: str
    wanted: "Filter"
    limit: int | None
    reverse: bool


def _rows(operations: "Operations", asked: _Asked, task: "Task") -> list["OplogRow"]:
    """Without a beginning they are looked for from the end, and shown in their order."""
    from mmsconsole.operations.oplog_views import OplogQuery

    backwards = asked.reverse or not asked.first
    query = OplogQuery(
        newest_first=backwards, wanted=asked.wanted, limit=asked.limit or LIMIT
    )  # fmt: skip
    page = operations.oplog(asked.name, query, first=asked.first, last=asked.last, task=task)
    return list(reversed(page.rows) if backwards and not asked.reverse else page.rows)


def _destroyed(
    operations: "Operations", asked: _Asked, say: Callable[[str], None], task: "Task"
) -> Answer:
    search = operations.oplog_search(
        asked.name, last=asked.last, limit=asked.limit or DROPS, task=task
    )  # fmt: skip
    for row in search.damaged:
        say(f"not looked into, between {row.optime} and {row.until}: {row.change}")
    return Answer(list(search.found), empty="nothing was dropped, and nowhere was much deleted")


def _entry(operations: "Operations", name: str, entry: str) -> Answer:
    from mmsconsole.operations.points import Position, parse_point

    point = parse_point(entry)
    if not isinstance(point, Position):
        raise UsageError("an entry is named by SECONDS:INCREMENT", where=entry)
    return Answer(operations.oplog_entry(name, point.end))
