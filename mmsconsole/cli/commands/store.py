"""mmsconsole store …"""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.options import Wait, Yes, command, group
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

app = group("store", "The places where backups are kept.")

StoreName = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the settings; [storage] is called default.")
]
NewKeyFile = Annotated[
    Path | None,
    typer.Option("--new-key-file", metavar="FILE", help="It holds the new master key."),
]
NewKeyCommand = Annotated[
    str | None,
    typer.Option(
        "--new-key-command",
        metavar="COMMAND",
        help="A program and its arguments, that prints it. No shell runs it.",
    ),
]
NewDataKey = Annotated[
    bool,
    typer.Option("--new-data-key", help="Encrypt objects with another key from now on."),
]
DropOld = Annotated[
    bool,
    typer.Option("--drop-old", help="Only the settings' master key is to open it any more."),
]


OptionalStore = Annotated[
    str, typer.Argument(metavar="NAME", help="Of the settings; [storage] is called default.")
]
Url = Annotated[
    str,
    typer.Argument(
        metavar="URL", help="A folder, s3://, gs://, az:// or mongodb://; -: a line of stdin."
    ),
]
List = Annotated[bool, typer.Option("--list", help="Only say what the store holds.")]
OfDeployment = Annotated[
    str | None, typer.Option("--deployment", metavar="NAME", help="As --list tells it.")
]
OfSnapshot = Annotated[
    str | None, typer.Option("--snapshot", metavar="ID", help="The snapshot as it is.")
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="POINT",
        help="RFC 3339 time with its zone, SECONDS:INCREMENT, or latest (if nothing is said).",
    ),
]
ToFolder = Annotated[
    Path | None, typer.Option("--to-folder", metavar="DIR", help="Empty, or not there yet.")
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", metavar="FILE", help="The master key of the store.")
]


@command(
    app,
    examples=(
        "mmsconsole store rebuild --wait",
        "mmsconsole store rebuild offsite --wait",
    ),
)
def rebuild(context: typer.Context, name: OptionalStore = "default", wait: Wait = False) -> Answer:
    """Make lost metadata anew from a store.

    Deployments, snapshots, policies, holds and the stored oplog come back; backups are stopped
    until they are started again.
    """
    shell: Shell = context.obj
    operations = shell.operations()
    started = operations.rebuild_store(name)
    if not wait:
        return Answer(started)
    from mmsconsole.cli.waiting import job_done

    return Answer(operations.store_rebuild(job_done(shell, operations, started.job).id))


@command(
    app,
    examples=(
        "mmsconsole store restore /backup --list",
        "mmsconsole store restore /b --deployment shop --snapshot ID --to-folder r",
        "mmsconsole store restore /backup --deployment shop --at latest --to-folder r",
    ),
)
def restore(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    url: Url,
    list_: List = False,
    deployment: OfDeployment = None,
    snapshot: OfSnapshot = None,
    at: At = None,
    to_folder: ToFolder = None,
    key_file: KeyFile = None,
) -> Answer:
    """Restore from a store alone.

    This program, the store and its key are all that is needed: no engine, no home. Nothing is
    changed in the store.
    """
    from mmsconsole.cli.store_alone import StoreArguments, list_store, restore_from_store
    from mmsconsole.operations.store_restore import StoreWish

    shell: Shell = context.obj
    arguments = StoreArguments(url, key_file)
    chosen = (deployment, snapshot, at, to_folder)
    if list_:
        if any(one is not None for one in chosen):
            raise UsageError("--list goes by itself, or with --key-file")
        return Answer(list_store(shell, arguments))
    if deployment is None or to_folder is None or (snapshot is not None and at is not None):
        hint = "--deployment NAME --to-folder DIR, and --snapshot ID or --at POINT; or --list"
        raise UsageError("it is not said what to restore, and where to", hint=hint)
    wish = StoreWish(deployment, to_folder, snapshot, at)
    return Answer(restore_from_store(shell, arguments, wish))


@command(
    app,
    "rotate-key",
    examples=(
        "mmsconsole store rotate-key default --new-key-file /etc/mms/new.key",
        "mmsconsole store rotate-key default --drop-old --yes",
    ),
)
def rotate_key(
    context: typer.Context,
    name: StoreName,
    new_key_file: NewKeyFile = None,
    new_key_command: NewKeyCommand = None,
    new_data_key: NewDataKey = False,
    drop_old: DropOld = False,
    yes: Yes = False,
) -> Answer:
    """Change the master key of an encrypted store. No data is rewritten.

    First with a new key: then both open the store. Then name the new one in the settings, start
    the engine again, and close the store to the old one with --drop-old.
    """
    shell: Shell = context.obj
    asked_for_new = bool(new_key_file or new_key_command or new_data_key)
    if drop_old and asked_for_new:
        raise UsageError("--drop-old comes after the settings name the new key, by itself")
    operations = shell.operations()
    if drop_old:
        shell.confirm(f"close the store {name} to all other master keys?", yes=yes)
        return Answer(operations.drop_old_keys(name))
    return Answer(
        operations.rotate_key(
            name,
            new_key_file=new_key_file,
            new_key_command=tuple(shlex.split(new_key_command or "")),
            new_data_key=new_data_key,
        )
    )
