"""mmsconsole metrics, health, top, and member …"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.options import Name, command, group, grouped
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

if TYPE_CHECKING:
    from mmsconsole.operations.monitoring_views import SeriesView
    from mmsconsole.operations.operations import Operations

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "metrics": (
        "mmsconsole metrics shop",
        "mmsconsole metrics shop --metric opcounters_query --since 2h",
        "mmsconsole metrics shop --metric replication_lag --since 7d --member db2",
        "mmsconsole metrics shop --metric cache_dirty_percent --since 1d --csv",
        "mmsconsole metrics --list",
    ),
    "health": ("mmsconsole health shop",),
    "top": ("mmsconsole top shop", "mmsconsole top shop --member db1 --watch 10"),
}

app = group("member", "The members of a deployment, as they were last seen.")

Host = Annotated[
    str, typer.Argument(metavar="HOST", help="host:port, the host alone, or how it begins.")
]
OneMember = Annotated[
    str | None, typer.Option("--member", metavar="HOST", help="Of this member only.")
]
Watch = Annotated[
    float | None,
    typer.Option("--watch", metavar="SECONDS", min=1, max=3600, help="Again and again."),
]
NOTHING = "nothing is known of it in that time; without --metric: what these members have"
OfDeployment = Annotated[str | None, typer.Argument(metavar="NAME", help="Name of the deployment.")]
Listed = Annotated[bool, typer.Option("--list", help="Which metrics there are.")]


@command(app, "list", examples=("mmsconsole member list shop",))
def list_(context: typer.Context, name: Name) -> Answer:
    """The primary first, then by name."""
    shell: Shell = context.obj
    operations = shell.operations()
    members = operations.members(name)
    return Answer(members, empty="" if members else operations.health(name).empty)


@command(app, examples=("mmsconsole member show shop db1",))
def show(context: typer.Context, name: Name, host: Host) -> Answer:
    """One member: its state, its machine, and the newest values."""
    shell: Shell = context.obj
    return Answer(shell.operations().member(name, host))


def health(context: typer.Context, name: Name) -> Answer:
    """How the members are; ends with 1 where something is wrong.

    Exit codes: 0 all is well; 1 there is a warning, or nothing is known yet; others as everywhere.
    """
    shell: Shell = context.obj
    found = shell.operations().health(name)
    return Answer(found, exit_code=ExitCode.DONE if found.well else ExitCode.FAILED)


def top(
    context: typer.Context, name: Name, member: OneMember = None, watch: Watch = None
) -> Answer | int:
    """What runs now, and the busiest collections.

    As of the last poll: looking costs the members nothing. --watch: until Ctrl-C.
    """
    shell: Shell = context.obj
    operations = shell.operations()
    if watch is None:
        return Answer(operations.operations_now(name, member))
    if shell.as_json:
        raise UsageError("--watch is for people", hint="with --json, ask again and again")
    from mmsconsole.cli.watching import watched

    return watched(shell, lambda: Answer(operations.operations_now(name, member)), watch)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of the metrics is wanted."""

    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="METRIC", help="Over time; may be said several times."),
    ] = None
    member: OneMember = None
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="2h, 7d, or a time; else the last hour.")
    ] = ""
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="The same; else now.")] = ""
    points: Annotated[
        int | None,
        typer.Option("--points", metavar="N", min=2, max=5000, help="Not more of each member."),
    ] = None
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, with a line of names.")] = (
        False
    )


@grouped(chosen=Chosen)
def metrics(
    context: typer.Context, name: OfDeployment = None, list_: Listed = False, *, chosen: Chosen
) -> Answer:
    """The newest values of the members, or metrics over time.

    A point is a poll, a minute or an hour, as the span and --points ask for. In a terminal series
    are drawn, in a pipe they are listed. Where nothing is known, nothing is drawn.
    """
    shell: Shell = context.obj
    _check(shell, name, chosen, listed=list_)
    if list_ or name is None:
        from mmsconsole.operations.monitoring_door import catalogue

        return Answer(catalogue())  # it is the same with and without an engine
    operations = shell.operations()
    if chosen.metric:
        series = _series(shell, operations, name, chosen)
        nothing = "" if any(one.points for one in series) else operations.health(name).empty
        return _over_time(shell, series, nothing or NOTHING, csv=chosen.csv)
    found = operations.metrics_now(name, chosen.member)
    return _as_csv(Answer(found, empty=_why_empty(operations, name, found)), chosen.csv)


def _check(shell: Shell, name: str | None, chosen: Chosen, *, listed: bool) -> None:
    if chosen.csv and shell.as_json:
        raise UsageError("--csv and --json are two forms of one answer", hint="say one of them")
    if listed and (name or chosen != Chosen()):
        raise UsageError("--list stands alone: the catalogue is the same for all deployments")
    if not listed and name is None:
        raise UsageError("which deployment?", hint="mmsconsole metrics NAME, or --list")
    if not chosen.metric and (chosen.since or chosen.until or chosen.points):
        raise UsageError("over time one metric is shown", hint="say which: --metric METRIC")


def _series(
    shell: Shell, operations: "Operations", name: str, chosen: Chosen
) -> list["SeriesView"]:  # fmt: skip
    from mmsconsole.operations.monitoring_series import POINTS
    from mmsconsole.operations.monitoring_times import moment_before

    now = shell.clock.now()

    def at(text: str) -> datetime | None:
        return moment_before(text, now) if text else None

    return [
        series
        for metric in chosen.metric or ()
        for series in operations.metric_series(
            name, metric, member=chosen.member, since=at(chosen.since), until=at(chosen.until),
            points=chosen.points or POINTS,
        )
    ]  # fmt: skip


def _over_time(
    shell: Shell, found: list["SeriesView"], nothing: str, *, csv: bool
) -> Answer:  # fmt: skip
    from mmsconsole.cli.series import drawn, rows_of

    if shell.as_json:
        return Answer(found)
    if found and shell.stdout.isatty() and not csv:
        return Answer(found, text=drawn(found, shell))
    return _as_csv(Answer(rows_of(found), empty=nothing), csv)


def _as_csv(answer: Answer, csv: bool) -> Answer:
    if not csv:
        return answer
    from mmsconsole.cli.series import csv_of

    return Answer(answer.value, text=csv_of(answer.value))


def _why_empty(operations: "Operations", name: str, found: Sequence[object]) -> str:
    if found:
        return ""
    return operations.health(name).empty or "no member answers now, and older values are not shown"
