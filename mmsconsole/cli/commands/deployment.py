"""mmsconsole deployment …"""

from pathlib import Path
from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.credentials import UriArguments, read_uri
from mmsconsole.cli.options import (
    BlockKib,
    IntervalMinutes,
    Name,
    SyncFrom,
    SyncMbPerSecond,
    TailFrom,
    Yes,
    ZstdLevel,
    command,
    group,
)
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

app = group("deployment", "The replica sets that are backed up, and what is monitored.")

Uri = Annotated[
    str | None,
    typer.Argument(
        metavar="URI",
        help="It begins with mongodb://; '-': a line of stdin. A password is asked for if it "
        "lacks one.",
    ),
]
UriFile = Annotated[
    Path | None,
    typer.Option("--uri-file", metavar="FILE", help="Its first line is the connection string."),
]
PasswordFile = Annotated[
    str | None,
    typer.Option(
        "--password-file", metavar="FILE", help="Its first line is the password; '-': stdin."
    ),
]
Store = Annotated[
    str | None,
    typer.Option("--store", metavar="STORE", help="Where its backup is kept; chosen once."),
]
CopyTo = Annotated[
    str | None,
    typer.Option("--copy-to", metavar="STORE", help="A second store for a copy; none: no copy."),
]
Monitored = Annotated[
    bool | None,
    typer.Option(
        "--monitored/--no-monitored", help="Whether its members are asked how they are.",
        show_default=False,
    ),
]  # fmt: skip
OnlyMonitored = Annotated[
    bool,
    typer.Option("--only-monitored", help="Its user needs clusterMonitor alone, no backup rights."),
]
NewName = Annotated[str | None, typer.Option("--new-name", metavar="NAME", help="Rename it.")]


@command(
    app,
    examples=(
        "mmsconsole deployment add shop 'mongodb://backup@db1,db2/?replicaSet=rs0'",
        "mmsconsole deployment add shop --uri-file /root/shop.uri",
        "pass show mongodb/shop | mmsconsole deployment add shop -",
    ),
)
def add(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    name: Name,
    uri: Uri = None,
    uri_file: UriFile = None,
    password_file: PasswordFile = None,
    snapshot_interval_minutes: IntervalMinutes = None,
    sync_from: SyncFrom = None,
    tail_from: TailFrom = None,
    sync_mb_per_second: SyncMbPerSecond = None,
    block_kib: BlockKib = None,
    zstd_level: ZstdLevel = None,
    store: Store = None,
    copy_to: CopyTo = None,
    monitored: Monitored = None,
    only_monitored: OnlyMonitored = False,
) -> Answer:
    """Add a replica set, or a standalone, which can only be monitored.

    A backup is started by: backup start NAME.
    """
    shell: Shell = context.obj
    operations = shell.operations()
    source = read_uri(shell, UriArguments(uri, uri_file, password_file))
    if source is None:
        raise UsageError("no connection string", hint="give a URI, --uri-file FILE, or -")
    return Answer(
        operations.add_deployment(
            name,
            source,
            snapshot_interval_minutes=snapshot_interval_minutes,
            sync_from=sync_from,
            tail_from=tail_from,
            sync_mb_per_second=sync_mb_per_second,
            block_kib=block_kib,
            zstd_level=zstd_level,
            store=store,
            copy_to=copy_to,
            monitored=monitored,
            only_monitored=only_monitored,
        )
    )


@command(
    app,
    examples=(
        "mmsconsole deployment edit shop --snapshot-interval-minutes 60",
        "mmsconsole deployment edit shop --sync-mb-per-second 40",
        "mmsconsole deployment edit shop --new-name store",
        "mmsconsole deployment edit shop --copy-to offsite",
        "mmsconsole deployment edit shop --no-monitored",
    ),
)
def edit(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    name: Name,
    uri: Uri = None,
    uri_file: UriFile = None,
    password_file: PasswordFile = None,
    new_name: NewName = None,
    snapshot_interval_minutes: IntervalMinutes = None,
    sync_from: SyncFrom = None,
    tail_from: TailFrom = None,
    sync_mb_per_second: SyncMbPerSecond = None,
    store: Store = None,
    copy_to: CopyTo = None,
    monitored: Monitored = None,
    only_monitored: OnlyMonitored = False,
) -> Answer:
    """Change what is given. Snapshots and stored oplog stay."""
    shell: Shell = context.obj
    operations = shell.operations()
    source = read_uri(shell, UriArguments(uri, uri_file, password_file))
    return Answer(
        operations.edit_deployment(
            name,
            new_name=new_name,
            uri=source,
            snapshot_interval_minutes=snapshot_interval_minutes,
            sync_from=sync_from,
            tail_from=tail_from,
            sync_mb_per_second=sync_mb_per_second,
            store=store,
            copy_to=copy_to,
            monitored=monitored,
            only_monitored=only_monitored,
        )
    )


@command(app, "list")
def list_(context: typer.Context) -> Answer:
    """Every deployment, and how its backup is."""
    shell: Shell = context.obj
    return Answer(
        shell.operations().deployments(),
        empty="no deployments yet; add one: mmsconsole deployment add NAME URI",
    )


@command(app)
def show(context: typer.Context, name: Name) -> Answer:
    """One deployment."""
    shell: Shell = context.obj
    return Answer(shell.operations().deployment(name))


@command(app)
def remove(context: typer.Context, name: Name, yes: Yes = False) -> Answer:
    """Remove a deployment and everything kept for it. The source is not touched."""
    from mmsconsole.console.present.words import plural, size

    shell: Shell = context.obj
    operations = shell.operations()
    found = operations.removal(name)
    restores = f", cancels {plural(found.restores_open, 'restore')}" if found.restores_open else ""
    shell.tell(
        f"this deletes {plural(len(found.heads), 'head')}, "
        f"{plural(found.snapshots, 'snapshot')} ({size(found.snapshot_bytes)}) and "
        f"{size(found.chunk_bytes)} of stored oplog{restores}"
    )
    shell.confirm(f"remove {name}?", yes=yes)
    return Answer(operations.remove_deployment(name, cancel_restores=yes))
