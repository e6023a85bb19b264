"""mmsconsole policy …"""

from typing import Annotated, Any

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Yes, command, group
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

app = group("policy", "When snapshots are taken, and how long they are kept.")

OptionalName = Annotated[str | None, typer.Argument(metavar="NAME", help="Name of the deployment.")]
OfGroup = Annotated[
    bool, typer.Option("--group", help="What all deployments inherit, in place of one.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be kept and deleted; change nothing.")
]
Inherit = Annotated[
    list[str] | None,
    typer.Option("--inherit", metavar="KEY", help="Take this key from above again; repeatable."),
]


Interval = Annotated[
    int | None,
    typer.Option(
        "--interval-minutes",
        metavar="N",
        help="Between snapshots: 360, 480, 720, 1440, or less that divides a day.",
    ),
]
ReferenceHour = Annotated[
    int | None,
    typer.Option("--reference-hour", metavar="N", help="Hour of a due time of every day."),
]
ReferenceMinute = Annotated[
    int | None, typer.Option("--reference-minute", metavar="N", help="Its minute.")
]
BaseDays = Annotated[
    int | None, typer.Option("--base-days", metavar="N", help="Days that every snapshot is kept.")
]
Daily = Annotated[
    int | None,
    typer.Option(
        "--daily", metavar="N", help="Days that the first one of each day is kept; 0: none."
    ),
]
Weekly = Annotated[
    int | None,
    typer.Option("--weekly", metavar="N", help="Weeks that the first one of each week is kept."),
]
Monthly = Annotated[
    int | None,
    typer.Option("--monthly", metavar="N", help="Months that the first one of each month is kept."),
]
Yearly = Annotated[
    int | None,
    typer.Option("--yearly", metavar="N", help="Years that the first one of each year is kept."),
]
OplogHours = Annotated[
    int | None,
    typer.Option("--oplog-hours", metavar="N", help="Hours in which any moment can be restored."),
]
FullReadDays = Annotated[
    int | None,
    typer.Option(
        "--full-read-days", metavar="N", help="Days between snapshots that read all files."
    ),
]
Zone = Annotated[
    str | None, typer.Option("--zone", metavar="ZONE", help="Time zone, as Europe/Berlin or UTC.")
]
VerifyWhich = Annotated[
    str | None, typer.Option("--verify", metavar="WHICH", help="every, daily, weekly or never.")
]


@command(app, examples=("mmsconsole policy show shop", "mmsconsole policy show --group"))
def show(context: typer.Context, name: OptionalName = None, of_group: OfGroup = False) -> Answer:
    """What holds for a deployment or the group, and who decided it."""
    shell: Shell = context.obj
    return Answer(shell.operations().policy(_subject(name, of_group)))


@command(
    app,
    "set",
    examples=(
        "mmsconsole policy set shop --daily 30 --weekly 8 --dry-run",
        "mmsconsole policy set shop --interval-minutes 60 --zone Europe/Berlin",
        "mmsconsole policy set shop --inherit daily --inherit weekly",
        "mmsconsole policy set --group --oplog-hours 72",
    ),
)
def set_(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    name: OptionalName = None,
    of_group: OfGroup = False,
    interval_minutes: Interval = None,
    reference_hour: ReferenceHour = None,
    reference_minute: ReferenceMinute = None,
    zone: Zone = None,
    base_days: BaseDays = None,
    daily: Daily = None,
    weekly: Weekly = None,
    monthly: Monthly = None,
    yearly: Yearly = None,
    oplog_hours: OplogHours = None,
    verify: VerifyWhich = None,
    full_read_days: FullReadDays = None,
    inherit: Inherit = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> Answer:
    """Change it. What would be deleted is shown first, and wants a yes."""
    chosen = {
        "interval_minutes": interval_minutes, "reference_hour": reference_hour,
        "reference_minute": reference_minute, "zone": zone, "base_days": base_days,
        "daily": daily, "weekly": weekly, "monthly": monthly, "yearly": yearly,
        "oplog_hours": oplog_hours, "verify": verify, "full_read_days": full_read_days,
    }  # fmt: skip
    changes: dict[str, Any] = {key: value for key, value in chosen.items() if value is not None}
    for key in (one.replace("-", "_") for one in inherit or ()):  # as the options are written
        if key in changes:
            raise UsageError("it can not be set and inherited at once", where=f"--inherit {key}")
        changes[key] = None
    return _change(context.obj, _subject(name, of_group), changes, dry_run=dry_run, yes=yes)


def _change(
    shell: Shell, name: str | None, changes: dict[str, Any], *, dry_run: bool, yes: bool
) -> Answer:
    from mmsconsole.console.present.policy import losses, subject

    operations = shell.operations()
    preview = operations.preview_policy(name, changes)
    if dry_run:
        return Answer(preview)
    for line in losses(preview):
        shell.tell(f"this deletes {line}")
    if preview.deletes:
        shell.confirm(
            f"change the policy of {subject(preview.view)} and delete {preview.what_goes}?",
            yes=yes,
        )
    return Answer(operations.set_policy(name, changes, confirmed=preview.deletes))


def _subject(name: str | None, of_group: bool) -> str | None:
    """The deployment's name; None: the group."""
    if (name is None) == of_group:
        return name
    what = "no deployment is named" if name is None else "it is of a deployment or of the group"
    raise UsageError(what, hint="give a NAME, or --group")
