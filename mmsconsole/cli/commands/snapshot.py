"""mmsconsole snapshot …"""

from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Id, Name, Wait, Yes, command, group
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

if TYPE_CHECKING:
    from mmsconsole.operations.operations import Operations
    from mmsconsole.operations.views import SnapshotView

app = group("snapshot", "Take, list, hold, expire and delete snapshots.")

KeepDays = Annotated[
    int | None,
    typer.Option("--keep-days", metavar="DAYS", help="Keep it so long, whatever the policy says."),
]
HoldReason = Annotated[
    str, typer.Option("--hold", metavar="REASON", help="Keep it until it is released.")
]
Reason = Annotated[str, typer.Argument(metavar="REASON", help="For who wonders later.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="A day (2027-01-31, in UTC), or a time with its zone."
    ),
]
Never = Annotated[
    str | None,
    typer.Option("--never", metavar="REASON", help="Hold it: the same as snapshot hold."),
]


@command(
    app,
    examples=(
        "mmsconsole snapshot take shop --wait",
        "mmsconsole snapshot take shop --hold 'before the migration'",
        "mmsconsole snapshot take shop --keep-days 400",
    ),
)
def take(
    context: typer.Context,
    name: Name,
    wait: Wait = False,
    keep_days: KeepDays = None,
    hold_reason: HoldReason = "",
) -> Answer:
    """Take one. It queues behind one that runs."""
    shell: Shell = context.obj
    operations = shell.operations()
    snapshot = operations.take_snapshot(name, keep_days=keep_days, hold=hold_reason)
    if wait:
        from mmsconsole.cli.waiting import snapshot_taken

        snapshot = snapshot_taken(shell, operations, snapshot)
    return Answer(snapshot)


@command(app, "list")
def list_(context: typer.Context, name: Name) -> Answer:
    """Oldest first."""
    shell: Shell = context.obj
    return Answer(
        shell.operations().snapshots(name),
        empty=f"no snapshots yet; take one: mmsconsole snapshot take {name}",
    )


@command(app)
def show(context: typer.Context, id_: Id) -> Answer:
    """One snapshot."""
    shell: Shell = context.obj
    return Answer(shell.operations().snapshot(id_))


@command(app, examples=("mmsconsole snapshot hold 5f2c01aa90b1 'audit of 2026'",))
def hold(context: typer.Context, id_: Id, reason: Reason) -> Answer:
    """Keep one until it is released."""
    shell: Shell = context.obj
    return Answer(shell.operations().hold_snapshot(id_, reason))


@command(app)
def release(context: typer.Context, id_: Id) -> Answer:
    """Let one that is held expire again."""
    shell: Shell = context.obj
    return Answer(shell.operations().release_snapshot(id_))


@command(
    app,
    examples=(
        "mmsconsole snapshot expire 5f2c01aa90b1 --at 2027-01-31",
        "mmsconsole snapshot expire 5f2c01aa90b1 --never 'audit of 2026'",
    ),
)
def expire(
    context: typer.Context, id_: Id, at: At = None, never: Never = None, yes: Yes = False
) -> Answer:
    """Give one a date of its own: now, or --at TIME.

    What is needed stays for as long: the last good one, and what the oplog window stands on.
    """
    shell: Shell = context.obj
    if at is not None and never is not None:
        raise UsageError("--at and --never are two different wishes", hint="give one of them")
    operations = shell.operations()
    if never is not None:
        return Answer(operations.hold_snapshot(id_, never))
    if at is None:
        _confirm(shell, operations.snapshot(id_), "let it expire now", yes=yes)
        return Answer(operations.expire_snapshot(id_))
    from mmsconsole.operations.dates import parse_date

    return Answer(operations.expire_snapshot(id_, parse_date(at)))


@command(app, examples=("mmsconsole snapshot verify 5f2c01aa90b1 --wait",))
def verify(context: typer.Context, id_: Id, wait: Wait = False) -> Answer:
    """Restore one for real, and compare it with what the head held."""
    shell: Shell = context.obj
    operations = shell.operations()
    job = operations.verify_snapshot(id_)
    if not wait:
        return Answer(job)
    from mmsconsole.cli.waiting import job_done

    job_done(shell, operations, job)
    return Answer(operations.snapshot(id_))


@command(app)
def delete(context: typer.Context, id_: Id, yes: Yes = False) -> Answer:
    """Delete one; the answer is what it was."""
    shell: Shell = context.obj
    operations = shell.operations()
    snapshot = operations.snapshot(id_)
    if snapshot.state == "complete" and not _others(operations, snapshot):
        shell.tell(f"it is the only complete snapshot of {snapshot.deployment}: without it "
                   "nothing can be restored")  # fmt: skip
    lost = _moments_of(operations, snapshot)
    if lost:
        shell.tell(f"without it {lost} can not be restored any more")
    _confirm(shell, snapshot, "delete it", yes=yes)
    return Answer(operations.delete_snapshot(id_))


def _moments_of(operations: "Operations", snapshot: "SnapshotView") -> str:
    """Which moments are reached from this snapshot alone, in words; empty: none."""
    from mmsconsole.cli.words import position

    windows = operations.backup_status(snapshot.deployment).windows
    window = next((one for one in windows if one.start == snapshot.optime), None)
    if window is None or window.start == window.end:
        return ""
    later = [
        other.optime
        for other in _others(operations, snapshot)
        if other.optime is not None and window.start < other.optime <= window.end
    ]
    until = f"before {position(min(later))}" if later else f"up to {position(window.end)}"
    return f"the moments after {position(window.start)} and {until}"


def _others(operations: "Operations", snapshot: "SnapshotView") -> list["SnapshotView"]:
    """That could be restored in its place."""
    return [
        other
        for other in operations.snapshots(snapshot.deployment)
        if other.state == "complete" and other.id != snapshot.id
    ]


def _confirm(shell: Shell, snapshot: "SnapshotView", what: str, *, yes: bool) -> None:
    from mmsconsole.cli.words import position

    shell.confirm_typed(
        f"snapshot {snapshot.id} of {snapshot.deployment} at {position(snapshot.optime)}: {what}?",
        (snapshot.id, snapshot.deployment),
        yes=yes,
    )
