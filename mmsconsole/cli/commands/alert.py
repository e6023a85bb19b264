"""mmsconsole alert …"""

from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.options import Id, OptionalName, command, group
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError
from mmsconsole.operations.amounts import read_until

if TYPE_CHECKING:
    from mmsconsole.operations.alert_views import WatchView

app = group("alert", "What is wrong, and how people are told.")

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="As list and --json tell them.")]
EveryAlert = Annotated[bool, typer.Option("--all", help="Those that are closed, too.")]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="2027-01-31T18:00:00Z, or 2 h."),
]
For = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help="For so long: 30 min, 2 h, 3 days.")
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="For the others; one line.")]
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="Of [notify.CHANNEL].")]
Limit = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="Not more than these.")
]


@command(
    app,
    "list",
    examples=("mmsconsole alert list", "mmsconsole alert list shop --all --json"),
)
def list_(context: typer.Context, name: OptionalName = None, every: EveryAlert = False) -> Answer:
    """The open ones first, by severity, the newest first."""
    shell: Shell = context.obj
    operations = shell.operations()
    found = operations.alerts(name, all=every)
    watch = operations.alert_watch(name)
    _warn(shell, watch)
    from mmsconsole.console.present.alerts import counted

    return Answer(found, empty=f"no alerts: {counted(watch)}")


@command(app, examples=("mmsconsole alert show 4b7a10c2e9d1",))
def show(context: typer.Context, id_: Id) -> Answer:
    """One alert, its history, and who was told."""
    shell: Shell = context.obj
    return Answer(shell.operations().alert(id_))


@command(
    app,
    examples=(
        "mmsconsole alert ack 4b7a10c2e9d1 --for 2h --note 'ben looks at it'",
        "mmsconsole alert ack 4b7a10c2e9d1 90cf23ab1d04 --until 3d",
        "mmsconsole alert ack 4b7a10c2e9d1",
    ),
)
def ack(
    context: typer.Context, ids: Ids, until: Until = None, for_: For = None, note: Note = ""
) -> Answer:
    """Acknowledge them: nobody is told again until then.

    Without a time: until they close.
    """
    shell: Shell = context.obj
    if until is not None and for_ is not None:
        raise UsageError("it ends once", hint="--until TIME, or --for TIME")
    said = until or for_
    end = None if said is None else read_until(said, shell.clock.now())
    operations = shell.operations()
    return Answer([operations.acknowledge_alert(id_, end, note) for id_ in ids])


@command(app, examples=("mmsconsole alert unack 4b7a10c2e9d1",))
def unack(context: typer.Context, ids: Ids) -> Answer:
    """Acknowledged no longer: people are told again."""
    shell: Shell = context.obj
    operations = shell.operations()
    return Answer([operations.unacknowledge_alert(id_) for id_ in ids])


@command(app)
def channels(context: typer.Context) -> Answer:
    """How people are told, and by which it worked."""
    shell: Shell = context.obj
    empty = "no channels: nobody is told of an alert; each is a section [notify.NAME]"
    operations = shell.operations()
    found = operations.channels()
    if found:
        _warn(shell, operations.alert_watch())
    return Answer(found, empty=empty)


@command(app, examples=("mmsconsole alert test mail", "mmsconsole alert test mail --json"))
def test(context: typer.Context, channel: Channel) -> Answer:
    """Send a message by one channel, at once.

    Exit code 1: it did not go through; the answer says why.
    """
    shell: Shell = context.obj
    operations = shell.operations()
    found = operations.test_channel(channel)
    _warn(shell, operations.alert_watch())
    code = ExitCode.DONE if found.state == "sent" else ExitCode.FAILED
    return Answer(found, exit_code=code)


@command(app, examples=("mmsconsole alert sent", "mmsconsole alert sent --limit 500 --json"))
def sent(context: typer.Context, limit: Limit = 100) -> Answer:
    """What people were told, and what failed."""
    shell: Shell = context.obj
    return Answer(shell.operations().notifications(limit), empty="nobody was told anything yet")


def _warn(shell: Shell, watch: "WatchView") -> None:
    """Why an alert may reach nobody."""
    for warning in watch.warnings:
        shell.tell(f"warning: {warning}")
