"""mmsconsole snapshot …"""

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Id, Name, Wait, Yes, command, group
from mmsconsole.cli.shell import Shell

app = group("snapshot", "Take, list and delete snapshots.")


@command(app, examples=("mmsconsole snapshot take shop --wait",))
def take(context: typer.Context, name: Name, wait: Wait = False) -> Answer:
    """Take one. It queues behind one that runs."""
    shell: Shell = context.obj
    operations = shell.operations()
    snapshot = operations.take_snapshot(name)
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


@command(app)
def delete(context: typer.Context, id_: Id, yes: Yes = False) -> Answer:
    """Delete one; the answer is what it was."""
    from mmsconsole.cli.words import position

    shell: Shell = context.obj
    operations = shell.operations()
    snapshot = operations.snapshot(id_)
    others = [
        other
        for other in operations.snapshots(snapshot.deployment)
        if other.state == "complete" and other.id != id_
    ]
    if snapshot.state == "complete" and not others:
        shell.tell(f"it is the only complete snapshot of {snapshot.deployment}: without it "
                   "nothing can be restored")  # fmt: skip
    shell.confirm(
        f"delete the snapshot {id_} of {snapshot.deployment} at {position(snapshot.optime)}?",
        yes=yes,
    )
    return Answer(operations.delete_snapshot(id_))
