"""mmsconsole backup …"""

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Name, Wait, command, group
from mmsconsole.cli.shell import Shell

app = group("backup", "Start, stop and watch a deployment's backup.")


@command(app, examples=("mmsconsole backup start shop --wait",))
def start(context: typer.Context, name: Name, wait: Wait = False) -> Answer:
    """Start it, or let it go on. --wait: until the head is in sync."""
    shell: Shell = context.obj
    operations = shell.operations()
    status = operations.start_backup(name)
    if wait:
        from mmsconsole.cli.waiting import in_sync

        status = in_sync(shell, operations, name)
    return Answer(status)


@command(app)
def stop(context: typer.Context, name: Name) -> Answer:
    """Stop it. Everything is kept, and start goes on where the source's oplog allows."""
    shell: Shell = context.obj
    return Answer(shell.operations().stop_backup(name))


@command(app, examples=("mmsconsole backup rebuild shop --wait",))
def rebuild(context: typer.Context, name: Name, wait: Wait = False) -> Answer:
    """Make the head anew from a snapshot and the stored oplog. The source is not read."""
    shell: Shell = context.obj
    operations = shell.operations()
    status = operations.rebuild_head(name)
    if wait:
        from mmsconsole.cli.waiting import in_sync

        status = in_sync(shell, operations, name)
    return Answer(status)


@command(app, examples=("mmsconsole backup validate shop --wait",))
def validate(context: typer.Context, name: Name, wait: Wait = False) -> Answer:
    """Have every block and every index of the head's files checked."""
    shell: Shell = context.obj
    operations = shell.operations()
    job = operations.validate_head(name)
    if wait:
        from mmsconsole.cli.waiting import job_done

        job = job_done(shell, operations, job)
    return Answer(job)


@command(app, examples=("mmsconsole backup verify shop --wait",))
def verify(context: typer.Context, name: Name, wait: Wait = False) -> Answer:
    """Restore a moment at random, and compare it with the head's."""
    shell: Shell = context.obj
    operations = shell.operations()
    job = operations.verify_moment(name)
    if wait:
        from mmsconsole.cli.waiting import job_done

        job = job_done(shell, operations, job)
    return Answer(job)


@command(app)
def status(context: typer.Context, name: Name) -> Answer:
    """State, head, lag, window and progress."""
    shell: Shell = context.obj
    return Answer(shell.operations().backup_status(name))
