"""mmsconsole alert-rule …"""

from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.alert import For, Note, Until
from mmsconsole.cli.options import OptionalName, command, group
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError
from mmsconsole.operations.amounts import read_until

app = group("alert-rule", "When an alert opens, and who is told.")

Condition = Annotated[
    str, typer.Argument(metavar="CONDITION", help="As list tells it: 'replication lag' …")
]
OfDeployment = Annotated[
    str | None,
    typer.Option("--deployment", metavar="NAME", help="Of this one alone; else of all."),
]
Metric = Annotated[
    str,
    typer.Option(
        "--metric", metavar="NAME",
        help="With the condition 'above' or 'below': of this metric. See: metrics --list.",
    ),
]  # fmt: skip
Threshold = Annotated[
    str | None,
    typer.Option("--threshold", metavar="LIMIT", help="With its unit: '10 min', '20 %', '5 GB'."),
]
Delay = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="So long it must be wrong first: '5 min', '0 s'."),
]
Clear = Annotated[
    str | None,
    typer.Option("--clear", metavar="LIMIT", help="An open alert closes only here, as '5 min'."),
]
ClearFor = Annotated[
    str | None,
    typer.Option("--clear-for", metavar="TIME", help="So long it must be well to close: '1 min'."),
]
Severity = Annotated[
    str | None, typer.Option("--severity", metavar="HOW", help="info, warning or error.")
]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", metavar="NAME", help="Told by this one; repeatable; or all."),
]
Renotify = Annotated[
    str | None,
    typer.Option(
        "--renotify", metavar="TIME", help="Told again after '1 h', then 2 h …; or never."
    ),
]
Enabled = Annotated[
    bool | None, typer.Option("--enabled/--disabled", help="Whether it is looked at.")
]


@command(
    app, "list", examples=("mmsconsole alert-rule list", "mmsconsole alert-rule list shop --json")
)
def list_(context: typer.Context, name: OptionalName = None) -> Answer:
    """What holds, and who decided it."""
    shell: Shell = context.obj
    return Answer(shell.operations().alert_rules(name), empty="no rules")


@command(
    app,
    "set",
    examples=(
        "mmsconsole alert-rule set 'replication lag' --threshold 10m --for 5m",
        "mmsconsole alert-rule set 'replication lag' --clear 2m --clear-for 1m",
        "mmsconsole alert-rule set 'oplog window' --deployment shop --threshold 24h",
        "mmsconsole alert-rule set above --metric queue_total --threshold 50",
        "mmsconsole alert-rule set 'new primary' --disabled",
        "mmsconsole alert-rule set 'host down' --channel pager --renotify 1h",
    ),
)
def set_(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    condition: Condition,
    deployment: OfDeployment = None,
    metric: Metric = "",
    threshold: Threshold = None,
    delay: Delay = None,
    clear: Clear = None,
    clear_for: ClearFor = None,
    severity: Severity = None,
    channels: Channels = None,
    renotify: Renotify = None,
    enabled: Enabled = None,
) -> Answer:
    """Change a rule; what is not named stays as it is."""
    shell: Shell = context.obj
    from mmsconsole.operations.alert_views import RuleWish

    by = None if channels is None else tuple(channels)
    wish = RuleWish(threshold, delay, severity, by, renotify, enabled, clear, clear_for)
    operations = shell.operations()
    return Answer(operations.set_alert_rule(condition, wish, name=deployment, metric=metric))


@command(
    app,
    examples=(
        "mmsconsole alert-rule mute 'host down' --for 2h --note 'new network'",
        "mmsconsole alert-rule mute 'snapshot late' --deployment shop --for 3d",
    ),
)
def mute(
    context: typer.Context,
    condition: Condition,
    deployment: OfDeployment = None,
    metric: Metric = "",
    until: Until = None,
    for_: For = None,
    note: Note = "",
) -> Answer:
    """Its alerts are shown, and nobody is told, until then."""
    shell: Shell = context.obj
    said = until or for_
    if said is None or (until is not None and for_ is not None):
        raise UsageError("it has to end, once", hint="--until TIME, or --for TIME")
    end = read_until(said, shell.clock.now())
    operations = shell.operations()
    return Answer(operations.mute_alert_rule(condition, end, note, name=deployment, metric=metric))


@command(app, examples=("mmsconsole alert-rule unmute 'host down'",))
def unmute(
    context: typer.Context, condition: Condition, deployment: OfDeployment = None,
    metric: Metric = "",
) -> Answer:  # fmt: skip
    """People are told of it again."""
    shell: Shell = context.obj
    operations = shell.operations()
    return Answer(operations.unmute_alert_rule(condition, name=deployment, metric=metric))


@command(
    app,
    examples=(
        "mmsconsole alert-rule reset 'replication lag' --deployment shop",
        "mmsconsole alert-rule reset above --metric queue_total",
    ),
)
def reset(
    context: typer.Context, condition: Condition, deployment: OfDeployment = None,
    metric: Metric = "",
) -> Answer:  # fmt: skip
    """As it is by default.

    Of a deployment what the group says, of the group the defaults.
    """
    shell: Shell = context.obj
    operations = shell.operations()
    found = operations.reset_alert_rule(condition, name=deployment, metric=metric)
    return Answer({"removed": metric} if found is None else found)
